// Trying again against a remote store: bounded, with full jitter, so that many callers do not return in step.
import { setTimeout as pause } from "node:timers/promises";

export interface RetryLimits {
  attempts: number;
  /** The pause after attempt n is random below firstPauseMs × 2ⁿ⁻¹, at most longestPauseMs. */
  firstPauseMs: number;
  longestPauseMs: number;
  /** No attempt begins later than this after the first. */
  lastAfterMs: number;
}

/**
 * Refusals are over in about 3 s: shorter than the caller's own patience, longer than a leader change of the store. Of
 * a store that stays silent each attempt takes as long as its request may (3 s), so that two of them are enough.
 */
export const storeRetries: RetryLimits = {
  attempts: 8,
  firstPauseMs: 25,
  longestPauseMs: 800,
  lastAfterMs: 3_500,
};

export type Attempt<T> = { is: "settled"; value: T } | { is: "again"; because: unknown };

/** Runs `attempt` until it settles; after the last one throws what `exhausted` makes of the reason. */
export async function retrying<T>(
  limits: RetryLimits,
  attempt: () => Promise<Attempt<T>>,
  exhausted: (because: unknown) => Error,
): Promise<T> {
  const lastMs = performance.now() + limits.lastAfterMs;
  for (let n = 1; ; n++) {
    const outcome = await attempt();
    if (outcome.is === "settled") return outcome.value;
    const longestMs = Math.min(limits.firstPauseMs * 2 ** (n - 1), limits.longestPauseMs);
    const pauseMs = Math.random() * longestMs;
    if (n >= limits.attempts || performance.now() + pauseMs > lastMs) throw exhausted(outcome.because);
    await pause(pauseMs);
  }
}
