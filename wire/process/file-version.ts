// Whether a file that others replace or edit is still the one that was read.
import { statSync } from "node:fs";

/** Changes whenever the file does; undefined when there is none. Throws what else keeps it from being looked at. */
export function fileVersion(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && [found.ino, found.size, found.mtimeNs, found.ctimeNs].join("/");
}
