// The stand-in against a client that its author did not write: kcat, which is librdkafka; and Apache Kafka against the
// same tests, so that what they promise is what a Kafka promises. What kcat and kafkajs each write, the other reads.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startApacheKafka } from "../../simulator/servers/kafka.ts";
import { startKafkaProcess } from "../simulator/brokers/kafka/process.ts";

let bootstrap: string;
let kafka: Kafka;

interface Running {
  bootstrap: string;
  end(): Promise<void>;
}

async function startStandIn(): Promise<Running> {
  const { bootstrap, remove } = await startKafkaProcess();
  return { bootstrap, end: remove };
}

async function startApache(): Promise<Running> {
  const dir = mkdtempSync(join(tmpdir(), "ev-kcat-"));
  const apache = await startApacheKafka({
    dir,
    isBrief: true,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  return {
    bootstrap: apache.bootstrap,
    async end() {
      await apache.stop();
      rmSync(dir, { recursive: true });
    },
  };
}

describe.each([
  ["the stand-in", startStandIn],
  ["Apache Kafka", startApache],
])("kcat and %s", (_, start) => {
  let broker: Running;
  beforeAll(async () => {
    await kcat(["-V"]);
    broker = await start();
    bootstrap = broker.bootstrap;
    kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  }, 600_000);
  afterAll(() => broker?.end());

  test("kcat lists the broker, its topics and their partitions", async () => {
    const topic = await newTopic(3);
    const listed = JSON.parse(await kcat(["-L", "-J", "-b", bootstrap])) as Listed;
    expect(listed.brokers).toEqual([{ id: 1, name: bootstrap }]);
    expect(listed.topics.find((one) => one.topic === topic)?.partitions).toEqual(
      [0, 1, 2].map((partition) => ({ partition, leader: 1, replicas: [{ id: 1 }], isrs: [{ id: 1 }] })),
    );
    const missing = JSON.parse(await kcat(["-L", "-J", "-b", bootstrap, "-t", "nothing"])) as Listed;
    expect(missing.topics[0]?.error).toMatch(/unknown topic/i);
  });

  for (const codec of ["none", "gzip", "snappy", "lz4", "zstd"])
    test(`kcat reads back what it wrote with codec ${codec}: offsets, keys, headers, values`, async () => {
      const topic = await newTopic(1);
      const headers = ["-H", "trace=abc", "-H", "empty="];
      await produce(topic, ["-z", codec, "-p", "0", "-K", "|", ...headers], lines(50));
      await produce(topic, ["-z", codec, "-p", "0", "-X", "enable.idempotence=true"], ["no key"]);
      const read = await consume(topic);
      expect(read.map(({ offset }) => offset)).toEqual(read.map((_, i) => i));
      expect(read.map(({ key, payload }) => [key, payload])).toEqual([
        ...lines(50).map((line) => line.split("|")),
        [null, "no key"],
      ]);
      expect(read[0]?.headers).toEqual(["trace", "abc", "empty", ""]);
      expect(read[50]?.headers).toBeUndefined();
    });

  test("kcat finds its place: from an offset, from the end, from a time, and no further than asked", async () => {
    const topic = await newTopic(1);
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const messages = Array.from({ length: 10 }, (_, i) => ({ value: `v${i}`, timestamp: String(1_000 * i) }));
    await producer.send({ topic, messages });
    await producer.disconnect();
    const payloads = async (more: string[]) => (await consume(topic, more)).map(({ payload }) => payload);
    expect(await payloads(["-o", "8"])).toEqual(["v8", "v9"]);
    expect(await payloads(["-o", "-1"])).toEqual(["v9"]);
    expect(await payloads(["-o", "s@6500"])).toEqual(["v7", "v8", "v9"]);
    expect(await payloads(["-o", "2", "-c", "3"])).toEqual(["v2", "v3", "v4"]);
    expect(await kcat(["-Q", "-b", bootstrap, "-t", `${topic}:0:3000`])).toContain("offset 3");
  });

  test("kcat reads as a group and goes on where the group has stopped", async () => {
    const topic = await newTopic(2);
    const group = `group-${randomUUID()}`;
    await produce(topic, ["-K", "|"], lines(20));
    expect((await consumeAsGroup(topic, group)).sort()).toEqual(lines(20).sort());
    await produce(topic, ["-K", "|"], ["late|later"]);
    expect(await consumeAsGroup(topic, group)).toEqual(["late|later"]);
  });

  for (const codec of ["none", "gzip"])
    test(`kafkajs reads what kcat wrote with codec ${codec}`, async () => {
      const topic = await newTopic(1);
      await produce(topic, ["-z", codec, "-K", "|", "-H", "trace=abc"], lines(30));
      const seen: { offset: string; line: string; trace: string }[] = [];
      const consumer = kafka.consumer({ groupId: `group-${randomUUID()}`, maxWaitTimeInMs: 200 });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        eachMessage: ({ message: { offset, key, value, headers } }) => {
          seen.push({ offset, line: `${String(key)}|${String(value)}`, trace: String(headers?.trace) });
          return Promise.resolve();
        },
      });
      await vi.waitFor(() => expect(seen).toHaveLength(30), { timeout: 30_000 });
      await consumer.disconnect();
      expect(seen).toEqual(lines(30).map((line, i) => ({ offset: String(i), line, trace: "abc" })));
    });

  for (const compression of [0, 1])
    test(`kcat reads what kafkajs wrote with compression ${compression}`, async () => {
      const topic = await newTopic(1);
      const producer = kafka.producer({
        createPartitioner: Partitioners.DefaultPartitioner,
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await producer.connect();
      const timestamp = String(Date.now() - 60_000);
      const messages = lines(30).map((line) => {
        const [key = "", value = ""] = line.split("|");
        return { key, value, timestamp, headers: { trace: "é" } };
      });
      await producer.send({ topic, messages: [...messages, { value: null, timestamp }], compression });
      await producer.disconnect();
      const read = await consume(topic);
      expect(read.map(({ offset }) => offset)).toEqual(Array.from({ length: 31 }, (_, i) => i));
      expect(read.slice(0, 30).map(({ key, payload }) => `${key}|${payload}`)).toEqual(lines(30));
      expect(read[0]).toMatchObject({ headers: ["trace", "é"], ts: Number(timestamp) });
      expect(read[30]).toMatchObject({ key: null, payload: null });
    });
});

interface Listed {
  brokers: unknown;
  topics: { topic: string; error?: string; partitions: unknown }[];
}

interface Message {
  offset: number;
  ts: number;
  key: string | null;
  payload: string | null;
  headers?: string[];
}

/** `key|value`, with some text beyond ASCII. */
function lines(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `k${i % 7}|value ${i} ñ`);
}

async function newTopic(partitions: number): Promise<string> {
  const topic = `topic-${randomUUID()}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }] });
  await admin.disconnect();
  return topic;
}

async function produce(topic: string, more: readonly string[], input: readonly string[]): Promise<void> {
  await kcat(["-P", "-b", bootstrap, "-t", topic, ...more], `${input.join("\n")}\n`);
}

/** Everything in the topic up to its end. */
async function consume(topic: string, more: readonly string[] = ["-o", "beginning"]): Promise<Message[]> {
  const out = await kcat(["-C", "-q", "-e", "-J", "-b", bootstrap, "-t", topic, ...more]);
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Message);
}

async function consumeAsGroup(topic: string, group: string): Promise<string[]> {
  const settings = ["-X", "auto.offset.reset=earliest", "-f", "%k|%s\n"];
  const out = await kcat(["-q", "-e", "-b", bootstrap, ...settings, "-G", group, topic]);
  return out.trim().split("\n");
}

/** What kcat prints on standard output; rejects with its complaint when it fails or is not done in time. */
function kcat(args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("kcat", args, { timeout: 60_000 });
    let out = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint += text;
    });
    child.once("error", (error) =>
      reject(new Error(`kcat cannot be run: apt-get install kcat (${error.message})`)),
    );
    child.once("close", (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`kcat ${args.join(" ")} ended with ${code ?? "a signal"}: ${complaint}`));
    });
    // When kcat ends before it has read everything, its exit code and complaint say why.
    child.stdin.on("error", () => {}).end(input);
  });
}
