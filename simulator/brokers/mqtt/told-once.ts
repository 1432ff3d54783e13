// Log lines that somebody else can cause at will: each is written once, and its repeats are counted.
import type { Log } from "../../../wire/process/log.ts";

const sumUpEveryMs = 60_000;
/** Different lines in that time. */
const longestList = 200;

export interface ToldOnce {
  warn(text: string): void;
  close(): void;
}

export function toldOnce(log: Log): ToldOnce {
  let repeats = new Map<string, number>();
  let untold = 0;
  const sumUp = () => {
    for (const [text, count] of repeats)
      if (count > 0) log.warn(`${text} (${count === 1 ? "once" : `${count} times`} more)`);
    if (untold > 0) log.warn(`${untold} more complaints of other kinds`);
    repeats = new Map();
    untold = 0;
  };
  const timer = setInterval(sumUp, sumUpEveryMs);
  timer.unref();
  return {
    warn(typed) {
      // What clients call themselves is theirs; a line of the log stays one line.
      const text = typed.replace(/[^\x20-\x7e]/g, "?").slice(0, 300);
      const count = repeats.get(text);
      if (count !== undefined) repeats.set(text, count + 1);
      else if (repeats.size >= longestList) untold += 1;
      else {
        repeats.set(text, 0);
        log.warn(text);
      }
    },
    close: () => clearInterval(timer),
  };
}
