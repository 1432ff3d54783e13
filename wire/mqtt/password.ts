// The password of a client: given as it is, or in a file that may be replaced while the process runs.
import { readFileSync } from "node:fs";
import type { LinkOptions } from "./port.ts";

/** Undefined when none was named. Throws when the file cannot be read or holds none for this client. */
export function passwordOf(options: LinkOptions): string | undefined {
  const { passwordPath: path, clientId, username = clientId } = options;
  if (options.password !== undefined || path === undefined) return options.password;
  const text = readFileSync(path, "utf8");
  // A fleet worker's file has thousands of lines, and is read for each of its clients.
  const marked = `\n${text}`;
  const at = marked.indexOf(`\n${username}:`);
  const line = at < 0 ? text : marked.slice(at + username.length + 2);
  const password = (at < 0 ? line : (line.split("\n", 1)[0] ?? "")).trim();
  if (password === "" || /[\s:]/.test(password)) throw new Error(`${path} holds no password of ${username}`);
  return password;
}
