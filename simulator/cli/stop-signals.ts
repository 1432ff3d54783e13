// Ctrl-C and its kin: the first asks for a clean end, a second one forces it.

export interface StopSignals {
  /** Resolves with the signal's name at the first one. */
  asked: Promise<string>;
  /** Called at a second signal. */
  onForce(force: () => void): void;
}

/** One Ctrl-C reaches this process twice: from the terminal, and handed on by the launcher. */
const sameKeyMs = 700;

export function listenForStop(): StopSignals {
  const asked = Promise.withResolvers<string>();
  let firstMs: number | undefined;
  let force: () => void = () => process.exit(130);
  const hear = (signal: string) => {
    if (firstMs === undefined) {
      firstMs = performance.now();
      asked.resolve(signal);
    } else if (performance.now() - firstMs > sameKeyMs) force();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => hear(signal));
  // A reader that is gone is told of at each line that it no longer reads: no more than a first word.
  process.stdout.on("error", () => firstMs === undefined && hear("output closed"));
  return {
    asked: asked.promise,
    onForce(action) {
      force = action;
    },
  };
}
