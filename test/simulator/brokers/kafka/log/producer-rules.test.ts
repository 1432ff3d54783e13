// Idempotent producers: which batch is new, which a repetition, which out of order.
import { describe, expect, test } from "vitest";
import { errors } from "../../../../../simulator/brokers/kafka/codec/errors.ts";
import type { BatchHead } from "../../../../../simulator/brokers/kafka/log/batch.ts";
import {
  judge,
  type ProducerState,
  remember,
} from "../../../../../simulator/brokers/kafka/log/producer-rules.ts";

const wrap = 2 ** 31;
const isNew = { is: "new" };
const outOfOrder = { is: "refused", error: errors.outOfOrderSequence };
const oldEpoch = { is: "refused", error: errors.invalidProducerEpoch };
const duplicateAt = (baseOffset: number) => ({ is: "duplicate", baseOffset });

/** Batches of ten records each from sequence 0 in epoch 3, written at offsets 100, 110, … */
const afterBatches = (count: number) =>
  Array.from({ length: count }).reduce<ProducerState | undefined>(
    (known, _, i) => remember(known, batch(i * 10), 100 + i * 10),
    undefined,
  );

describe("a batch of an idempotent producer", () => {
  test.each([
    ["is new when nothing is known of its producer, whatever its sequence", undefined, batch(70), isNew],
    ["is new when it follows the newest", afterBatches(1), batch(10), isNew],
    ["is a repetition of the newest", afterBatches(1), batch(0), duplicateAt(100)],
    ["is a repetition of the fifth newest", afterBatches(5), batch(0), duplicateAt(100)],
    ["is out of order when it repeats the sixth newest", afterBatches(6), batch(0), outOfOrder],
    ["is out of order after a gap", afterBatches(1), batch(11), outOfOrder],
    ["is out of order when it overlaps", afterBatches(1), batch(5), outOfOrder],
    [
      "is no repetition when it has the same start and another length",
      afterBatches(2),
      batch(0, 5),
      outOfOrder,
    ],
    ["is refused in an older epoch, a repetition too", afterBatches(1), batch(0, 10, 2), oldEpoch],
    ["begins a newer epoch at sequence 0", afterBatches(1), batch(0, 10, 4), isNew],
    ["cannot begin a newer epoch elsewhere", afterBatches(1), batch(10, 10, 4), outOfOrder],
    [
      "goes on at 0 after the last sequence of all",
      remember(undefined, batch(wrap - 10), 100),
      batch(0),
      isNew,
    ],
    ["may cross the last sequence", remember(undefined, batch(wrap - 5), 100), batch(5), isNew],
    [
      "is a repetition across it",
      remember(undefined, batch(wrap - 5), 100),
      batch(wrap - 5),
      duplicateAt(100),
    ],
  ] as const)("%s", (_, known, head, verdict) => {
    expect(judge(known, head)).toEqual(verdict);
  });

  test("of a newer epoch makes the older ones forgotten", () => {
    const known = remember(afterBatches(3), batch(0, 10, 4), 500);
    expect(judge(known, batch(0, 10, 4))).toEqual(duplicateAt(500));
    expect(judge(known, batch(20, 10, 4))).toEqual(outOfOrder);
  });
});

function batch(baseSequence: number, records = 10, producerEpoch = 3): BatchHead {
  return {
    baseOffset: 0,
    sizeBytes: 100,
    attributes: 0,
    lastOffsetDelta: records - 1,
    baseTimestampMs: 0,
    maxTimestampMs: 0,
    producerId: 7,
    producerEpoch,
    baseSequence,
    records,
  };
}
