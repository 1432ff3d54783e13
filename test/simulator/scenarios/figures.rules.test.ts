// Measured times against what is promised and aimed at.
import { expect, test } from "vitest";
import { figuresOf, figureTable, timed } from "../../../simulator/scenarios/fault-tolerance/figures.rules.ts";
import { verdict } from "./story.ts";

const what = "engine killed → Broken at Central";
const sample = (tookMs: number | null) => verdict("x", { figure: what, tookMs });

test("a figure is the median and the greatest of its samples", () => {
  const [figure, ...more] = figuresOf([sample(2_000), sample(3_000), sample(2_500), verdict("no sample")]);
  expect(more).toEqual([]);
  expect(figure).toMatchObject({ what, n: 3, medianMs: 2_500, mostMs: 3_000, kept: true, aimMet: true });
});

test("one sample beyond the promise breaks it; a median beyond the aim misses the aim alone", () => {
  expect(figuresOf([sample(2_000), sample(2_000), sample(6_001)])[0]).toMatchObject({
    kept: false,
    aimMet: true,
  });
  expect(figuresOf([sample(4_000), sample(4_000), sample(2_000)])[0]).toMatchObject({
    kept: true,
    aimMet: false,
  });
});

test("a sample that never came breaks the promise and is counted", () => {
  const figures = figuresOf([sample(2_000), sample(null)]);
  expect(figures[0]).toMatchObject({ n: 2, missing: 1, kept: false });
  expect(figureTable(figures)[1]).toContain("✗ 1 never");
});

test("the table names figure, samples, times and both targets", () => {
  expect(figureTable(figuresOf([sample(2_410), sample(2_830)]))[1]).toMatch(
    /^engine killed → Broken at Central\s+2\s+2\.41 s\s+2\.83 s\s+≤6 s ✓\s+≤3 s ✓$/,
  );
});

test("an expectation of a figure is bound by its promise", () => {
  expect(timed(what)).toEqual({ withinS: 6, figure: what });
});
