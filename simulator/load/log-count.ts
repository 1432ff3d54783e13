// Errors in the logs of a load run: lines of level ERROR, and lines that count as errors whatever their level.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface LogErrors {
  count: number;
  /** The first few, shortened. */
  examples: string[];
}

const suspicious =
  / ERROR | WARN .*dead letter|cannot be reached|keep alive timeout|CP \S+ (disconnected|marked as FAULTY)/;
/** The services are being stopped, or a level that nobody sees by default. */
const harmless = / DEBUG /;
const examplesAtMost = 5;

/** Lines between two instants (wall clock) in every log of the folder, rotated ones included. */
export function countErrors(folder: string, fromMs: number, toMs: number): LogErrors {
  const found: LogErrors = { count: 0, examples: [] };
  for (const file of readdirSync(folder)) {
    if (!/\.log(\.\d+)?$/.test(file)) continue;
    for (const line of readFileSync(join(folder, file), "utf8").split("\n")) {
      if (!suspicious.test(line) || harmless.test(line)) continue;
      const atMs = Date.parse(line.slice(0, 24));
      if (atMs < fromMs || atMs > toMs) continue;
      found.count += 1;
      if (found.examples.length < examplesAtMost)
        found.examples.push(`${file.replace(/\.log.*$/, "")}: ${line.slice(25, 180)}`);
    }
  }
  return found;
}
