// One line per happening on standard output: `<ISO time> <LEVEL> <who> | <what>`. The supervisor or systemd keeps it.
// What looks like a secret is hidden.
import { redact } from "./redact.rules.ts";

export type Level = "DEBUG" | "INFO" | "WARN" | "ERROR";

export interface Log {
  debug(what: string): void;
  info(what: string): void;
  warn(what: string): void;
  error(what: string): void;
}

/** Writes as `who` (for instance `CP_M:CP-001`). DEBUG lines appear only with LOG_LEVEL=debug. */
export function openLog(
  who: string,
  write: (line: string) => void = (line) => process.stdout.write(line),
  verbose: boolean = process.env.LOG_LEVEL === "debug",
): Log {
  const say = (level: Level) => (what: string) =>
    write(`${new Date().toISOString()} ${level} ${who} | ${redact(what)}\n`);
  return {
    debug: verbose ? say("DEBUG") : () => {},
    info: say("INFO"),
    warn: say("WARN"),
    error: say("ERROR"),
  };
}

/** A log that says nothing, for tests of other things. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
