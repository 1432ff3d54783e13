import fc from "fast-check";
import produceV7 from "kafkajs/src/protocol/requests/produce/v7/request.js";
import { describe, expect, it } from "vitest";
import { crc32c } from "../../../wire/kafka/crc32c.ts";
import type { OutRecord } from "../../../wire/kafka/port.ts";
import { encodeProduce, recordBytes, topicBytes } from "../../../wire/kafka/record-batch.ts";

interface Topic {
  topic: string;
  partitions: { partition: number; records: OutRecord[] }[];
}

function own(topics: Topic[]): Buffer {
  const atMostBytes = topics.reduce(
    (sum, topic) =>
      sum +
      topicBytes(topic) +
      topic.partitions.reduce((all, { records }) => all + records.reduce((n, r) => n + recordBytes(r), 0), 0),
    64,
  );
  return encodeProduce({ acks: -1, timeoutMs: 3_000, topics, nowMs: 0, atMostBytes });
}

/** The same request in the library's own words. */
async function kafkajs(topics: Topic[]): Promise<Buffer> {
  const { buffer } = await produceV7({
    acks: -1,
    timeout: 3_000,
    topicData: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, records }) => ({
        partition,
        firstSequence: 0,
        messages: records.map(({ key, value, timestampMs, headers }) => ({
          key,
          value: typeof value === "string" ? value : Buffer.from(value),
          timestamp: String(timestampMs),
          ...(headers && { headers }),
        })),
      })),
    })),
  }).encode();
  return buffer;
}

const text = (maxLength: number) => fc.string({ unit: "grapheme", maxLength });
const record: fc.Arbitrary<OutRecord> = fc.record(
  {
    topic: fc.constant("t"),
    key: text(40),
    partition: fc.constant(0),
    value: fc.oneof(text(400), fc.uint8Array({ maxLength: 400 })),
    // Same number of digits: kafkajs sorts time stamps as text.
    timestampMs: fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 }),
    headers: fc.dictionary(
      text(8).filter((name) => !/^\d|__proto__/.test(name)),
      text(20),
      { maxKeys: 3 },
    ),
  },
  { requiredKeys: ["topic", "key", "partition", "value", "timestampMs"] },
);
const topics: fc.Arbitrary<Topic[]> = fc.array(
  fc.record({
    topic: text(30),
    partitions: fc.array(
      fc.record({
        partition: fc.nat(63),
        records: fc.array(record, { minLength: 1, maxLength: 12 }),
      }),
      { maxLength: 3 },
    ),
  }),
  { maxLength: 3 },
);

describe("a produce request made here", () => {
  it("has the bytes that kafkajs makes of it, whatever is in it", async () => {
    await fc.assert(
      fc.asyncProperty(topics, async (some) => {
        expect(own(some).equals(await kafkajs(some))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("has them with more records than one byte can count, and with values of many kilobytes", async () => {
    const records = Array.from({ length: 1_000 }, (_, i) => ({
      topic: "t",
      key: `CP-${i}`,
      partition: 3,
      value: Buffer.alloc(i === 500 ? 300_000 : i, i),
      timestampMs: 1_760_000_000_000 + i * 7,
    }));
    const some = [{ topic: "cp.events", partitions: [{ partition: 3, records }] }];
    expect(own(some).equals(await kafkajs(some))).toBe(true);
  });

  it("stamps records that have no time with the moment of the request", () => {
    const records = [{ topic: "t", key: "k", partition: 0, value: "v" }];
    const at = (nowMs: number) =>
      encodeProduce({
        acks: -1,
        timeoutMs: 1,
        nowMs,
        topics: [{ topic: "t", partitions: [{ partition: 0, records }] }],
        atMostBytes: 500,
      });
    const nowMs = 1_760_000_000_123;
    // int16 and int32, the topic's and the partition's fields, then 27 bytes into the batch.
    const firstAt = 2 + 2 + 4 + 4 + (2 + 1) + 4 + 4 + 4 + 27;
    expect(at(nowMs).readBigInt64BE(firstAt)).toBe(BigInt(nowMs));
    expect(at(nowMs).readBigInt64BE(firstAt + 8)).toBe(BigInt(nowMs));
  });
});

describe("CRC-32C", () => {
  it("is Castagnoli's: its check value, and the examples of RFC 3720, B.4", () => {
    expect(crc32c(Buffer.from("123456789"), 0, 9)).toBe(0xe306_9283);
    expect(crc32c(Buffer.alloc(32), 0, 32)).toBe(0x8a91_36aa);
    expect(crc32c(Buffer.alloc(32, 0xff), 0, 32)).toBe(0x62a8_ab43);
    expect(
      crc32c(
        Uint8Array.from({ length: 32 }, (_, i) => i),
        0,
        32,
      ),
    ).toBe(0x46dd_794e);
  });

  it("covers what it is told and nothing else, whatever the length", () => {
    const bitwise = (bytes: Uint8Array) => {
      let crc = -1;
      for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
      }
      return (crc ^ -1) >>> 0;
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(20), fc.nat(20), (bytes, before, after) => {
        const whole = Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.alloc(after, 9)]);
        expect(crc32c(whole, before, before + bytes.length)).toBe(bitwise(bytes));
      }),
    );
  });
});
