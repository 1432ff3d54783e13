// A Debian package without installing it: fetched with what it needs and this machine lacks, unpacked into the
// cache. Nothing of the system changes, no service starts, no privilege is needed.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Complaint } from "../fleet/complaint.ts";
import { fetchedOnce } from "./cache.ts";
import type { Say } from "./maven.ts";
import { lastLine, runTool, type Tool } from "./tool.ts";

const withinMs = 240_000;

/** The root of the unpacked packages. Throws a Complaint that says what to do when they cannot be had. */
export function unpackedPackage(name: string, say: Say): Promise<string> {
  return fetchedOnce(`${systemName()}-${process.arch}/${name}`, async (fresh) => {
    say(`${name}: fetching the Debian package, once`);
    const tool = {
      cwd: fresh,
      withinMs,
      toInstall: `on a system without apt, install ${name} by its own means`,
    };
    let wanted = await packagesOf(name, tool);
    if (wanted.length === 0) {
      // A fresh system has no list of packages yet.
      await runTool({ ...tool, program: "apt-get", args: ["update", "-qq"] });
      wanted = await packagesOf(name, tool);
    }
    if (wanted.length === 0)
      throw new Complaint(
        `apt-get knows no package ${name}: run \`apt-get update\` as root, then the same command again`,
      );
    const { code, output } = await runTool({
      ...tool,
      program: "apt-get",
      // As root, apt would fetch as a user who may not write here.
      args: ["-o", "APT::Sandbox::User=root", "download", ...wanted],
    });
    if (code !== 0)
      throw new Complaint(
        `${wanted.join(", ")} could not be fetched (${lastLine(output)}): check that apt-get reaches its mirror, or install ${name} yourself, then run the same command again`,
      );
    for (const file of readdirSync(fresh).filter((entry) => entry.endsWith(".deb"))) {
      const unpacked = await runTool({ ...tool, program: "dpkg-deb", args: ["-x", file, "."] });
      if (unpacked.code !== 0)
        throw new Complaint(`${file} cannot be unpacked: ${lastLine(unpacked.output)}`);
      rmSync(join(fresh, file));
    }
  });
}

/** The package and what it needs of others that are not installed, by apt's own reckoning. */
async function packagesOf(name: string, tool: Omit<Tool, "program" | "args">): Promise<string[]> {
  const args = ["--simulate", "--no-install-recommends", "install", name];
  const { output } = await runTool({ ...tool, program: "apt-get", args, env: { LC_ALL: "C" } });
  return [...output.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? "");
}

/** "debian-12": what was unpacked for one release does not run on another. */
function systemName(): string {
  const file = "/etc/os-release";
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const value = (key: string) => new RegExp(`^${key}="?([\\w.-]+)`, "m").exec(text)?.[1] ?? "unknown";
  return `${value("ID")}-${value("VERSION_ID")}`;
}
