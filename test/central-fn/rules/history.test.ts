import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { faultsOf, intervalsOf, statisticsOf } from "../../../central-fn/rules/history.ts";
import type { ShownState } from "../../../central-fn/tables/rows.ts";

type Change = [atMs: number, from: ShownState | null, to: ShownState];

const history = (changes: readonly Change[]) =>
  changes.map(([atMs, from, to]) => ({ atMs, from, to, cause: `to ${to}` }));

describe("intervals", () => {
  it("end where the next begins; the last one lasts", () => {
    const intervals = intervalsOf(
      history([
        [100, null, "ON"],
        [200, "ON", "BROKEN"],
        [250, "BROKEN", "DISCONNECTED"],
        [400, "DISCONNECTED", "ON"],
      ]),
    );
    expect(intervals.map(({ state, startMs, endMs }) => [state, startMs, endMs])).toEqual([
      ["ON", 100, 200],
      ["BROKEN", 200, 250],
      ["DISCONNECTED", 250, 400],
      ["ON", 400, null],
    ]);
    expect(faultsOf(intervals).map(({ state, from, cause }) => [state, from, cause])).toEqual([
      ["BROKEN", "ON", "to BROKEN"],
      ["DISCONNECTED", "BROKEN", "to DISCONNECTED"],
    ]);
  });
});

describe("statistics of the time from 1000 to 2000", () => {
  const cases: [string, Change[], Partial<ReturnType<typeof statisticsOf>>][] = [
    [
      "of a point nobody ever saw",
      [],
      {
        outages: 0,
        meanToRecoverMs: null,
        inState: { onMs: 0, brokenMs: 0, disconnectedMs: 0, unknownMs: 1_000 },
      },
    ],
    [
      "of one seen first within it",
      [[1_400, null, "ON"]],
      { inState: { onMs: 600, brokenMs: 0, disconnectedMs: 0, unknownMs: 400 } },
    ],
    [
      "of one that was On all the time",
      [[10, null, "ON"]],
      {
        faults: { broken: 0, disconnected: 0 },
        inState: { onMs: 1_000, brokenMs: 0, disconnectedMs: 0, unknownMs: 0 },
      },
    ],
    [
      "with a fault that began before: its time counts, it does not",
      [
        [10, null, "ON"],
        [900, "ON", "BROKEN"],
        [1_100, "BROKEN", "ON"],
      ],
      {
        faults: { broken: 0, disconnected: 0 },
        outages: 0,
        inState: { onMs: 900, brokenMs: 100, disconnectedMs: 0, unknownMs: 0 },
      },
    ],
    [
      "with a fault that lasts: it counts, its recovery does not yet",
      [
        [10, null, "ON"],
        [1_700, "ON", "BROKEN"],
      ],
      {
        faults: { broken: 1, disconnected: 0 },
        outages: 0,
        meanToRecoverMs: null,
        inState: { onMs: 700, brokenMs: 300, disconnectedMs: 0, unknownMs: 0 },
      },
    ],
    [
      "with two outages, one of which was two faults",
      [
        [10, null, "ON"],
        [1_100, "ON", "BROKEN"],
        [1_200, "BROKEN", "DISCONNECTED"],
        [1_400, "DISCONNECTED", "ON"],
        [1_500, "ON", "DISCONNECTED"],
        [1_600, "DISCONNECTED", "ON"],
      ],
      {
        faults: { broken: 1, disconnected: 2 },
        outages: 2,
        meanToRecoverMs: 200,
        inState: { onMs: 600, brokenMs: 100, disconnectedMs: 300, unknownMs: 0 },
      },
    ],
    [
      "whose first known transition tells what was before",
      [[1_500, "DISCONNECTED", "ON"]],
      { inState: { onMs: 500, brokenMs: 0, disconnectedMs: 500, unknownMs: 0 } },
    ],
  ];
  it.each(cases)("%s", (_, changes, expected) => {
    expect(statisticsOf(history(changes), 1_000, 2_000)).toMatchObject(expected);
  });

  it("account for every millisecond, whatever came when", () => {
    const states: ShownState[] = ["ON", "BROKEN", "DISCONNECTED"];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3_000), fc.constantFrom(...states)), { maxLength: 12 }),
        fc.option(fc.constantFrom(...states), { nil: null }),
        (raw, first) => {
          let from: ShownState | null = first;
          const changes: Change[] = [];
          for (const [atMs, to] of raw) {
            if (to === from) continue;
            changes.push([atMs, from, to]);
            from = to;
          }
          const { inState, outages, faults } = statisticsOf(history(changes), 1_000, 2_000);
          const { onMs, brokenMs, disconnectedMs, unknownMs } = inState;
          expect(onMs + brokenMs + disconnectedMs + unknownMs).toBe(1_000);
          expect(outages).toBeLessThanOrEqual(faults.broken + faults.disconnected);
        },
      ),
    );
  });
});
