// A page's files as they were made, held in memory and ready to be sent: read once, compressed once.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

/** What of a request counts here. */
export interface PageRequest {
  /** Without query: "/", "/app/main-….js", "/sw.js". */
  path: string;
  ifNoneMatch?: string | undefined;
  acceptEncoding?: string | undefined;
}

export interface PageAnswer {
  status: 200 | 304;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer> | null;
}

export interface BuiltPage {
  /** Undefined: no such file. */
  answer(request: PageRequest): PageAnswer | undefined;
  /** Every address, "/" first. */
  paths: readonly string[];
}

interface File {
  headers: Record<string, string>;
  plain: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer> | undefined;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".webmanifest": "application/manifest+json",
};
/** The name carries the content's hash: it never means anything else. */
const forEver = "public, max-age=31536000, immutable";

/** Reads `<dir>/<name>/` as `buildPages` wrote it. Throws when it is not there. */
export function readPage(dir: string, name: string): BuiltPage {
  const files = new Map<string, File>([["/", fileOf(join(dir, name, "index.html"), "no-cache")]]);
  for (const file of readdirSync(join(dir, name, "app")))
    files.set(`/app/${file}`, fileOf(join(dir, name, "app", file), forEver));
  if (readdirSync(join(dir, name)).includes("sw.js"))
    files.set("/sw.js", fileOf(join(dir, name, "sw.js"), "no-cache"));
  return {
    paths: [...files.keys()],
    answer({ path, ifNoneMatch, acceptEncoding }) {
      const file = files.get(path);
      if (!file) return undefined;
      const { headers, plain, gzip } = file;
      const known = ifNoneMatch?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === headers.etag);
      if (known) return { status: 304, headers, body: null };
      if (gzip && /\bgzip\b/.test(acceptEncoding ?? ""))
        return { status: 200, headers: { ...headers, "content-encoding": "gzip" }, body: gzip };
      return { status: 200, headers, body: plain };
    },
  };
}

function fileOf(path: string, cacheControl: string): File {
  const plain = new Uint8Array(readFileSync(path));
  const type = types[extname(path)] ?? "application/octet-stream";
  const packed = /^image\/(png|webp|x-icon)/.test(type) ? undefined : gzipSync(plain, { level: 9 });
  return {
    headers: {
      "content-type": type,
      etag: `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`,
      "cache-control": cacheControl,
      vary: "accept-encoding",
      "x-content-type-options": "nosniff",
    },
    plain,
    gzip: packed && packed.byteLength < plain.byteLength ? new Uint8Array(packed) : undefined,
  };
}
