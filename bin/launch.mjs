// Runs a TypeScript entry of this project on a Node that can: installs the packages when they are missing
// or outdated, then starts the host's own Node when it is 24 or newer, else the pinned one from the lock file.
// Plain JavaScript, so that a Node as old as 18 can run it.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const wantedMajor = 24;

function fail(message) {
  console.error(`ev: ${message}`);
  process.exit(1);
}

/** Makes node_modules match package-lock.json; the stamp is the lock file's hash. */
function installPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".ev-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.error("ev: installing the packages of package-lock.json (once, about half a minute) …");
  const npm = process.env.npm_execpath;
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const run = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ["ignore", 2, 2] })
    : spawnSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (run.status !== 0)
    fail("npm ci failed (its message is above); mend that and run the same command again.");
  linkCommand();
  writeFileSync(stamp, lock);
}

/** `npx ev …` finds the project's own command the way it finds a package's. */
function linkCommand() {
  const bin = join(root, "node_modules", ".bin");
  mkdirSync(bin, { recursive: true });
  rmSync(join(bin, "ev"), { force: true });
  symlinkSync("../../bin/ev.mjs", join(bin, "ev"));
}

/** The host's Node when it is new enough, else the one that the lock file pins for this platform. */
function nodeToUse() {
  if (Number(process.versions.node.split(".")[0]) >= wantedMajor) return process.execPath;
  const pinned = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  if (existsSync(pinned)) return pinned;
  return fail(
    `Node ${process.versions.node} is too old and no pinned Node exists for ${process.platform}-${process.arch}: install Node ${wantedMajor} or newer and run the same command again.`,
  );
}

/** `ev` answers in half the time when its modules need not be stripped of their types and compiled at each run. */
const compiledOnce = { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "ev", "compiled") };

export function launch(entry, args) {
  installPackages();
  const flags = entry.endsWith(".ts") ? ["--disable-warning=ExperimentalWarning"] : [];
  const env = entry.startsWith("simulator/") ? { ...compiledOnce, ...process.env } : process.env;
  const child = spawn(nodeToUse(), [...flags, join(root, entry), ...args], { stdio: "inherit", env });
  // A terminal sends Ctrl-C to the whole group, the child included; a lone signal is handed on.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`cannot start ${entry}: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  const [entry, ...args] = process.argv.slice(2);
  if (!entry) fail("usage: node bin/launch.mjs ENTRY [ARGUMENT …]");
  launch(entry, args);
}
