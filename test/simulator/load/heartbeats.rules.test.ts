// Heartbeats and states as GET /cp shows them.
import { describe, expect, test } from "vitest";
import { addLook, type Beat, delaysOf, noHeartbeats } from "../../../simulator/load/heartbeats.rules.ts";

const on = (heardMs: number | null, cp = "CP-001"): Beat => ({ cp, state: "ON", heardMs });
const intervalMs = 2_000;
/** Looks one second apart. */
const seen = (...looks: Beat[][]) =>
  looks.reduce((sum, beats, i) => addLook(sum, beats, i * 1_000, intervalMs), noHeartbeats());

describe("heartbeats", () => {
  test("a gap is from one beat to the next, however often they are looked at", () => {
    const { gapsMs } = seen([on(1_000)], [on(1_000)], [on(3_000)], [on(3_000)], [on(5_400)]);
    expect(gapsMs).toEqual([2_000, 2_400]);
  });

  test("the first beat has no gap", () => {
    expect(seen([on(null)], [on(9_000)]).gapsMs).toEqual([]);
  });

  test("what passes while nobody looks is no gap", () => {
    let sum = addLook(noHeartbeats(), [on(0)], 0, intervalMs);
    sum = addLook(sum, [on(4_000)], 1_900, intervalMs);
    sum = addLook(sum, [on(6_000)], 2_900, intervalMs);
    expect(sum.gapsMs).toEqual([2_000]);
  });

  test("delays are what a beat came later than its interval", () => {
    const delays = delaysOf(seen([on(0)], [on(1_990)], [on(4_100)], [on(8_200)]), 2_000);
    expect(delays).toMatchObject({ beats: 3, mostMs: 2_100, p50Ms: 110, missed: 1 });
  });
});

describe("false states", () => {
  test("a charge point that was On and is shown otherwise has fallen, with its worst state", () => {
    const { fallen } = seen(
      [on(0)],
      [{ ...on(0), state: "BROKEN" }],
      [{ ...on(0), state: "DISCONNECTED" }],
      [{ ...on(0), state: "BROKEN" }],
      [on(9_000)],
    );
    expect([...fallen]).toEqual([["CP-001", { state: "DISCONNECTED", looks: 3 }]]);
  });

  test("one that has not been On yet has not fallen", () => {
    expect(seen([{ ...on(null), state: "DISCONNECTED" }], [on(0)]).fallen.size).toBe(0);
  });
});
