// Who this charge point is, read from a file that may be edited at any time; a wrong edit is told and changes nothing.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { parseJson, Registration } from "../../wire/messages/index.ts";
import { fileVersion } from "../../wire/process/file-version.ts";
import { errorText, type Log } from "../../wire/process/log.ts";

/**
 * Looks every second: unlike inotify this survives replaced folders, network mounts and editors of every habit;
 * unlike fs.watchFile it misses no edit made while it starts.
 */
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
  let seen: string | undefined;
  const look = () => {
    // Taken before reading: an edit in between is looked at the next time.
    const version = versionOf(path);
    if (version === seen) return;
    seen = version;
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
  const timer = setInterval(look, lookEveryMs);
  return () => clearInterval(timer);
}

/** Of a file that is not there or cannot be looked at, too: each of these is told once. */
function versionOf(path: string): string {
  try {
    return fileVersion(path) ?? "gone";
  } catch (error) {
    return errorText(error);
  }
}

function readRegistration(path: string) {
  try {
    return parseJson(Registration, readFileSync(path));
  } catch (error) {
    return { ok: false as const, reason: errorText(error) };
  }
}
