// Makes the web pages: each folder here with an index.html becomes static files that a server, a function or a
// content delivery network can hand out as they are.
//
// 1. A file under app/ carries the hash of its content in its name, so that it may be kept for ever; what refers to
//    it is made afterwards.
// 2. Nothing is inline: neither script nor style. Whatever a page needs comes from its own origin.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join, relative } from "node:path";

export const pageNames = ["operator", "driver"] as const;
export type PageName = (typeof pageNames)[number];

/** Where the pages' sources are, in the project's root. */
export const pagesFolder = "central-fn/pages";

/**
 * Writes <outDir>/<page>/ with index.html, app/* and, where the page has a sw.ts, sw.js. Returns the sources' paths
 * relative to `root`. A page without an index.html is left out. Throws esbuild's error when a source does not parse.
 */
export async function buildPages(root: string, outDir: string): Promise<string[]> {
  const there = pageNames.filter((name) => existsSync(join(root, pagesFolder, name, "index.html")));
  const inputs = await Promise.all(there.map((name) => buildPage(root, name, join(outDir, name))));
  // What this file does is part of what it makes.
  return there.length === 0 ? [] : [...inputs.flat(), join(pagesFolder, "build.ts")];
}

async function buildPage(root: string, name: PageName, outDir: string): Promise<string[]> {
  const source = join(root, pagesFolder, name);
  const app = join(outDir, "app");
  mkdirSync(app, { recursive: true });
  const { script, style, inputs } = await bundlePage(root, source);
  const addresses = new Map<string, string>();
  const keep = (file: string, bytes: Uint8Array | string) => {
    const type = extname(file);
    const hash = createHash("sha256").update(bytes).digest("base64url").replaceAll(/[-_]/g, "").slice(0, 10);
    const named = `${file.slice(0, -type.length)}-${hash}${type}`;
    writeFileSync(join(app, named), bytes);
    addresses.set(`./${file}`, `/app/${named}`);
  };
  const given = readdirSync(source).filter((file) => /\.(svg|png|webp|ico)$/.test(file));
  for (const file of given) keep(file, readFileSync(join(source, file)));
  keep("main.js", script);
  keep("main.css", style);
  // A manifest names icons, the page names the manifest.
  const texts = readdirSync(source).filter((file) => file.endsWith(".webmanifest"));
  for (const file of texts) keep(file, withAddresses(readFileSync(join(source, file), "utf8"), addresses));
  const html = withAddresses(readFileSync(join(source, "index.html"), "utf8"), addresses);
  writeFileSync(join(outDir, "index.html"), html);
  const read = [...given, ...texts, "index.html"].map((file) => relative(root, join(source, file)));
  const worker = existsSync(join(source, "sw.ts"))
    ? await bundleWorker(root, join(source, "sw.ts"), outDir, ["/", ...addresses.values()])
    : [];
  return [...read, ...inputs, ...worker];
}

/** `"./main.js"` in quotation marks becomes the address of the file that was made of it. */
function withAddresses(text: string, addresses: ReadonlyMap<string, string>): string {
  return text.replaceAll(/"(\.\/[\w.-]+)"/g, (whole, name: string) => {
    const address = addresses.get(name);
    if (address === undefined) throw new Error(`${name} is named in a page and is not there: ${whole}`);
    return `"${address}"`;
  });
}

const browsers = ["chrome120", "firefox121", "safari17"];
const settings = {
  bundle: true,
  write: false,
  minify: true,
  format: "esm",
  platform: "browser",
  target: browsers,
  jsx: "automatic",
  jsxImportSource: "preact",
  metafile: true,
  legalComments: "none",
  logLevel: "silent",
} as const;

async function bundlePage(root: string, source: string) {
  const { build } = await import("esbuild");
  const built = await build({
    ...settings,
    absWorkingDir: root,
    entryPoints: { main: join(source, "main.tsx") },
    outdir: join(root, "made-in-memory"),
    // One stylesheet, from the files that the scripts import.
    loader: { ".svg": "text" },
  });
  const text = (type: string) => built.outputFiles.find(({ path }) => path.endsWith(type))?.text ?? "";
  return { script: text(".js"), style: text(".css"), inputs: Object.keys(built.metafile.inputs) };
}

/** The service worker keeps its address; `pageFiles` in it are the addresses of the page's files. */
async function bundleWorker(root: string, entry: string, outDir: string, files: string[]): Promise<string[]> {
  const { build } = await import("esbuild");
  const built = await build({
    ...settings,
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: root,
    define: { pageFiles: JSON.stringify(files) },
  });
  writeFileSync(join(outDir, "sw.js"), built.outputFiles[0]?.text ?? "");
  return Object.keys(built.metafile.inputs);
}
