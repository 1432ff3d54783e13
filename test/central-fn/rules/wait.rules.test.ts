// How long one waits: what limits and past sessions tell, and null for what nobody can know.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paceAfter, remainingMs, waitMs } from "../../../central-fn/rules/wait.rules.ts";
import type { Pace } from "../../../central-fn/tables/rows.ts";
import { nowMs, sessionRow, sid } from "../api/central.ts";

const running = (change = {}) =>
  sessionRow(sid("CP-001"), "driver-alice", { startedAtMs: nowMs - 600_000, ...change });
const pace = { sessions: 3, meanMs: 1_800_000 };

describe("a running session", () => {
  it.each([
    ["its time limit", { limit: { durationS: 900 } }, undefined, undefined, 300_000],
    [
      "its energy limit at the present power",
      { limit: { energyWh: 3_000 } },
      { sessionWh: 1_000, powerW: 12_000 },
      undefined,
      600_000,
    ],
    [
      "the sooner of both",
      { limit: { durationS: 900, energyWh: 3_000 } },
      { sessionWh: 1_000, powerW: 12_000 },
      undefined,
      300_000,
    ],
    ["the mean of the past", {}, undefined, pace, 1_200_000],
    ["nothing below three past sessions", {}, undefined, { ...pace, sessions: 2 }, null],
    ["nothing once it outlasts the mean", { startedAtMs: nowMs - 2_000_000 }, undefined, pace, null],
    [
      "nothing without power",
      { limit: { energyWh: 3_000 } },
      { sessionWh: 1_000, powerW: 0 },
      undefined,
      null,
    ],
    ["nothing before it has started", { startedAtMs: null }, undefined, pace, null],
    ["0 beyond its limit", { limit: { durationS: 1 } }, undefined, undefined, 0],
  ])("ends by %s", (_name, change, live, known, expected) => {
    expect(remainingMs({ session: running(change), live, pace: known, finishing: false }, nowMs)).toBe(
      expected,
    );
  });

  it("whose car stays after its end tells nothing", () => {
    expect(remainingMs({ session: running(), live: undefined, pace, finishing: true }, nowMs)).toBe(null);
  });
});

describe("a wait", () => {
  it("is the rest of the running session and a mean session for each before", () => {
    expect(waitMs(600_000, 0, undefined)).toBe(600_000);
    expect(waitMs(600_000, 2, pace)).toBe(4_200_000);
    expect(waitMs(600_000, 1, undefined)).toBe(null);
    expect(waitMs(null, 0, pace)).toBe(null);
  });

  it("follows a mean that stays within what was seen, and is exact over the first twenty", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000_000), { minLength: 1, maxLength: 60 }), (durations) => {
        let known: Pace | undefined;
        durations.forEach((ms, i) => {
          known = paceAfter(known, ms);
          const seen = durations.slice(0, i + 1);
          expect(known.meanMs).toBeGreaterThanOrEqual(Math.min(...seen) - 1);
          expect(known.meanMs).toBeLessThanOrEqual(Math.max(...seen) + 1);
          const mean = seen.reduce((sum, one) => sum + one, 0) / seen.length;
          if (i < 20) expect(Math.abs(known.meanMs - mean)).toBeLessThanOrEqual(2);
        });
      }),
    );
  });
});
