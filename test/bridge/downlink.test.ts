import { describe, expect, it } from "vitest";
import { readDownlink } from "../../bridge/downlink.rules.ts";
import { deliver } from "../../bridge/downlink.ts";
import { feedsOf, shardsOf, subscriptionsOf } from "../../bridge/shards.ts";
import type { InRecord, OutRecord } from "../../wire/kafka/port.ts";
import { DeadLetter, deviceOfTopic, mqttTopics, shardOf } from "../../wire/messages/index.ts";
import { silentLog } from "../../wire/process/log.ts";

const record = (offset: number, key: string, value: unknown): InRecord => ({
  topic: "central.commands",
  partition: 2,
  offset: String(offset),
  timestampMs: 0,
  key,
  value: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)),
  headers: {},
});
const command = (offset: number, cp: string) => record(offset, cp, { kind: "command", cp, n: offset });

/** A link whose PUBACKs the test gives by hand. */
function scriptedLink() {
  const asked: { topic: string; payload: string; answer(taken: boolean): void }[] = [];
  return {
    asked,
    connected: true,
    publish(topic: string, payload: string | Uint8Array): Promise<boolean> {
      return new Promise((answer) => asked.push({ topic, payload: Buffer.from(payload).toString(), answer }));
    },
  };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const link = scriptedLink();
  const sent: OutRecord[] = [];
  const producer = {
    async send(records: readonly OutRecord[]) {
      sent.push(...records);
    },
  };
  const counts = { delivered: 0, deadLetters: 0 };
  const options = { link, producer, partitions: 8, log: silentLog, nowMs: () => 1 };
  return { link, sent, counts, run: (records: readonly InRecord[]) => deliver(records, options, counts) };
}

describe("the downlink", () => {
  it("keeps the order of one charge point and serves others beside it", async () => {
    const { link, run } = setUp();
    const done = run([command(0, "A"), command(1, "A"), command(2, "B")]);
    await turn();
    expect(link.asked.map(({ topic }) => topic)).toEqual([
      mqttTopics.commands("A"),
      mqttTopics.commands("B"),
    ]);
    link.asked[0]?.answer(true);
    await turn();
    expect(JSON.parse(link.asked[2]?.payload ?? "")).toMatchObject({ cp: "A", n: 1 });
    link.asked[1]?.answer(true);
    link.asked[2]?.answer(true);
    expect(await done).toBe("2");
  });

  it("does not pass a command whose PUBACK did not come, and stops that charge point's chain there", async () => {
    const { link, counts, run } = setUp();
    const done = run([command(0, "A"), command(1, "B"), command(2, "A"), command(3, "B"), command(4, "C")]);
    await turn();
    const [a, b, c] = link.asked;
    a?.answer(true);
    b?.answer(false);
    c?.answer(true);
    await turn();
    expect(link.asked).toHaveLength(4);
    link.asked[3]?.answer(true);
    expect(await done).toBe("0");
    expect(counts.delivered).toBe(3);
  });

  it("does nothing at all while MQTT is down", async () => {
    const { link, run } = setUp();
    link.connected = false;
    expect(await run([command(0, "A"), record(1, "A", "poison")])).toBe(null);
    expect(link.asked).toEqual([]);
  });

  it("stores a poison record as a dead letter and goes on", async () => {
    const { link, sent, counts, run } = setUp();
    const done = run([record(0, "A", "poison"), command(1, "A")]);
    await turn();
    link.asked[0]?.answer(true);
    expect(await done).toBe("1");
    expect(counts).toEqual({ delivered: 1, deadLetters: 1 });
    expect(DeadLetter.parse(JSON.parse(String(sent[0]?.value)))).toMatchObject({
      id: "central.commands/2/0",
      topic: "central.commands",
    });
  });

  it("delivers more records than it publishes at once", async () => {
    const { link, run } = setUp();
    const records = Array.from({ length: 1_201 }, (_, i) => command(i, `CP-${i}`));
    const done = run(records);
    for (let answered = 0; answered < records.length; await turn())
      for (; answered < link.asked.length; answered++) link.asked[answered]?.answer(true);
    expect(await done).toBe("1200");
  });
});

describe("a record of central.commands", () => {
  it.each([
    ["another key", record(0, "B", { kind: "command", cp: "A" })],
    ["no key", { ...record(0, "A", { kind: "command", cp: "A" }), key: null }],
    ["an id with a wildcard", record(0, "A/#", { kind: "command", cp: "A/#" })],
    ["no kind", record(0, "A", { cp: "A" })],
    ["more than 16 kB", record(0, "A", { kind: "command", cp: "A", x: "x".repeat(17_000) })],
  ])("with %s is a dead letter", (_, bad) => {
    expect(readDownlink(bad, 1, 8).is).toBe("dead-letter");
  });
  it("of a kind this bridge does not know passes byte for byte", () => {
    const future = record(0, "A", ' { "kind" : "of-the-future", "cp":"A", "more":[1] }');
    expect(readDownlink(future, 1, 8)).toMatchObject({ is: "publish", payload: future.value });
  });
});

describe("SHARDS", () => {
  it("is `all` or a list of shards", () => {
    expect(shardsOf("all")).toBe("all");
    expect(shardsOf("0, 5,7,5")).toEqual([0, 5, 7]);
    for (const bad of ["", "64", "-1", "a", "1,,2", "1.5"]) expect(shardsOf(bad)).toBe(undefined);
  });
  it("names the partitions to prove", () => {
    expect(feedsOf("all", 4)).toEqual([0, 1, 2, 3]);
    expect(feedsOf([0, 9, 8, 1], 8)).toEqual([0, 1]);
  });
  it("subscribes to the events of exactly those shards", () => {
    const topics = subscriptionsOf([5], 8).map(({ topic }) => topic);
    expect(topics).toEqual(["ev/v1/5/+/engine/events", "ev/v1/5/+/monitor/events", "ev/v1/canary/5"]);
    expect(deviceOfTopic(mqttTopics.engineEvents("CP-001"))).toEqual({ cp: "CP-001", src: "engine" });
    expect(mqttTopics.engineEvents("CP-001")).toContain(`/${shardOf("CP-001")}/`);
  });
});
