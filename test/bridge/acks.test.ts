import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rangesOf } from "../../bridge/acks.ts";
import { AckMessage, type EventIdentity, mqttTopics } from "../../wire/messages/index.ts";
import { ackMessages } from "../support/ack-messages.ts";

const journal = "aaaaaaaa-1111";
const identity = (seq: number, over: Partial<EventIdentity> = {}): EventIdentity => ({
  cp: "CP-001",
  src: "engine",
  journal,
  epoch: 1,
  seq,
  ...over,
});

describe("ranges of sequence numbers", () => {
  it("name holes exactly", () => {
    expect(rangesOf([3, 1, 2, 7, 5, 5])).toEqual([
      [1, 3],
      [5, 5],
      [7, 7],
    ]);
  });

  it("cover every number given and no other", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60)), (seqs) => {
        const covered = rangesOf(seqs).flatMap(([from, to]) =>
          Array.from({ length: to - from + 1 }, (_, i) => from + i),
        );
        expect(covered).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      }),
    );
  });
});

describe("acknowledgements of a batch", () => {
  it("are one per device, source, journal and epoch", () => {
    const messages = ackMessages([
      identity(1),
      identity(4, { cp: "CP-002" }),
      identity(2),
      identity(9, { src: "monitor" }),
      identity(1, { epoch: 2 }),
      identity(4),
    ]);
    expect(
      messages.map(({ topic, payload }) => ({ topic, ...AckMessage.parse(JSON.parse(payload)) })),
    ).toEqual([
      {
        topic: mqttTopics.acks("CP-001"),
        kind: "ack",
        src: "engine",
        journal,
        epoch: 1,
        ranges: [
          [1, 2],
          [4, 4],
        ],
      },
      { topic: mqttTopics.acks("CP-002"), kind: "ack", src: "engine", journal, epoch: 1, ranges: [[4, 4]] },
      { topic: mqttTopics.acks("CP-001"), kind: "ack", src: "monitor", journal, epoch: 1, ranges: [[9, 9]] },
      { topic: mqttTopics.acks("CP-001"), kind: "ack", src: "engine", journal, epoch: 2, ranges: [[1, 1]] },
    ]);
  });

  it("stay below the packet limit, however many holes there are", () => {
    const holes = Array.from({ length: 1_000 }, (_, i) => identity(1_000_000 + 2 * i));
    const messages = ackMessages(holes);
    expect(messages.length).toBeGreaterThan(1);
    for (const { payload } of messages) expect(payload.length).toBeLessThan(16_000);
    const seqs = messages.flatMap(({ payload }) =>
      JSON.parse(payload).ranges.map(([from]: [number]) => from),
    );
    expect(seqs).toEqual(holes.map(({ seq }) => seq));
  });
});
