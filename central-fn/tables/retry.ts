// Trying again against a remote store: bounded, with full jitter, so that many callers do not return in step.
import { setTimeout as pause } from "node:timers/promises";

export interface RetryLimits {
  attempts: number;
  /** The pause after attempt n is random below firstPauseMs × 2ⁿ⁻¹, at most longestPauseMs. */
  firstPauseMs: number;
  longestPauseMs: number;
}

/** About 3 s in all: shorter than the caller's own patience, longer than a leader change of the store. */
export const storeRetries: RetryLimits = { attempts: 8, firstPauseMs: 25, longestPauseMs: 800 };

export type Attempt<T> = { is: "settled"; value: T } | { is: "again"; because: unknown };

/** Runs `attempt` until it settles; after the last one throws what `exhausted` makes of the reason. */
export async function retrying<T>(
  limits: RetryLimits,
  attempt: () => Promise<Attempt<T>>,
  exhausted: (because: unknown) => Error,
): Promise<T> {
  for (let n = 1; ; n++) {
    const outcome = await attempt();
    if (outcome.is === "settled") return outcome.value;
    if (n >= limits.attempts) throw exhausted(outcome.because);
    const longestMs = Math.min(limits.firstPauseMs * 2 ** (n - 1), limits.longestPauseMs);
    await pause(Math.random() * longestMs);
  }
}
