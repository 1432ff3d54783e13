import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readUplink } from "../../bridge/uplink.rules.ts";
import { DeadLetter, mqttTopics, Nack, partitionOf } from "../../wire/messages/index.ts";

const bridge = { partitions: 8, bridgeId: "b" };
const cp = "CP-001";
const topic = mqttTopics.engineEvents(cp);
const envelope = (over: Record<string, unknown> = {}) => ({
  v: 1,
  cp,
  src: "engine",
  journal: "aaaaaaaa-1111",
  epoch: 2,
  seq: 5,
  prev: 4,
  type: "session.started",
  at: { boot: "b", mono: 1, wall: 2, synced: true },
  body: { any: "thing" },
  ...over,
});
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const read = (payload: Uint8Array, on = topic) => readUplink(on, payload, 1_000, bridge);

describe("a message from a device", () => {
  it("goes to Kafka byte for byte, with the device's key and partition and the bridge's time", () => {
    const payload = Buffer.from(` ${JSON.stringify(envelope({ unknown: "kept" }))} `);
    const message = read(payload);
    expect(message).toMatchObject({
      is: "event",
      acknowledged: true,
      identity: { cp, src: "engine", epoch: 2, seq: 5 },
      record: { topic: "cp.events", key: cp, partition: partitionOf(cp, 8), timestampMs: 1_000 },
    });
    expect(message.is === "event" && message.record.value).toBe(payload);
  });

  it.each([
    ["meter", "cp.telemetry", true],
    ["session.ended", "cp.events", true],
    ["answer", "cp.events", true],
    ["of-the-future", "cp.events", true],
    ["status", "cp.status", false],
    ["will", "cp.status", false],
  ])("of type %s goes to %s (acknowledged: %s)", (type, kafkaTopic, acknowledged) => {
    expect(read(bytes(envelope({ type })))).toMatchObject({ record: { topic: kafkaTopic }, acknowledged });
  });

  it("that names another charge point is a dead letter, and its sender is told", () => {
    const message = read(bytes(envelope({ cp: "CP-002" })));
    expect(message).toMatchObject({ is: "dead-letter", reason: "cp CP-002 on the topic of CP-001" });
    if (message.is !== "dead-letter" || !message.nackTo) throw new Error("no nack");
    expect(message.nackTo.cp).toBe(cp);
    const nack = Nack.parse(message.nackTo.nack);
    const letter = DeadLetter.parse(JSON.parse(String(message.record.value)));
    expect(nack).toMatchObject({ src: "engine", epoch: 2, seq: 5, deadLetter: letter.id });
    expect(letter).toMatchObject({
      where: "bridge",
      topic,
      event: `${cp}/engine/aaaaaaaa-1111/2/5`,
      atMs: 1_000,
    });
  });

  it("of the engine on the monitor's topic is a dead letter", () => {
    const message = read(bytes(envelope()), mqttTopics.monitorEvents(cp));
    expect(message).toMatchObject({ is: "dead-letter", nackTo: { nack: { src: "monitor" } } });
  });

  it("that is broken but names itself gets a nack; one that does not gets none", () => {
    expect(read(bytes({ journal: "aaaaaaaa-1111", epoch: 1, seq: 3, at: "nonsense" }))).toMatchObject({
      is: "dead-letter",
      nackTo: { nack: { epoch: 1, seq: 3 } },
    });
    expect(read(bytes({ journal: "!", epoch: 1, seq: 3 }))).toMatchObject({
      is: "dead-letter",
      nackTo: null,
    });
  });

  it("above 16 kB is a dead letter with a nack", () => {
    const message = read(bytes(envelope({ body: { long: "x".repeat(17_000) } })));
    expect(message).toMatchObject({ is: "dead-letter", nackTo: { nack: { seq: 5 } } });
  });

  it("gets the same dead letter id each time it comes, other bytes another", () => {
    const id = (payload: string, atMs: number) => {
      const message = readUplink(topic, Buffer.from(payload), atMs, bridge);
      return message.is === "dead-letter" ? message.record.key : "";
    };
    expect(id("garbage", 1)).toBe(id("garbage", 2));
    expect(id("garbage", 1)).not.toBe(id("garbagf", 1));
  });

  it("on a topic of no shard of its own is a dead letter without nack", () => {
    const wrong = topic.replace(/^ev\/v1\/\d+/, "ev/v1/63");
    expect(read(bytes(envelope()), wrong)).toMatchObject({ is: "dead-letter", nackTo: null });
  });

  it("never makes the reader throw, and every dead letter has its schema, whatever the bytes", () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.constantFrom("__proto__", "cp", "seq", "journal").map((key) => bytes({ ...envelope(), [key]: {} })),
      fc.constant(Buffer.from('{"__proto__":{"cp":"CP-001"}}')),
      fc.constant(Buffer.from(`${"[".repeat(9_000)}`)),
    );
    const topics = fc.oneof(fc.constant(topic), fc.string({ maxLength: 300 }), fc.constant("ev/v1/canary/0"));
    fc.assert(
      fc.property(hostile, topics, (payload, on) => {
        const message = read(payload, on);
        if (message.is !== "dead-letter") return;
        const letter = DeadLetter.parse(JSON.parse(String(message.record.value)));
        expect(Buffer.from(letter.payloadBase64, "base64").equals(Buffer.from(payload))).toBe(true);
        if (message.nackTo) Nack.parse(message.nackTo.nack);
      }),
    );
  });
});

describe("a canary", () => {
  const canary = (over: object = {}) => bytes({ v: 1, type: "canary", feed: 3, bridge: "b", n: 1, ...over });

  it("of this bridge goes to its partition of cp.status", () => {
    expect(read(canary(), mqttTopics.canary(3))).toMatchObject({
      is: "canary",
      record: { topic: "cp.status", key: "feed-3", partition: 3, timestampMs: 1_000 },
    });
  });
  it("of another bridge is left to it", () => {
    expect(read(canary({ bridge: "c" }), mqttTopics.canary(3))).toEqual({ is: "foreign" });
  });
  it("that speaks for another feed, or one that is not there, is a dead letter", () => {
    expect(read(canary(), mqttTopics.canary(4)).is).toBe("dead-letter");
    expect(read(canary({ feed: 8 }), mqttTopics.canary(8)).is).toBe("dead-letter");
  });
});
