// How often somebody may call: a token bucket, kept as the one instant at which it is full again.
//
// 1. A bucket that is full is the same as none: it may be forgotten.
// 2. Time is monotonic and given; a refused call takes nothing, so that patience is always rewarded.

/** `atOnce` calls from a full bucket, refilled by `perS` calls per second. */
export interface Rate {
  perS: number;
  atOnce: number;
}

export type Taken =
  | { is: "taken"; fullAtMs: number; left: number }
  /** The next call is taken after `waitMs`. */
  | { is: "empty"; waitMs: number };

/** So that a sum of fractions of a millisecond does not cost a call. */
const roundingMs = 1e-6;

/** One call out of a bucket that is full at `fullAtMs` (undefined: it is full). All instants in monotonic ms. */
export function take(fullAtMs: number | undefined, { perS, atOnce }: Rate, nowMs: number): Taken {
  const everyMs = 1_000 / perS;
  const next = Math.max(fullAtMs ?? nowMs, nowMs) + everyMs;
  const missingMs = next - nowMs - atOnce * everyMs;
  if (missingMs > roundingMs) return { is: "empty", waitMs: missingMs };
  return { is: "taken", fullAtMs: next, left: Math.floor((roundingMs - missingMs) / everyMs) };
}

/** Seconds until an empty bucket is full: the window of a RateLimit-Policy, at least 1. */
export function windowS({ perS, atOnce }: Rate): number {
  return Math.max(1, Math.ceil(atOnce / perS));
}

/** Everybody's buckets: as many as `keptAtMost`, those that were used last. */
export interface Buckets {
  take(key: string, rate: Rate, nowMs: number): Taken;
  readonly size: number;
}

/**
 * Whoever calls from many addresses pushes out the buckets that nobody used for longest: memory is bounded, and what
 * is forgotten is forgiven.
 */
export function openBuckets(keptAtMost: number): Buckets {
  // In the order of use, which a Map keeps.
  const fullAt = new Map<string, number>();
  return {
    get size() {
      return fullAt.size;
    },
    take(key, rate, nowMs) {
      const before = fullAt.get(key);
      const taken = take(before, rate, nowMs);
      fullAt.delete(key);
      fullAt.set(key, taken.is === "taken" ? taken.fullAtMs : (before ?? nowMs));
      if (fullAt.size > keptAtMost) {
        const { value } = fullAt.keys().next();
        if (value !== undefined) fullAt.delete(value);
      }
      return taken;
    },
  };
}
