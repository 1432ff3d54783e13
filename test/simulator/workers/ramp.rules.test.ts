// The pace at which a worker opens its charge points.
import { describe, expect, test } from "vitest";
import { leastPerS, newRamp, stepRamp } from "../../../simulator/workers/ramp.rules.ts";

/** Steps of 50 ms for so long; `waiting` from what is open so far. Answers how many were opened in each second. */
function run(seconds: number, perS: number, waiting: (open: number) => number, lateMs = 0): number[] {
  let ramp = newRamp(0, perS);
  let open = 0;
  const perSecond: number[] = [];
  for (let s = 0; s < seconds; s++) {
    const before = open;
    for (let i = 1; i <= 20; i++) {
      const step = stepRamp(ramp, { nowMs: s * 1000 + i * 50, waiting: waiting(open), lateMs });
      ramp = step.ramp;
      open += step.open;
    }
    perSecond.push(open - before);
  }
  return perSecond;
}

describe("ramp", () => {
  test("reaches the pace it was told when everybody connects at once, and never goes beyond it", () => {
    const paces = run(10, 100, () => 0);
    expect(paces.at(-1)).toBeGreaterThanOrEqual(98);
    expect(Math.max(...paces)).toBeLessThanOrEqual(101);
  });

  test("goes on slowly when nobody connects", () => {
    const paces = run(20, 100, (open) => open);
    expect(paces.at(-1)).toBe(leastPerS);
  });

  test("slows down while its own loop is late", () => {
    expect(run(5, 100, () => 0, 400).at(-1)).toBe(leastPerS);
  });

  test("makes nothing up for after a standstill", () => {
    const { ramp } = stepRamp(newRamp(0, 100), { nowMs: 50, waiting: 0, lateMs: 0 });
    expect(stepRamp(ramp, { nowMs: 60_000, waiting: 0, lateMs: 0 }).open).toBeLessThanOrEqual(26);
  });
});
