// Which rows of a long list are drawn.
import fc from "fast-check";
import { expect, it } from "vitest";
import { offsetsOf, sliceOf } from "../../../../central-fn/pages/kit/window-list.rules.ts";

it("those that touch the screen, and a few more on either side", () => {
  const offsets = offsetsOf(Array.from({ length: 100 }, () => 10));
  expect(sliceOf(offsets, 205, 305, 0)).toEqual({ from: 20, to: 31 });
  expect(sliceOf(offsets, 205, 305, 4)).toEqual({ from: 16, to: 35 });
  expect(sliceOf(offsets, -500, -400, 2)).toEqual({ from: 0, to: 3 });
  expect(sliceOf(offsets, 5_000, 6_000, 2)).toEqual({ from: 98, to: 100 });
  expect(sliceOf(offsetsOf([]), 0, 900, 4)).toEqual({ from: 0, to: 0 });
});

it("never leaves a gap on the screen, whatever the heights", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 300 }),
      fc.integer({ min: 0, max: 40_000 }),
      (heights, top) => {
        const offsets = offsetsOf(heights);
        const bottom = top + 500;
        const { from, to } = sliceOf(offsets, top, bottom, 0);
        return heights.every((_, i) => {
          const touches = (offsets[i + 1] ?? 0) > top && (offsets[i] ?? 0) < bottom;
          return !touches || (i >= from && i < to);
        });
      },
    ),
  );
});
