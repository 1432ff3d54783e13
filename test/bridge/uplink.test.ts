import { describe, expect, it } from "vitest";
import { openUplink } from "../../bridge/uplink.ts";
import type { OutRecord } from "../../wire/kafka/port.ts";
import { SendRefused } from "../../wire/kafka/refused.ts";
import { AckMessage, mqttTopics } from "../../wire/messages/index.ts";
import { openLog } from "../../wire/process/log.ts";

const cp = "CP-001";
const topic = mqttTopics.engineEvents(cp);
const event = (seq: number, body: object = {}) =>
  Buffer.from(
    JSON.stringify({
      v: 1,
      cp,
      src: "engine",
      journal: "aaaaaaaa-1111",
      epoch: 1,
      seq,
      prev: 0,
      type: "connector",
      at: { boot: "b", mono: 1, wall: 1, synced: true },
      body,
    }),
  );
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An uplink whose producer answers by hand and whose link writes down what it is told. */
function setUp(highWater = { records: 1_000, bytes: 1_000_000 }) {
  const sends: { records: readonly OutRecord[]; resolve(): void; reject(error: Error): void }[] = [];
  const told: { topic: string; message: AckMessage }[] = [];
  const lines: string[] = [];
  const link = {
    connection: 1,
    async publish(to: string, payload: string | Uint8Array) {
      told.push({ topic: to, message: AckMessage.parse(JSON.parse(payload.toString())) });
      return true;
    },
  };
  const producer = {
    send: (records: readonly OutRecord[]) =>
      new Promise<void>((resolve, reject) => sends.push({ records, resolve, reject })),
  };
  const log = openLog("t", (line) => lines.push(line), false);
  const uplink = openUplink(
    { producer, log, highWater, partitions: 8, bridgeId: "b", nowMs: () => 1 },
    () => link,
  );
  return { uplink, link, sends, told, lines };
}
const ranges = (told: { message: AckMessage }[]) =>
  told.map(({ message }) => (message.kind === "ack" ? message.ranges : message.kind));

describe("the uplink", () => {
  it("says nothing to the device before Kafka has the event, then one message with exact ranges", async () => {
    const { uplink, sends, told } = setUp();
    for (const seq of [1, 2, 4]) uplink.message(topic, event(seq));
    await turn();
    expect(sends.map(({ records }) => records.length)).toEqual([3]);
    uplink.message(topic, event(5));
    await turn();
    expect(told).toEqual([]);
    for (const send of sends) send.resolve();
    await turn();
    await turn();
    expect(told.map(({ topic: to }) => to)).toEqual([mqttTopics.acks(cp)]);
    expect(ranges(told)).toEqual([
      [
        [1, 2],
        [4, 5],
      ],
    ]);
    expect(uplink).toMatchObject({ backlog: 0, counts: { in: 4, acked: 4, shed: 0 } });
  });

  it("drops above the high-water mark with one line, keeps nothing of it, and takes events again below it", async () => {
    const { uplink, sends, lines } = setUp({ records: 2, bytes: 1_000_000 });
    for (let seq = 1; seq <= 50; seq++) uplink.message(topic, event(seq));
    await turn();
    expect(uplink).toMatchObject({ backlog: 2, counts: { shed: 48 } });
    expect(lines.filter((line) => line.includes("dropped"))).toHaveLength(1);
    sends[0]?.resolve();
    await turn();
    uplink.message(topic, event(3));
    await turn();
    expect(sends[1]?.records).toHaveLength(1);
  });

  it("counts bytes as well as messages", () => {
    const { uplink } = setUp({ records: 1_000, bytes: 10_000 });
    for (let seq = 1; seq <= 5; seq++) uplink.message(topic, event(seq, { x: "x".repeat(4_000) }));
    expect(uplink).toMatchObject({ backlog: 2, counts: { shed: 3 } });
  });

  it("carries a repeat of what is still on its way only once, but never swallows other bytes", async () => {
    const { uplink, sends, told } = setUp();
    uplink.message(topic, event(1));
    await turn();
    uplink.message(topic, event(1));
    uplink.message(topic, event(1, { other: true }));
    await turn();
    expect(sends.map(({ records }) => records.length)).toEqual([1, 1]);
    expect(uplink.counts.repeats).toBe(1);
    for (const send of sends) send.resolve();
    await turn();
    await turn();
    expect(ranges(told)).toEqual([[[1, 1]]]);
    uplink.message(topic, event(1));
    await turn();
    expect(sends).toHaveLength(3);
  });

  it("knows repeats of two epochs that come in turn, and acknowledges each by itself", async () => {
    const { uplink, sends, told } = setUp();
    const older = event(1);
    const newer = Buffer.from(older.toString().replace('"epoch":1', '"epoch":2'));
    for (const payload of [older, newer, older, newer]) uplink.message(topic, payload);
    await turn();
    expect(sends.map(({ records }) => records.length)).toEqual([2]);
    expect(uplink.counts.repeats).toBe(2);
    for (const send of sends) send.resolve();
    await turn();
    await turn();
    expect(told.map(({ message }) => message.kind === "ack" && message.epoch)).toEqual([1, 2]);
  });

  it("does not acknowledge on a later connection what arrived on an earlier one", async () => {
    const { uplink, link, sends, told } = setUp();
    uplink.message(topic, event(1));
    await turn();
    link.connection = 2;
    sends[0]?.resolve();
    await turn();
    await turn();
    expect(told).toEqual([]);
    expect(uplink.counts).toMatchObject({ acked: 0, staleAcks: 1 });
  });

  it("acknowledges the rest of a call when Kafka refuses one record", async () => {
    const { uplink, sends, told } = setUp();
    for (const seq of [1, 2, 3]) uplink.message(topic, event(seq));
    await turn();
    const [send] = sends;
    const record = send?.records[1];
    if (!send || !record) throw new Error("nothing sent");
    send.reject(new SendRefused([{ record, reason: "no" }]));
    await turn();
    await turn();
    expect(ranges(told)).toEqual([
      [
        [1, 1],
        [3, 3],
      ],
    ]);
    expect(uplink).toMatchObject({ backlog: 0, counts: { refused: 1 } });
  });

  it("answers a dead letter with a nack once it is in Kafka", async () => {
    const { uplink, sends, told } = setUp();
    uplink.message(mqttTopics.engineEvents("CP-002"), event(7));
    await turn();
    expect([sends[0]?.records[0]?.topic, told.length]).toEqual(["dead-letters", 0]);
    sends[0]?.resolve();
    await turn();
    await turn();
    expect(told).toMatchObject([{ topic: mqttTopics.acks("CP-002"), message: { kind: "nack", seq: 7 } }]);
  });
});
