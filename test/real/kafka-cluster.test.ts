// Three brokers with every record on each, acknowledged by two: what our producer was told is stored is read, once and
// in order, while one broker after the other is killed under load, and while all are restarted in turn.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApacheKafka, startApacheKafka } from "../../simulator/servers/kafka.ts";
import {
  type ConsumerHandle,
  ensureTopics,
  openConsumer,
  openProducer,
  type Producer,
} from "../../wire/kafka/index.ts";
import { kafkaTopics } from "../../wire/messages/index.ts";
import { silentLog } from "../../wire/process/log.ts";

const partitions = 4;
const topic = kafkaTopics.events.name;
const dir = mkdtempSync(join(tmpdir(), "ev-kafka-cluster-"));
/** One record per partition, this often. */
const everyMs = 20;
const patienceMs = 120_000;

let kafka: ApacheKafka;
let producer: Producer;
let consumers: ConsumerHandle[] = [];
const sent = new Array<number>(partitions).fill(0);
const acknowledged = new Array<number>(partitions).fill(0);
/** As every reader of this system: the next number counts, an older one is a repeat, a later one is a loss. */
const read = new Array<number>(partitions).fill(0);
const broken: string[] = [];
let repeats = 0;
let lastAckMs = performance.now();
let longestGapMs = 0;

beforeAll(async () => {
  kafka = await startApacheKafka({
    dir,
    brokers: 3,
    isBrief: true,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  const address = { brokers: kafka.bootstrap.split(","), log: silentLog };
  await ensureTopics({ ...address, clientId: "topics", partitions, replication: kafka.replication });
  producer = openProducer({ ...address, clientId: "load" });
  consumers = [1, 2].map((n) =>
    openConsumer({
      ...address,
      clientId: `reader-${n}`,
      groupId: "readers",
      topics: [topic],
      onBatch: (records) => {
        for (const { partition, value } of records) take(partition, Number(Buffer.from(value).toString()));
        return Promise.resolve(records.at(-1)?.offset ?? null);
      },
    }),
  );
}, 600_000);
afterAll(async () => {
  await Promise.all(consumers.map((consumer) => consumer.close()));
  await producer?.close();
  await kafka?.stop();
  rmSync(dir, { recursive: true });
});

function take(partition: number, n: number): void {
  const next = (read[partition] ?? 0) + 1;
  if (n === next) read[partition] = n;
  else if (n < next) repeats += 1;
  else broken.push(`partition ${partition}: ${n} came, ${next} was due`);
}

function load(): { end(): Promise<void> } {
  const pending = new Set<Promise<void>>();
  const timer = setInterval(() => {
    for (let partition = 0; partition < partitions; partition++) {
      const n = (sent[partition] ?? 0) + 1;
      sent[partition] = n;
      const record = { topic, key: `k${partition}`, partition, value: String(n) };
      const one = producer.send([record]).then(() => {
        acknowledged[partition] = Math.max(acknowledged[partition] ?? 0, n);
        longestGapMs = Math.max(longestGapMs, performance.now() - lastAckMs);
        lastAckMs = performance.now();
      });
      pending.add(one);
      void one.finally(() => pending.delete(one));
    }
  }, everyMs);
  return {
    async end() {
      clearInterval(timer);
      await Promise.all(pending);
    },
  };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${patienceMs} ms`);
    await pause(50);
  }
}

/** Every replica of every partition of ours and of the group's offsets follows its leader. */
async function allInSync(): Promise<boolean> {
  const client = new Kafka({ brokers: kafka.bootstrap.split(","), logLevel: logLevel.NOTHING });
  const admin = client.admin({ retry: { retries: 2 } });
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic, "__consumer_offsets"] });
    return topics.flatMap((one) => one.partitions).every(({ isr }) => isr.length === 3);
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  } finally {
    await admin.disconnect();
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const goesOn = async (what: string) => {
  const [acks, reads] = [sum(acknowledged), sum(read)];
  await until(what, () => sum(acknowledged) > acks + 50 && sum(read) > reads + 50);
};

async function verdict(name: string): Promise<void> {
  await until("everything read", () => sum(read) === sum(sent));
  expect(broken).toEqual([]);
  expect(acknowledged).toEqual(sent);
  expect(read).toEqual(sent);
  process.stdout.write(
    `${name}: ${sum(sent)} records, 0 lost, 0 out of order, ${repeats} repeats recognised, longest wait for an acknowledgement ${Math.round(longestGapMs)} ms\n`,
  );
}

test("each broker is killed once under load, another is there at once: nothing lost, nothing counted twice", async () => {
  const running = load();
  await goesOn("the beginning");
  longestGapMs = 0;
  for (const n of [1, 2, 3]) {
    await kafka.kill(n);
    await goesOn(`without broker ${n}`);
    await kafka.start(n);
    await until("every copy in step", allInSync);
  }
  await running.end();
  await verdict("killed one by one");
});

test("a rolling restart under load: nothing lost, nothing counted twice", async () => {
  longestGapMs = 0;
  lastAckMs = performance.now();
  const running = load();
  for (const n of [1, 2, 3]) {
    await kafka.end(n);
    await kafka.start(n);
    await until("every copy in step", allInSync);
  }
  await goesOn("the end");
  await running.end();
  await verdict("rolling restart");
});

test("with two of three brokers dead nothing is acknowledged; all of it is when they are back", async () => {
  lastAckMs = performance.now();
  const running = load();
  await goesOn("the beginning");
  await Promise.all([kafka.kill(1), kafka.kill(2)]);
  // What was on its way may still be answered by the two that had it.
  await until("silence", () => performance.now() - lastAckMs > 3_000);
  const before = sum(acknowledged);
  await until("work waits", () => sum(sent) > before + 400);
  expect(sum(acknowledged)).toBe(before);
  expect(producer.backlog).toBeGreaterThan(0);
  await Promise.all([kafka.start(1), kafka.start(2)]);
  await until("every copy in step", allInSync);
  await goesOn("the end");
  await running.end();
  await verdict("majority lost and found");
});
