// Who lives in which worker.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { numbersOf, sharesOf, sizeOf } from "../../../simulator/workers/shares.rules.ts";
import { cpIdOf, wishesOf } from "../../../simulator/workers/simulated.ts";

const numbers = (total: number, perWorker: number, except: Set<number>) =>
  sharesOf(total, perWorker, except).flatMap(numbersOf);

describe("shares", () => {
  test("a thousand charge points of which ten have files of their own", () => {
    const own = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const shares = sharesOf(1000, 500, own);
    expect(shares.map(({ worker, first, last }) => [worker, first, last])).toEqual([
      [1, 1, 500],
      [2, 501, 1000],
    ]);
    expect(shares.map(sizeOf)).toEqual([490, 500]);
  });

  test("a worker that is left with nobody is none", () => {
    expect(sharesOf(2, 500, new Set([1, 2]))).toEqual([]);
    expect(sharesOf(0, 500, new Set())).toEqual([]);
  });

  test("everybody without a file is in exactly one worker, and stays there when the fleet grows", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 1, max: 60 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }),
        (total, more, perWorker, files) => {
          const own = new Set(files);
          const all = numbers(total, perWorker, own);
          const wanted = Array.from({ length: total }, (_, i) => i + 1).filter((n) => !own.has(n));
          expect(all).toEqual(wanted);
          const workerOf = new Map(
            sharesOf(total + more, perWorker, own).flatMap((share) =>
              numbersOf(share).map((n) => [n, share.worker] as const),
            ),
          );
          for (const share of sharesOf(total, perWorker, own))
            for (const n of numbersOf(share)) expect(workerOf.get(n)).toBe(share.worker);
        },
      ),
    );
  });
});

describe("wishes", () => {
  test("no two drivers go to the same charge point", () => {
    const cps = Array.from({ length: 100 }, (_, i) => i + 1);
    const all = Array.from({ length: 12 }, (_, i) => wishesOf(i + 1, 12, cps)).flat();
    expect(new Set(all.map(({ cp_id }) => cp_id)).size).toBe(all.length);
    expect(all).toHaveLength(100);
  });

  test("ids have at least three digits", () => {
    expect([cpIdOf(7), cpIdOf(1000)]).toEqual(["CP-007", "CP-1000"]);
  });
});
