// The fleet's logs since a story began, read as they grow: which lines a service has written after an instant.
import { type Follower, follow, readLines } from "../cli/log-reader.ts";

/** `atMs`: the line's own time stamp, on the wall clock. */
export interface LogLine {
  atMs: number;
  text: string;
}

const keptLines = 5_000;

interface Log {
  follower: Follower;
  lines: LogLine[];
}

export class LogWatch {
  readonly #pathOf: (service: string) => string;
  readonly #logs = new Map<string, Log>();
  #begun = false;

  constructor(pathOf: (service: string) => string, services: readonly string[]) {
    this.#pathOf = pathOf;
    for (const service of services) this.#of(service);
    this.#begun = true;
  }

  /** The newest lines of a service that carry a time stamp of `sinceMs` or later, oldest first. */
  since(service: string, sinceMs: number): LogLine[] {
    const log = this.#of(service);
    this.#keep(log, log.follower.more());
    return log.lines.filter(({ atMs }) => atMs >= sinceMs);
  }

  close(): void {
    for (const { follower } of this.#logs.values()) follower.close();
  }

  #keep(log: Log, lines: readonly string[]): void {
    for (const line of lines) {
      const stamp = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) /.exec(line)?.[1];
      // A line without a stamp (a stack) belongs to the one before.
      log.lines.push({ atMs: stamp ? Date.parse(stamp) : (log.lines.at(-1)?.atMs ?? 0), text: line });
    }
    if (log.lines.length > keptLines) log.lines.splice(0, log.lines.length - keptLines);
  }

  #of(service: string): Log {
    const known = this.#logs.get(service);
    if (known) return known;
    const path = this.#pathOf(service);
    const log: Log = { follower: follow(path), lines: [] };
    this.#logs.set(service, log);
    // A service that came later: what it wrote before this look counts too. Whoever asks knows since when.
    if (this.#begun) this.#keep(log, readLines(path, keptLines));
    return log;
  }
}
