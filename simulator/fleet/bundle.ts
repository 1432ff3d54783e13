// Bundles the services and the web pages once, so that forty processes load a few files each instead of hundreds: kept
// under node_modules/.cache/ev and used again until a source file changes.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Plugin } from "esbuild";
import * as z from "zod";
import { buildPages } from "../../central-fn/pages/build.ts";
import { isBuildUsed, useBuild } from "./build-users.ts";
import { Complaint } from "./complaint.ts";
import { readFile, writeJson } from "./fleet-files.ts";
import { moveFolder } from "./move-folder.ts";
import { isCode } from "./process-identity.ts";

export interface Bundles {
  dir: string;
  /** The file to run for an entry such as `bridge/bridge-main.ts`. */
  fileOf(entry: string): string;
  /** Folder of the built web pages. */
  pages: string;
  /** True when nothing had to be built. */
  reused: boolean;
}

/** Modified time and size of each source file that went into a build: the build is current while they hold. */
const Manifest = z.object({ dir: z.string(), inputs: z.record(z.string(), z.string()) });

/** CommonJS packages inside an ES module bundle still call `require`, for Node's own modules. */
const banner = `import { createRequire as bundleRequire } from "node:module";
const require = bundleRequire(import.meta.url);`;

/** Stays outside: it finds its native part beside its own file. */
const external = ["@serialport/bindings-cpp"];

const keptBuilds = 4;

/** zod carries its messages in fifty languages into every bundle: 2 MB of memory per process for one that is read. */
const englishOnly: Plugin = {
  name: "english-only",
  setup(build) {
    build.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/** Bundles `entries` (relative to `root`), or finds them bundled. Throws a Complaint that holds esbuild's message. */
export async function bundle(root: string, entries: readonly string[]): Promise<Bundles> {
  const cache = join(root, "node_modules", ".cache", "ev");
  mkdirSync(cache, { recursive: true });
  const wanted = [...new Set(entries)].sort();
  for (const entry of wanted)
    if (!existsSync(join(root, entry))) throw new Complaint(`${entry} is missing: the clone is incomplete`);
  const manifestPath = join(cache, `${hashOf(["pages", banner, ...external, ...wanted])}.json`);
  const pagesIn = (dir: string) => join(dir, "pages");
  const fileIn = (dir: string) => (entry: string) => join(dir, entry.replace(/\.ts$/, ".mjs"));

  const known = existsSync(manifestPath) ? readFile(manifestPath, Manifest) : undefined;
  if (known && isCurrent(root, known.inputs) && useBuild(known.dir))
    return { dir: known.dir, fileOf: fileIn(known.dir), pages: pagesIn(known.dir), reused: true };

  const making = join(cache, `making-${process.pid}`);
  const sources = await build(root, wanted, making);
  const inputs = Object.fromEntries(sources.map((path) => [path, stampOf(join(root, path)) ?? ""]));
  const dir = join(cache, hashOf([banner, ...wanted, ...Object.entries(inputs).flat()]));
  useBuild(making);
  if (!moveFolder(making, dir)) {
    rmSync(making, { recursive: true });
    useBuild(dir);
  }
  writeJson(manifestPath, { dir, inputs });
  try {
    dropOldBuilds(cache, dir);
  } catch (error) {
    // Another process drops the same ones.
    if (!isCode(error, "ENOENT")) throw error;
  }
  return { dir, fileOf: fileIn(dir), pages: pagesIn(dir), reused: false };
}

async function build(root: string, entries: string[], outdir: string): Promise<string[]> {
  const esbuild = await import("esbuild");
  try {
    const built = await esbuild.build({
      absWorkingDir: root,
      entryPoints: entries,
      outbase: root,
      outdir,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node24",
      outExtension: { ".js": ".mjs" },
      banner: { js: banner },
      external,
      plugins: [englishOnly],
      metafile: true,
      logLevel: "silent",
    });
    const pages = await buildPages(root, join(outdir, "pages"));
    return [...new Set([...Object.keys(built.metafile.inputs), ...pages])].sort();
  } catch (error) {
    rmSync(outdir, { recursive: true, force: true });
    const first = error instanceof Error ? error.message : String(error);
    throw new Complaint(`bundling failed: ${first}`);
  } finally {
    await esbuild.stop();
  }
}

function isCurrent(root: string, inputs: Record<string, string>): boolean {
  return Object.entries(inputs).every(([path, stamp]) => stampOf(join(root, path)) === stamp);
}

/** Undefined when the file is gone. */
function stampOf(path: string): string | undefined {
  try {
    const { mtimeMs, size } = statSync(path);
    return `${mtimeMs}:${size}`;
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function hashOf(parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/** Old builds go; the newest few stay, and those from which another fleet still runs. */
function dropOldBuilds(cache: string, current: string): void {
  const builds = readdirSync(cache, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^[0-9a-f]{16}$/.test(entry.name))
    .map((entry) => join(cache, entry.name))
    .map((path) => ({ path, usedMs: statSync(path).mtimeMs }))
    .sort((a, b) => b.usedMs - a.usedMs);
  for (const { path } of builds.slice(keptBuilds))
    if (relative(path, current) !== "" && !isBuildUsed(path)) {
      // Moved first: whoever comes to use it finds it whole or not at all.
      const gone = `${path}-gone-${process.pid}`;
      if (moveFolder(path, gone)) rmSync(gone, { recursive: true });
    }
}

/** The compile cache that the services share: V8 code of the bundles, written at each clean end. */
export function compileCacheOf(root: string): string {
  return join(root, "node_modules", ".cache", "ev", "compiled");
}
