import type { ChildProcess } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Broker, openBroker } from "../../simulator/brokers/mqtt/broker.ts";
import { type InRecord, openProducer, type Producer } from "../../wire/kafka/index.ts";
import { AckMessage, DeadLetter, type Envelope, mqttTopics, partitionOf } from "../../wire/messages/index.ts";
import { openLink } from "../../wire/mqtt/link.ts";
import type { Link } from "../../wire/mqtt/port.ts";
import { silentLog } from "../../wire/process/log.ts";
import { freePort } from "../support/free-port.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import {
  endProcess,
  readLog,
  type StandIn,
  startProcess,
  startStandIn,
  until,
} from "../wire/kafka/stand-in.ts";

const partitions = 8;
const journal = "aaaaaaaa-1111";
let kafka: StandIn;
let mqtt: Broker;
let mqttPort: number;
let bridge: ChildProcess;
let bridgeLines: string[] = [];
const links: Link[] = [];

async function startBridge(env: Record<string, string> = {}): Promise<void> {
  bridgeLines = [];
  bridge = await startProcess(
    "bridge/bridge-main.ts",
    {
      MQTT_URL: `mqtt://127.0.0.1:${mqttPort}`,
      KAFKA_BOOTSTRAP: kafka.brokers.join(","),
      PARTITIONS: String(partitions),
      CANARY_INTERVAL_MS: "200",
      ...env,
    },
    bridgeLines,
  );
}

beforeAll(async () => {
  kafka = await startStandIn();
  mqttPort = await freePort();
  mqtt = await openBroker({ host: "127.0.0.1", port: mqttPort, open: true }, silentLog);
  await startBridge();
});
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.close()));
});
afterAll(async () => {
  await endProcess(bridge);
  await mqtt.close();
  await kafka.remove();
});

let devices = 0;
interface Device {
  cp: string;
  link: Link;
  acks: AckMessage[];
  commands: string[];
  say(seq: number, over?: Partial<Envelope>): Promise<boolean>;
  acked(): number[];
}

/** An engine's end of the road, with a fresh charge point. */
async function device(cp = `CP-${process.pid}-${devices++}`): Promise<Device> {
  const acks: AckMessage[] = [];
  const commands: string[] = [];
  const events = {
    up() {},
    down() {},
    message(topic: string, payload: Uint8Array) {
      const text = Buffer.from(payload).toString();
      if (topic === mqttTopics.acks(cp)) acks.push(AckMessage.parse(JSON.parse(text)));
      else commands.push(text);
    },
  };
  const link = openLink(
    { url: `mqtt://127.0.0.1:${mqttPort}`, clientId: `${cp}-engine`, cleanSession: false, keepaliveS: 30 },
    [
      { topic: mqttTopics.acks(cp), qos: 1 },
      { topic: mqttTopics.commands(cp), qos: 1 },
    ],
    events,
    silentLog,
  );
  links.push(link);
  await until(() => link.connected, 5_000);
  return {
    cp,
    link,
    acks,
    commands,
    say: (seq, over = {}) =>
      link.publish(mqttTopics.engineEvents(cp), JSON.stringify(envelope(cp, seq, over)), 1),
    acked: () =>
      acks.flatMap((ack) =>
        ack.kind === "ack"
          ? ack.ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
          : [],
      ),
  };
}

function envelope(cp: string, seq: number, over: Partial<Envelope> = {}): Envelope {
  return {
    v: 1,
    cp,
    src: "engine",
    journal,
    epoch: 1,
    seq,
    prev: seq - 1,
    type: "connector",
    at: { boot: "b", mono: seq, wall: 1, synced: true },
    body: { seq },
    ...over,
  };
}

const text = (record: InRecord) => Buffer.from(record.value).toString();
const eventsOf = (cp: string, topics = ["cp.events"], count = 1) =>
  readLog(kafka.brokers, topics, (all) => all.filter(({ key }) => key === cp).length >= count).then((all) =>
    all.filter(({ key }) => key === cp),
  );
const letterWith = async (bytes: string): Promise<DeadLetter> => {
  const payloadBase64 = Buffer.from(bytes).toString("base64");
  const letters = (all: readonly InRecord[]) =>
    all.map((record) => DeadLetter.parse(JSON.parse(text(record))));
  const all = await readLog(kafka.brokers, ["dead-letters"], (records) =>
    letters(records).some((letter) => letter.payloadBase64 === payloadBase64),
  );
  const found = letters(all).find((letter) => letter.payloadBase64 === payloadBase64);
  if (!found) throw new Error("no dead letter");
  return found;
};

describe("the bridge process, upwards", () => {
  it("puts events into Kafka byte for byte and names exactly those in its acknowledgement", async () => {
    const { cp, say, acked, acks } = await device();
    await Promise.all([1, 2, 3, 5, 9].map((seq) => say(seq)));
    await say(4, { type: "of-the-future" });
    await until(() => acked().length >= 6, 8_000);
    expect(acked().sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 9]);
    expect(acks.every((ack) => ack.kind === "ack" && ack.journal === journal && ack.epoch === 1)).toBe(true);
    const records = await eventsOf(cp, ["cp.events"], 6);
    expect(records.map(text)).toContain(JSON.stringify(envelope(cp, 9)));
    expect(records.map(text)).toContain(JSON.stringify(envelope(cp, 4, { type: "of-the-future" })));
    for (const record of records) {
      expect(record.partition).toBe(partitionOf(cp, partitions));
      expect(Math.abs(record.timestampMs - Date.now())).toBeLessThan(20_000);
    }
  });

  it("gives a foreign charge point's payload to dead-letters and tells its sender, and goes on", async () => {
    const { say, acks, acked } = await device();
    await say(1, { cp: "CP-999" });
    await until(() => acks.length > 0, 8_000);
    const letter = await letterWith(JSON.stringify(envelope("CP-999", 1)));
    expect(acks[0]).toMatchObject({ kind: "nack", src: "engine", seq: 1, deadLetter: letter.id });
    await say(2);
    await until(() => acked().includes(2), 8_000);
  });

  it("gives garbage to dead-letters, the same garbage under the same id, and goes on", async () => {
    const { cp, link, say, acked } = await device();
    const garbage = `\u0000{"seq": NaN, "__proto__": [}`;
    await link.publish(mqttTopics.engineEvents(cp), garbage, 1);
    await link.publish(mqttTopics.engineEvents(cp), garbage, 1);
    expect(await letterWith(garbage)).toMatchObject({ where: "bridge", topic: mqttTopics.engineEvents(cp) });
    await say(1);
    await until(() => acked().includes(1), 8_000);
    const all = await readLog(
      kafka.brokers,
      ["dead-letters"],
      (records) => records.filter(({ key }) => key?.includes(cp)).length >= 2,
    );
    expect(new Set(all.filter(({ key }) => key?.includes(cp)).map(({ key }) => key)).size).toBe(1);
  });

  it("acknowledges nothing while Kafka is down, and a resent event once when it is back", async () => {
    const { cp, say, acked } = await device();
    await say(1);
    await until(() => acked().length === 1, 8_000);
    await kafka.kill();
    await say(2);
    await say(2);
    await until(() => bridgeLines.some((line) => line.includes("did not take a batch")), 5_000);
    expect(acked()).toEqual([1]);
    await say(2);
    await kafka.start();
    await until(() => acked().includes(2), 8_000);
    await say(3);
    await until(() => acked().includes(3), 8_000);
    expect(acked()).toEqual([1, 2, 3]);
    const records = await eventsOf(cp, ["cp.events"], 3);
    expect([...new Set(records.map(text))]).toEqual(
      [1, 2, 3].map((seq) => JSON.stringify(envelope(cp, seq))),
    );
  });

  it("loses nothing acknowledged when it is killed between, whatever was on its way", async () => {
    const { cp, say, acked } = await device();
    let killed = false;
    for (let seq = 1; seq <= 400; seq++) {
      void say(seq);
      if (seq % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (!killed && acked().length > 20) {
        killed = true;
        await endProcess(bridge);
      }
    }
    if (!killed) await endProcess(bridge);
    const before = [...acked()];
    await startBridge();
    // The outbox's part: whatever is not acknowledged goes out again, a window at a time.
    for (let missing = 400; missing > 0; ) {
      const done = new Set(acked());
      const open = Array.from({ length: 400 }, (_, i) => i + 1).filter((seq) => !done.has(seq));
      missing = open.length;
      await Promise.all(open.slice(0, 50).map((seq) => say(seq)));
      await until(() => open.slice(0, 50).every((seq) => acked().includes(seq)), 8_000);
    }
    const inKafka = new Set(
      (await eventsOf(cp, ["cp.events"], 400)).map((record) => JSON.parse(text(record)).seq),
    );
    for (const seq of [...before, ...acked()]) expect(inKafka.has(seq)).toBe(true);
    expect(inKafka.size).toBe(400);
  });

  it("carries its canaries round to every partition of cp.status", async () => {
    const keys = Array.from({ length: partitions }, (_, feed) => `feed-${feed}`);
    const records = await readLog(kafka.brokers, ["cp.status"], (all) =>
      keys.every((key) => all.filter((record) => record.key === key).length >= 3),
    );
    for (const record of records.filter(({ key }) => key?.startsWith("feed-")))
      expect(`feed-${record.partition}`).toBe(record.key);
  });
});

describe("the bridge process, downwards", () => {
  let producer: Producer;
  beforeAll(() => {
    producer = openProducer({ brokers: kafka.brokers, clientId: "t", log: silentLog });
  });
  afterAll(() => producer.close());
  const command = (cp: string, n: number) => JSON.stringify({ kind: "command", cp, n });
  const order = (cp: string, value: string) =>
    producer.send([{ topic: "central.commands", key: cp, partition: partitionOf(cp, partitions), value }]);

  it("brings commands to their charge point in order, and a poison record to dead-letters", async () => {
    const { cp, commands } = await device();
    const other = await device();
    await order(cp, command(cp, 1));
    await order(cp, `poison for ${cp}`);
    await order(cp, command(other.cp, 7));
    await order(cp, command(cp, 2));
    await order(other.cp, command(other.cp, 1));
    await until(
      () => commands.length === 2 && other.commands.length === 1,
      12_000,
      () => bridgeLines.join("\n"),
    );
    expect(commands).toEqual([command(cp, 1), command(cp, 2)]);
    expect((await letterWith(`poison for ${cp}`)).topic).toBe("central.commands");
    expect((await letterWith(command(other.cp, 7))).reason).toContain("under the key");
  });

  it("holds commands while MQTT is down and delivers them when it is back", async () => {
    const { cp } = await device();
    await Promise.all(links.splice(0).map((link) => link.close()));
    await mqtt.close();
    for (const n of [1, 2, 3]) await order(cp, command(cp, n));
    // The offset of a command that no broker took stays where it is, also over a restart of the bridge.
    await endProcess(bridge);
    mqtt = await openBroker({ host: "127.0.0.1", port: mqttPort, open: true }, silentLog);
    const { commands } = await device(cp);
    await startBridge();
    await until(
      () => new Set(commands).size === 3,
      20_000,
      () => bridgeLines.join("\n"),
    );
    expect([...new Set(commands)]).toEqual([1, 2, 3].map((n) => command(cp, n)));
  });

  it("ends in order on SIGTERM", async () => {
    await endProcess(bridge, "SIGTERM");
    expect(bridge.exitCode).toBe(0);
  });

  it("does not count a command as delivered whose PUBACK was lost", async () => {
    const proxy = await openTcpProxy({ port: mqttPort });
    const { cp, commands } = await device();
    let lost = 0;
    proxy.loseAnswerTo(
      (packet) => lost === 0 && Buffer.from(packet).includes(command(cp, 1)) && ++lost === 1,
    );
    await startBridge({ MQTT_URL: `mqtt://127.0.0.1:${proxy.port}` });
    await order(cp, command(cp, 1));
    await order(cp, command(cp, 2));
    await until(
      () => commands.includes(command(cp, 2)),
      15_000,
      () => bridgeLines.join("\n"),
    );
    expect(lost).toBe(1);
    expect(commands).toEqual([command(cp, 1), command(cp, 1), command(cp, 2)]);
    await endProcess(bridge, "SIGTERM");
    await proxy.close();
  });
});

describe("the bridge's configuration", () => {
  it("that is wrong ends it with one line that names the variable", async () => {
    await expect(startBridge({ PARTITIONS: "7" })).rejects.toThrow(
      /78[\s\S]*PARTITIONS=7: partitions must divide 64/,
    );
    await expect(startBridge({ SHARDS: "64" })).rejects.toThrow(/SHARDS=64/);
    await expect(startBridge({ PARTITIONS: "4" })).rejects.toThrow(/78[\s\S]*cp\.events has 8/);
  });
});
