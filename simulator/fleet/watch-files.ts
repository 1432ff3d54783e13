// Notices that a file of the fleet was saved, and has it applied.
//
// 1. Several savings within a moment are one; a file that is just being written gets a second look before it is
//    called wrong.
// 2. A wrong file is told once, and everything goes on as it was until it is mended.
import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { type Apply, appliedText } from "./apply.ts";
import { Complaint } from "./complaint.ts";
import { worldFailureText } from "./world-failure.ts";

export interface FileWatchOptions {
  dir: string;
  apply: Apply;
  /** One line for the person at the fleet, and for its log. */
  tell(text: string, level: "INFO" | "WARN"): void;
  /** How long the folder must be quiet. */
  quietMs?: number;
}

const usualQuietMs = 250;
/** Where the kernel cannot watch (its limit is reached, or the file system does not tell), looking takes its place. */
const lookEveryMs = 1_000;

/** Watches until the returned function is called. */
export function watchFleetFiles({ dir, apply, tell, quietMs = usualQuietMs }: FileWatchOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let closed = false;
  /** The complaint that the last look ended with, and whether it was told. */
  let wrong: { message: string; told: boolean } | undefined;

  const soon = () => {
    clearTimeout(timer);
    if (!closed) timer = setTimeout(() => void look(), quietMs);
  };
  const look = async () => {
    if (busy) return soon();
    busy = true;
    const startedMs = performance.now();
    try {
      const text = appliedText((await apply()).actions);
      const took = `${((performance.now() - startedMs) / 1000).toFixed(2)} s`;
      if (text) tell(`files changed: ${text} (${took})`, "INFO");
      else if (wrong?.told) tell("the fleet's files are valid again; nothing else changed", "INFO");
      wrong = undefined;
    } catch (error) {
      if (error instanceof Complaint) {
        if (wrong?.message !== error.message) {
          wrong = { message: error.message, told: false };
          soon();
        } else if (!wrong.told) {
          wrong.told = true;
          tell(`${error.message}; everything goes on as before this edit`, "WARN");
        }
        return;
      }
      // What was to restart may have stopped by then, and what is stopped only `ev start` starts.
      const failure = worldFailureText(error, "`ev apply` and `ev start`");
      if (failure === undefined) throw error;
      tell(`what was saved could not be applied: ${failure}`, "WARN");
    } finally {
      busy = false;
    }
  };

  let watcher: FSWatcher | undefined;
  let looking: NodeJS.Timeout | undefined;
  const lookInstead = () => {
    watcher?.close();
    if (looking || closed) return;
    let seen = versionsIn(dir);
    looking = setInterval(() => {
      const now = versionsIn(dir);
      if (now !== seen) soon();
      seen = now;
    }, lookEveryMs);
    looking.unref();
  };
  try {
    // Files that replace others by a rename pass through names that are not the fleet's.
    watcher = watch(dir, { persistent: false }, (_event, file) => {
      if (file === null || file.endsWith(".json")) soon();
    });
    watcher.on("error", lookInstead);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    lookInstead();
  }
  return () => {
    closed = true;
    clearTimeout(timer);
    clearInterval(looking);
    watcher?.close();
  };
}

/** Changes whenever a file of the folder does. */
function versionsIn(dir: string): string {
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith(".json"))
      .map((name) => {
        const { ino, size, mtimeMs, ctimeMs } = statSync(join(dir, name));
        return [name, ino, size, mtimeMs, ctimeMs].join("/");
      })
      .join("\n");
  } catch (error) {
    if (error instanceof Error) return error.message; // gone between two calls: another look will tell
    throw error;
  }
}
