// A day as stretches without gaps, from faults alone.
import { describe, expect, it } from "vitest";
import { segmentsOf } from "../../../../central-fn/pages/operator/time-line.rules.ts";

const at = (ms: number) => new Date(ms).toISOString();
const fault = (state: "BROKEN" | "DISCONNECTED", startMs: number, endMs: number | null) => ({
  cp_id: "CP-1",
  state,
  from: "ON" as const,
  cause: "cause",
  start: at(startMs),
  end: endMs === null ? null : at(endMs),
  duration_s: 1,
});
const day = (faults: ReturnType<typeof fault>[], sinceMs: number | undefined) =>
  segmentsOf(faults, sinceMs, 1_000, 2_000).map(({ state, fromMs, toMs }) => [state, fromMs, toMs]);

describe("a day", () => {
  it("without faults was On since it registered, and before nothing is known", () => {
    expect(day([], 500)).toEqual([["ON", 1_000, 2_000]]);
    expect(day([], 1_400)).toEqual([
      ["unknown", 1_000, 1_400],
      ["ON", 1_400, 2_000],
    ]);
    expect(day([], undefined)).toEqual([["unknown", 1_000, 2_000]]);
  });

  it("with faults has no gap, and one that lasts reaches to now", () => {
    expect(day([fault("DISCONNECTED", 1_800, null), fault("BROKEN", 1_200, 1_300)], 0)).toEqual([
      ["ON", 1_000, 1_200],
      ["BROKEN", 1_200, 1_300],
      ["ON", 1_300, 1_800],
      ["DISCONNECTED", 1_800, 2_000],
    ]);
  });

  it("begins in the middle of a fault that began before it", () => {
    expect(day([fault("BROKEN", 100, 1_100)], 0)).toEqual([
      ["BROKEN", 1_000, 1_100],
      ["ON", 1_100, 2_000],
    ]);
  });
});
