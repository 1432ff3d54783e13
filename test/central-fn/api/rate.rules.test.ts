// The token bucket: what it lets through at once and over time, and how little it remembers.
import fc from "fast-check";
import { expect, it } from "vitest";
import { openBuckets, take, windowS } from "../../../central-fn/api/rate.rules.ts";

const rate = { perS: 2, atOnce: 3 };

/** Instants at which calls at `atMs` were taken from one bucket. */
function takenOf(atMs: readonly number[], of = rate): number[] {
  let fullAtMs: number | undefined;
  return atMs.filter((now) => {
    const taken = take(fullAtMs, of, now);
    if (taken.is === "taken") fullAtMs = taken.fullAtMs;
    return taken.is === "taken";
  });
}

it("takes what may come at once, then says for how long to wait", () => {
  expect(takenOf([0, 0, 0, 0, 0])).toEqual([0, 0, 0]);
  const full = take(undefined, rate, 1_000);
  expect(full).toEqual({ is: "taken", fullAtMs: 1_500, left: 2 });
  expect(take(2_500, rate, 1_000)).toEqual({ is: "empty", waitMs: 500 });
  expect(take(2_500, rate, 1_500)).toEqual({ is: "taken", fullAtMs: 3_000, left: 0 });
});

it("takes the next call exactly when it said", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 1, max: 500 }),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      (perS, atOnce, nowMs) => {
        let fullAtMs: number | undefined;
        for (;;) {
          const taken = take(fullAtMs, { perS, atOnce }, nowMs);
          if (taken.is === "taken") {
            fullAtMs = taken.fullAtMs;
            continue;
          }
          expect(take(fullAtMs, { perS, atOnce }, nowMs + taken.waitMs).is).toBe("taken");
          expect(take(fullAtMs, { perS, atOnce }, nowMs + taken.waitMs - 0.01).is).toBe("empty");
          return;
        }
      },
    ),
    { numRuns: 50 },
  );
});

it("takes in no stretch of time more than at once and per second together, whatever is tried", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 200 }), (tried) => {
      const atMs = takenOf([...tried].sort((a, b) => a - b));
      for (let from = 0; from < atMs.length; from++)
        for (let to = from; to < atMs.length; to++)
          expect(to - from + 1).toBeLessThanOrEqual(
            rate.atOnce + ((atMs[to] ?? 0) - (atMs[from] ?? 0)) * (rate.perS / 1_000) + 1e-6,
          );
    }),
    { numRuns: 100 },
  );
});

it("is full again after its window", () => {
  expect([windowS(rate), windowS({ perS: 200, atOnce: 1 })]).toEqual([2, 1]);
  expect(takenOf([0, 0, 0, 2_000, 2_000, 2_000, 2_000])).toHaveLength(6);
});

it("keeps as many buckets as it may, and of those the ones used last", () => {
  const buckets = openBuckets(3);
  for (let i = 0; i < 100_000; i++) buckets.take(`address ${i}`, rate, 0);
  expect(buckets.size).toBe(3);
  const own = openBuckets(3);
  const mine = () => own.take("mine", rate, 0).is;
  expect([mine(), mine(), mine()]).toEqual(["taken", "taken", "taken"]);
  // A crowd between two of my calls, and my being refused, do not empty my account.
  for (const other of ["a", "b", "c"]) {
    own.take(other, rate, 0);
    expect(mine()).toBe("empty");
  }
});
