// How a process ends: once, in order, within a bound; and at once when its own code is broken.
import { errorText, type Log } from "./log.ts";

/** How long an end in order may take. */
export const endWithinMs = 8_000;

/**
 * Runs `end` on SIGTERM, SIGINT, or (EXIT_WITH_STDIN=1, set by a supervisor) when standard input closes, then
 * exits 0; exits 1 when `end` fails or takes longer than `withinMs`. An uncaught error or unhandled rejection
 * is a bug of ours: it is logged and the process exits 70, for a restart replays from what is durable.
 */
export function endWith(log: Log, end: (why: string) => Promise<void>, withinMs = endWithinMs): void {
  let ending = false;
  const stop = (why: string) => {
    if (ending) return;
    ending = true;
    log.info(`stopping (${why})`);
    setTimeout(() => {
      log.error(`not stopped within ${withinMs} ms, giving up`);
      process.exit(1);
    }, withinMs).unref();
    end(why).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error(`stopping failed: ${errorText(error)}`);
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  if (process.env.EXIT_WITH_STDIN === "1") {
    process.stdin.resume();
    process.stdin.on("end", () => stop("supervisor gone"));
    process.stdin.on("error", () => stop("supervisor gone"));
    process.stdout.on("error", () => stop("supervisor gone"));
  }
  const broken = (error: unknown) => {
    log.error(`broken, exiting: ${error instanceof Error ? error.stack : String(error)}`);
    process.exit(70);
  };
  process.on("uncaughtException", broken);
  process.on("unhandledRejection", broken);
}
