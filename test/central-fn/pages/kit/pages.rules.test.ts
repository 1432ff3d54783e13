// "Show more" shows every entry once, whatever comes or goes meanwhile.
import { describe, expect, test } from "vitest";
import { withFirst, withNext } from "../../../../central-fn/pages/kit/pages.rules.ts";

const itself = (row: number) => String(row);
/** Newest first: from 9 down to 5 is [9, 8, 7, 6, 5]. */
const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => from - i);

describe("a first page that is answered anew", () => {
  test.each([
    ["as it was", down(20, 11), down(20, 1)],
    ["with five new entries, which push five off it", down(25, 16), down(25, 1)],
    ["with as many new ones as it holds but one", down(29, 20), down(29, 1)],
    ["without an entry that went", [20, 19, 17, 16, 15, 14, 13, 12, 11, 10], [20, 19, ...down(17, 1)]],
    ["with one that came between others", [20, 19.5, ...down(19, 12)], [20, 19.5, ...down(19, 1)]],
    ["empty, for the filter fits none of the newest", [], down(20, 1)],
  ])("%s", (_, first, all) => {
    expect(withFirst(down(20, 1), first, itself)).toEqual(all);
  });

  test("pushes off more and more, and nothing is lost", () => {
    let held: readonly number[] = down(20, 1);
    for (let newest = 21; newest <= 60; newest++)
      held = withFirst(held, down(newest, newest - 9), itself) ?? [];
    expect(held).toEqual(down(60, 1));
  });

  test("with new entries only leaves a gap that nobody can fill: the list begins anew", () => {
    expect(withFirst(down(20, 1), down(40, 31), itself)).toBeUndefined();
  });

  test("is the list as long as nothing else is held", () => {
    expect(withFirst([], [2, 1], itself)).toEqual([2, 1]);
  });
});

test("the page after adds what is not there yet", () => {
  expect(withNext(down(20, 11), down(12, 5), itself)).toEqual(down(20, 5));
  expect(withNext([], [2, 1], itself)).toEqual([2, 1]);
});
