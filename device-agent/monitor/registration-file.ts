// Who this charge point is, read from a file that may be edited at any time; a wrong edit is told and changes nothing.
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { parseJson, Registration } from "../../wire/messages/index.ts";
import { errorText, type Log } from "../../wire/process/log.ts";

/** Looks every second: unlike inotify this survives replaced folders, network mounts and editors of every habit. */
const lookEveryMs = 1_000;

/**
 * Tells the contents at once when they are valid, and again whenever they change to something else that is valid.
 * Answers how to stop.
 */
export function watchRegistration(
  path: string,
  tell: (contents: Registration) => void,
  log: Log,
): () => void {
  let known: Registration | undefined;
  const look = () => {
    const read = readRegistration(path);
    if (!read.ok) {
      log.error(
        `registration ${path}: ${read.reason}; ${known ? "keeping the old one" : "not registered yet"}`,
      );
      return;
    }
    if (isDeepStrictEqual(read.value, known)) return;
    known = read.value;
    tell(read.value);
  };
  look();
  watchFile(path, { interval: lookEveryMs, persistent: false }, look);
  return () => unwatchFile(path, look);
}

function readRegistration(path: string) {
  try {
    return parseJson(Registration, readFileSync(path));
  } catch (error) {
    return { ok: false as const, reason: errorText(error) };
  }
}
