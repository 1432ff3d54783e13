import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forgetBefore, see, watermark } from "../../../central-fn/rules/marks.ts";
import type { EventMark } from "../../../central-fn/tables/rows.ts";

const journal = "aaaaaaaa";
const at = (seq: number, prev: number, epoch = 1, of = journal) => ({ journal: of, epoch, seq, prev });

/** Marks after these events; counts how many were taken as new. */
function take(events: { journal: string; epoch: number; seq: number; prev: number }[]) {
  let marks: EventMark[] = [];
  let taken = 0;
  for (const event of events) {
    const seen = see(marks, event);
    if (seen.is === "duplicate") continue;
    taken += 1;
    marks = seen.marks;
  }
  return { marks, taken };
}

describe("epochs behind a hole", () => {
  it("are kept to a bound: the oldest is given up, and nothing of it counts any more", () => {
    let marks = take([at(1, 0, 1), at(9, 5, 1)]).marks;
    const gaveUp: number[] = [];
    for (let epoch = 2; epoch <= 1_000; epoch++) {
      const seen = see(marks, at(1, 0, epoch));
      if (seen.is === "duplicate") throw new Error(`epoch ${epoch}`);
      marks = seen.marks;
      if (seen.gaveUpAfter !== null) gaveUp.push(epoch);
    }
    expect(marks).toHaveLength(512);
    expect(gaveUp[0]).toBe(513);
    expect(see(marks, at(5, 1, 1)).is).toBe("duplicate");
    expect(see(marks, at(1, 0, 1_000)).is).toBe("duplicate");
    expect(see(marks, at(2, 1, 1_000)).is).toBe("new");
    expect(watermark(marks, journal, 1_000)).toBe(1);
  });
});

describe("the mark", () => {
  it("follows the chain of this topic, whatever travels elsewhere in between", () => {
    expect(take([at(1, 0), at(5, 1), at(9, 5)]).marks).toMatchObject([{ mark: 9, window: [] }]);
  });

  it("waits at a hole and swallows what lies beyond when it is filled", () => {
    const { marks } = take([at(1, 0), at(9, 5), at(12, 9)]);
    expect(marks).toMatchObject([
      {
        mark: 1,
        window: [
          [5, 9],
          [9, 12],
        ],
      },
    ]);
    const seen = see(marks, at(5, 1));
    expect(seen).toMatchObject({ is: "new", from: 1, to: 12, marks: [{ mark: 12, window: [] }] });
  });

  it("takes each event once, in any order with any repetition", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }),
        fc.array(fc.nat(), { maxLength: 60 }),
        fc.infiniteStream(fc.nat()),
        (seqs, again, random) => {
          const sorted = [...seqs].sort((a, b) => a - b);
          const chain = sorted.map((seq, i) => at(seq, sorted[i - 1] ?? 0));
          const arriving = [...chain, ...again.map((i) => chain[i % chain.length] ?? at(1, 0))]
            .map((event) => ({ event, key: random.next().value }))
            .sort((a, b) => a.key - b.key)
            .map(({ event }) => event);
          const { marks, taken } = take(arriving);
          expect(taken).toBe(chain.length);
          expect(marks).toEqual([{ journal, epoch: 1, mark: sorted.at(-1), window: [] }]);
        },
      ),
    );
  });

  it("gives up the oldest hole when more than 256 events lie beyond it, and says so", () => {
    const beyond = Array.from({ length: 257 }, (_, i) => at(i + 11, i === 0 ? 10 : i + 10));
    const { marks } = take([at(1, 0), ...beyond.slice(0, 256)]);
    expect(marks[0]?.window).toHaveLength(256);
    const seen = see(marks, beyond[256] ?? at(0, 0));
    expect(seen).toMatchObject({ is: "new", gaveUpAfter: 1, marks: [{ mark: 267, window: [] }] });
  });

  it("keeps epochs and journals apart", () => {
    const { marks, taken } = take([at(1, 0), at(1, 0, 2), at(1, 0, 1, "bbbbbbbb")]);
    expect(taken).toBe(3);
    expect(marks).toHaveLength(3);
  });
});

describe("what the device says to be done", () => {
  it("is forgotten with its older epochs, whose events then are duplicates", () => {
    const { marks } = take([at(3, 1), at(1, 0, 2)]);
    const kept = forgetBefore(marks, journal, { epoch: 2, seq: 1 });
    expect(kept).toEqual([
      { journal, epoch: 2, mark: 1, window: [], before: { epoch: 1, mark: 3 }, oldest: true },
    ]);
    expect(see(kept, at(9, 3)).is).toBe("duplicate");
    expect(forgetBefore(kept, journal, { epoch: 1, seq: 1 })).toEqual(kept);
  });

  it("starts the mark of a table that never saw the beginning", () => {
    const kept = forgetBefore([], journal, { epoch: 4, seq: 51 });
    expect(see(kept, at(52, 47, 4))).toMatchObject({ is: "new", to: 52 });
    expect(see(kept, at(50, 47, 4)).is).toBe("duplicate");
  });
});

describe("the watermark", () => {
  it("is silent while an older epoch has a hole", () => {
    const { marks } = take([at(1, 0), at(9, 5), at(1, 0, 2)]);
    expect(watermark(marks, journal, 2)).toBe(undefined);
    expect(watermark(marks, journal, 1)).toBe(1);
    expect(watermark(take([at(1, 0), at(1, 0, 2)]).marks, journal, 2)).toBe(1);
  });
});
