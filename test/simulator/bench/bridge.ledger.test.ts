import { describe, expect, test } from "vitest";
import { openLedger } from "../../../simulator/bench/bridge.ledger.ts";
import { median, oneThread } from "../../../simulator/bench/bridge.report.ts";
import {
  cpName,
  eventPackets,
  firstSeq,
  placesIn,
  readingsPerMeter,
  seqAt,
  stampUsAt,
} from "../../../simulator/bench/load/event-packets.ts";
import { Meter, mqttTopics, parseEnvelope } from "../../../wire/messages/index.ts";

const journal = "be9c0001";
/** The payload of an event, as it stands in its packet. */
function payloadOf(device: number, index: number, stampUs = 5_000_000 + index, of = journal): Buffer {
  const packets = eventPackets(cpName(device), of, "event");
  const bytes = Buffer.alloc(packets.packetBytes);
  packets.put(bytes, 0, firstSeq + index, 1, stampUs);
  return bytes.subarray(bytes.length - packets.payload.length);
}

describe("the events of a bench", () => {
  test("are valid envelopes of 200 bytes whose numbers are found where they were put", () => {
    for (const index of [0, 1, 8_999_998]) {
      const payload = payloadOf(7, index, 123_456_789);
      expect(payload.length).toBe(200);
      const parsed = parseEnvelope(payload);
      expect(parsed).toMatchObject({ ok: true, value: { cp: "CP-B0007", seq: firstSeq + index, journal } });
      const places = placesIn(payload);
      expect([seqAt(payload, places), stampUsAt(payload, places)]).toEqual([firstSeq + index, 123_456_789]);
    }
  });

  test("are PUBLISH packets of QoS 1 on the topic of their device", () => {
    const packets = eventPackets("CP-B0001", journal, "meter");
    const bytes = Buffer.alloc(packets.packetBytes);
    packets.put(bytes, 0, firstSeq, 0x1234, 1);
    const topic = mqttTopics.engineEvents("CP-B0001");
    expect(bytes[0]).toBe(0x32);
    expect((bytes[1] ?? 0) - 128 + 128 * (bytes[2] ?? 0)).toBe(bytes.length - 3);
    expect(bytes.toString("utf8", 5, 5 + topic.length)).toBe(topic);
    expect(bytes.readUInt16BE(5 + topic.length)).toBe(0x1234);
    const parsed = parseEnvelope(bytes.subarray(bytes.length - packets.payload.length));
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(Meter.parse(parsed.value.body).w).toHaveLength(readingsPerMeter);
  });
});

describe("the ledger", () => {
  const clean = () => [0, 1, 2].flatMap((index) => [payloadOf(0, index), payloadOf(1, index)]);
  const verdictOf = (payloads: readonly Buffer[]) => {
    const ledger = openLedger(journal, 2, 3);
    for (const payload of payloads) ledger.take(payload);
    return ledger.verdict();
  };

  test("finds nothing wrong with every event once, in its device's order", () => {
    expect(verdictOf(clean())).toEqual({
      expected: 6,
      records: 6,
      lost: 0,
      repeats: 0,
      outOfOrder: 0,
      foreign: 0,
    });
  });

  test.each([
    ["a lost event", (all: Buffer[]) => all.slice(1), { lost: 1, records: 5 }],
    ["a repeat", (all: Buffer[]) => [...all, ...all.slice(0, 1)], { lost: 0, repeats: 1, foreign: 0 }],
    ["a repeat with other bytes", (all: Buffer[]) => [...all, payloadOf(0, 1, 1)], { foreign: 1 }],
    ["an event behind a later one", (all: Buffer[]) => [...all].reverse(), { outOfOrder: 4, lost: 0 }],
    ["an event that nobody sent", (all: Buffer[]) => [...all, payloadOf(0, 3)], { foreign: 1, lost: 0 }],
  ])("finds %s", (_, spoil, found) => {
    expect(verdictOf(spoil(clean()))).toMatchObject(found);
  });

  test("leaves the events of other runs alone", () => {
    const ledger = openLedger(journal, 2, 3);
    expect(ledger.take(payloadOf(0, 0, 1, "be9c0002"))).toBe(false);
    expect(ledger.verdict()).toMatchObject({ records: 0, lost: 6 });
  });
});

test("the median of an even number is between the middle two; one thread for two jobs is slower than either", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  expect(oneThread(100, 100)).toBe(50);
});
