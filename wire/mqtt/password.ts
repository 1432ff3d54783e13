// The password of a client: given as it is, or in a file that may be replaced while the process runs.
import { readFileSync } from "node:fs";
import { fileVersion } from "../process/file-version.ts";
import type { LinkOptions } from "./port.ts";

/**
 * The file that was read last, as long as it is the same one. A fleet worker's thousand clients share a file, and to
 * read it for each of them makes so much garbage that collecting it takes longer than connecting.
 */
let last: { path: string; version: string | undefined; lines: string } | undefined;

/** Undefined when none was named. Throws when the file cannot be read or holds none for this client. */
export function passwordOf(options: LinkOptions): string | undefined {
  const { passwordPath: path, clientId, username = clientId } = options;
  if (options.password !== undefined || path === undefined) return options.password;
  const lines = linesOf(path);
  const at = lines.indexOf(`\n${username}:`);
  const from = at < 0 ? 0 : at + username.length + 2;
  const end = lines.indexOf("\n", from + 1);
  const password = lines.slice(from, at < 0 || end < 0 ? undefined : end).trim();
  if (password === "" || /[\s:]/.test(password)) throw new Error(`${path} holds no password of ${username}`);
  return password;
}

/** A line break, then the whole file. */
function linesOf(path: string): string {
  const version = fileVersion(path);
  if (version !== undefined && last?.path === path && last.version === version) return last.lines;
  const lines = `\n${readFileSync(path, "utf8")}`;
  last = { path, version, lines };
  return lines;
}
