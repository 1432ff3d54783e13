import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openQueue, type Waiting } from "../../../wire/kafka/batching.ts";
import { recordBytes } from "../../../wire/kafka/record-batch.ts";

const waiting = (key: string, bytes: number): Waiting => ({
  record: { topic: "t", key, partition: 0, value: "" },
  bytes,
  call: { open: 1, refused: [], settled: () => {} },
});
const keys = (batch: readonly Waiting[]) => batch.map(({ record }) => record.key);

describe("the producer's queue", () => {
  it("gives what waits, oldest first, up to the record limit", () => {
    const queue = openQueue();
    for (const key of ["a", "b", "c"]) queue.put(waiting(key, 1));
    expect(keys(queue.take({ records: 2, bytes: 100 }))).toEqual(["a", "b"]);
    expect(queue.length).toBe(1);
    expect(keys(queue.take({ records: 2, bytes: 100 }))).toEqual(["c"]);
  });

  it("stops before the byte limit, yet gives one record that is larger than it", () => {
    const queue = openQueue();
    for (const [key, bytes] of [
      ["a", 60],
      ["b", 60],
      ["c", 500],
      ["d", 1],
    ] as const)
      queue.put(waiting(key, bytes));
    const take = () => keys(queue.take({ records: 10, bytes: 100 }));
    expect([take(), take(), take(), take(), take()]).toEqual([["a"], ["b"], ["c"], ["d"], []]);
  });

  it("loses, repeats and reorders nothing, however puts and takes are mixed", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 400 }), (steps) => {
        const queue = openQueue();
        const taken: string[] = [];
        let put = 0;
        for (const step of steps) {
          if (step < 15) for (let i = 0; i < step * 40; i++) queue.put(waiting(String(put++), 10));
          else taken.push(...keys(queue.take({ records: 1_000, bytes: step * 500 })));
        }
        while (queue.length > 0) taken.push(...keys(queue.take({ records: 7, bytes: 1_000 })));
        expect(taken).toEqual(Array.from({ length: put }, (_, i) => String(i)));
      }),
      { numRuns: 30 },
    );
  });

  it("counts key, value and headers in bytes, not characters", () => {
    const plain = recordBytes({ topic: "t", key: "", partition: 0, value: "" });
    expect(recordBytes({ topic: "t", key: "é", partition: 0, value: new Uint8Array(10) })).toBe(plain + 12);
    expect(recordBytes({ topic: "t", key: "", partition: 0, value: "€", headers: { a: "b" } })).toBe(
      plain + 13,
    );
  });
});
