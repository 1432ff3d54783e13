// The file of the local token keys: the first signs, those below only verify until their time is over. One line each,
// for its owner alone; it is replaced as a whole, so a running process may read it again.
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

export interface TokenKey {
  /** At least 32 bytes. */
  bytes: Uint8Array;
  /** Milliseconds UTC after which nothing that it signed counts; null: it signs. */
  untilMs: number | null;
}

/** The keys in that file, the signing one first; made (mode 0600, with its folder) when absent. */
export function loadOrMakeKeys(path: string): TokenKey[] {
  const known = readKeys(path);
  if (known) return known;
  mkdirSync(dirname(path), { recursive: true });
  // Linked into place whole: of two processes that start at once, both end with the same key.
  const fresh = freshFile(path, [{ bytes: randomBytes(32), untilMs: null }]);
  try {
    linkSync(fresh, path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(fresh);
  }
  const made = readKeys(path);
  if (!made) throw new Error(`token key ${path} vanished while it was made`);
  return made;
}

/** The key in that file by which is signed; made with it. */
export function signingKey(path: string): Uint8Array {
  const [key] = loadOrMakeKeys(path);
  if (!key) throw new Error(`${path} holds no key`);
  return key.bytes;
}

/** A new key signs from now on; the one before verifies until `untilMs`, and what is over is left out. */
export function rotateKeys(path: string, untilMs: number, nowMs: number): void {
  const [before, ...older] = loadOrMakeKeys(path);
  const kept = [...(before ? [{ ...before, untilMs }] : []), ...older].map((key) => ({
    ...key,
    untilMs: Math.min(key.untilMs ?? untilMs, untilMs),
  }));
  const keys = [{ bytes: randomBytes(32), untilMs: null }, ...kept.filter((key) => key.untilMs > nowMs)];
  renameSync(freshFile(path, keys), path);
}

function freshFile(path: string, keys: readonly TokenKey[]): string {
  const fresh = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const lines = keys.map(({ bytes, untilMs }) => {
    const hex = Buffer.from(bytes).toString("hex");
    return untilMs === null ? hex : `${hex} until ${new Date(untilMs).toISOString()}`;
  });
  writeFileSync(fresh, `${lines.join("\n")}\n`, { mode: 0o600, flag: "wx", flush: true });
  return fresh;
}

function readKeys(path: string): TokenKey[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  const keys = text.split("\n").map((line, i) => {
    const [, hex, until] = /^([0-9a-f]{64,})(?: until (\S+))?$/.exec(line) ?? [];
    const untilMs = until === undefined ? null : Date.parse(until);
    if (hex === undefined || Number.isNaN(untilMs) || (untilMs === null) !== (i === 0))
      throw new Error(
        `token key ${path} holds no key of 64 hex digits: delete the file (a new one is made, and old tokens end)`,
      );
    return { bytes: Buffer.from(hex, "hex"), untilMs };
  });
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return keys;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
