// A chart's geometry: round steps, whole instants, gaps, and nothing lost when it is thinned.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  linePath,
  nearest,
  thinned,
  timeTicks,
  valueScale,
  xOf,
  yOf,
} from "../../../../central-fn/pages/kit/chart.rules.ts";

const frame = { width: 120, height: 60, left: 20, right: 0, top: 0, bottom: 10 };

describe("the value axis", () => {
  it.each([
    [21.3, [0, 10, 20, 30]],
    [0.0093, [0, 0.005, 0.01]],
    [100, [0, 50, 100]],
    [0, [0, 0.5, 1]],
  ])("to %d has the ticks %j", (most, ticks) => {
    expect(valueScale(most).ticks).toEqual(ticks);
  });

  it("reaches every value in at most six steps", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e7, noNaN: true }), (most) => {
        const { to, ticks } = valueScale(most);
        return to >= most * (1 - 1e-9) && ticks.length <= 6;
      }),
    );
  });
});

describe("the time axis", () => {
  it("has whole instants", () => {
    const at = (text: string) => Date.parse(`2026-05-03T${text}Z`);
    expect(timeTicks(at("10:00:07"), at("10:04:30"))).toEqual(
      ["10:01:00", "10:02:00", "10:03:00", "10:04:00"].map(at),
    );
  });

  it("has never more than were asked for", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 4e11 }), (span) => timeTicks(0, span).length <= 6));
  });
});

describe("the line", () => {
  const x = (atMs: number) => xOf(frame, 0, 100, atMs);
  const y = (value: number) => yOf(frame, { from: 0, to: 10, ticks: [] }, value);

  it("goes through the samples, and is interrupted where nobody knows", () => {
    const samples = [
      { atMs: 0, value: 0 },
      { atMs: 10, value: 5 },
      { atMs: 90, value: 10 },
    ];
    expect(linePath(samples, x, y, 50)).toBe("M20.0 50.0L30.0 25.0M110.0 0.0");
  });

  it("thinned keeps the least and the greatest, in their order", () => {
    const samples = Array.from({ length: 5_000 }, (_, i) => ({ atMs: i, value: i === 777 ? 99 : i % 7 }));
    const kept = thinned(samples, 200);
    expect(kept.length).toBeLessThanOrEqual(200);
    expect(kept.some(({ value }) => value === 99)).toBe(true);
    expect(kept.map(({ atMs }) => atMs)).toEqual(kept.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
  });

  it("names the sample nearest to the pointer", () => {
    expect(
      nearest(
        [
          { atMs: 1, value: 1 },
          { atMs: 9, value: 2 },
        ],
        6,
      )?.value,
    ).toBe(2);
    expect(nearest([], 6)).toBe(undefined);
  });
});
