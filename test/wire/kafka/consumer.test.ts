import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  allOf,
  type ConsumerHandle,
  type ConsumerOptions,
  ensureTopics,
  type InRecord,
  openConsumer,
  openProducer,
  type Producer,
} from "../../../wire/kafka/index.ts";
import { kafkaTopics } from "../../../wire/messages/index.ts";
import { openLog, silentLog } from "../../../wire/process/log.ts";
import { openTcpProxy } from "../../support/tcp-proxy.ts";
import { numbered, type StandIn, startStandIn, until } from "./stand-in.ts";

const partitions = 4;
let kafka: StandIn;
let producer: Producer;
let groups = 0;
let next = 1;
const consumers: ConsumerHandle[] = [];

beforeAll(async () => {
  kafka = await startStandIn();
  await ensureTopics({ brokers: kafka.brokers, clientId: "t", log: silentLog, partitions, replication: 1 });
  producer = openProducer({ brokers: kafka.brokers, clientId: "t", log: silentLog });
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
});
afterAll(async () => {
  await producer.close();
  await kafka.remove();
});

const number = (record: InRecord) => Number(Buffer.from(record.value).toString());
const group = () => `g${groups++}`;

/** Each test has a topic of its own. */
const topics = Object.values(kafkaTopics).map(({ name }) => name);
let topic = "";
beforeEach(() => {
  topic = topics.pop() ?? "none left";
});

async function sendSome(count: number): Promise<number[]> {
  const records = Array.from({ length: count }, () => numbered(next, next++ % partitions, topic));
  await producer.send(records);
  return records.map(({ value }) => Number(value));
}

function consume(groupId: string, onBatch: ConsumerOptions["onBatch"], more: Partial<ConsumerOptions> = {}) {
  const consumer = openConsumer({
    brokers: kafka.brokers,
    clientId: "t",
    log: silentLog,
    groupId,
    topics: [topic],
    onBatch,
    ...more,
  });
  consumers.push(consumer);
  return consumer;
}

describe("the consumer", () => {
  it("reads from the beginning, in order per partition, and goes on there after a restart", async () => {
    const sent = await sendSome(100);
    const groupId = group();
    const seen: InRecord[] = [];
    const first = consume(groupId, async (records) => {
      seen.push(...records);
      return allOf(records);
    });
    await until(() => sent.every((n) => seen.some((record) => number(record) === n)), 8_000);
    for (let partition = 0; partition < partitions; partition++) {
      const numbers = seen.filter((record) => record.partition === partition).map(number);
      expect([...new Set(numbers)]).toEqual(sent.filter((n) => n % partitions === partition));
    }
    expect(first.silentMs).toBeLessThan(3_000);
    await first.close();
    seen.length = 0;
    const later = await sendSome(10);
    consume(groupId, async (records) => {
      seen.push(...records);
      return allOf(records);
    });
    await until(() => seen.length >= later.length, 8_000);
    expect(seen.map(number).sort((a, b) => a - b)).toEqual(later);
  });

  it("gives the rest of a half-done batch again, and what was done never again", async () => {
    const groupId = group();
    const rounds: number[][] = [];
    const sent = await sendSome(32);
    const mine = new Set(sent.filter((n) => n % partitions === 1));
    const times = new Map<number, number>();
    consume(groupId, async (records) => {
      if (records[0]?.partition !== 1) return allOf(records);
      rounds.push(records.map(number));
      // Of each round the first half is done, the rest fails; a single record is done at its second try.
      const half = Math.floor(records.length / 2);
      for (const record of records.slice(0, Math.max(half, 1)))
        times.set(number(record), (times.get(number(record)) ?? 0) + 1);
      if (records.length === 1 && rounds.filter(([n]) => n === rounds.at(-1)?.[0]).length < 2) return null;
      return records[Math.max(half, 1) - 1]?.offset ?? null;
    });
    await until(() => [...mine].every((n) => times.has(n)) && rounds.at(-1)?.length === 1, 12_000);
    for (const [before, after] of rounds.slice(1).map((round, i) => [rounds[i] ?? [], round] as const)) {
      const kept = before.length === 1 ? before : before.slice(Math.max(Math.floor(before.length / 2), 1));
      expect(after.slice(0, kept.length)).toEqual(kept);
    }
  });

  it("lets other partitions go on while one fails, and comes back to it", async () => {
    let broken = true;
    const done = new Set<number>();
    let refused = 0;
    const sent = await sendSome(20);
    consume(group(), async (records) => {
      if (broken && records[0]?.partition === 2) {
        refused++;
        throw new Error("the table is away");
      }
      for (const record of records) done.add(number(record));
      return allOf(records);
    });
    await until(() => sent.every((n) => n % partitions === 2 || done.has(n)) && refused >= 2, 8_000);
    const more = await sendSome(20);
    await until(() => more.every((n) => n % partitions === 2 || done.has(n)), 8_000);
    expect(sent.some((n) => n % partitions === 2 && done.has(n))).toBe(false);
    expect(refused).toBeLessThan(12);
    broken = false;
    await until(() => [...sent, ...more].every((n) => done.has(n)), 8_000);
  });

  it("hands its partitions to a second consumer and takes them back, nothing lost", async () => {
    const groupId = group();
    const seen = { a: new Set<number>(), b: new Set<number>() };
    const into = (set: Set<number>) => async (records: readonly InRecord[]) => {
      for (const record of records) set.add(number(record));
      return allOf(records);
    };
    consume(groupId, into(seen.a));
    const sent = await sendSome(40);
    await until(() => sent.every((n) => seen.a.has(n)), 8_000);
    const b = consume(groupId, into(seen.b));
    // Work is shared once both saw something of the same flow.
    const flow: number[] = [];
    await until(() => {
      if (flow.length < 4_000) void sendSome(8).then((numbers) => flow.push(...numbers));
      return flow.some((n) => seen.a.has(n)) && flow.some((n) => seen.b.has(n));
    }, 12_000);
    await b.close();
    const last = await sendSome(40);
    await until(() => [...flow, ...last].every((n) => seen.a.has(n) || seen.b.has(n)), 12_000);
    expect(last.every((n) => seen.a.has(n))).toBe(true);
  });

  it("is built anew after kafkajs gave up, and says so", async () => {
    const proxy = await openTcpProxy(kafka);
    const lines: string[] = [];
    const seen = new Set<number>();
    const consumer = consume(
      group(),
      async (records) => {
        for (const record of records) seen.add(number(record));
        return allOf(records);
      },
      {
        log: openLog("t", (line) => lines.push(line), false),
        dial: () => ({ host: "127.0.0.1", port: proxy.port }),
        reconnects: 1,
      },
    );
    const before = await sendSome(8);
    await until(() => before.every((n) => seen.has(n)), 8_000);
    proxy.refuse();
    proxy.cutAll();
    await until(
      () => lines.some((line) => line.includes("building it anew")),
      15_000,
      () => lines.join("\n"),
    );
    const meanwhile = await sendSome(8);
    await until(() => consumer.silentMs > 500, 3_000);
    proxy.heal();
    await until(
      () => meanwhile.every((n) => seen.has(n)),
      12_000,
      () => lines.join("\n"),
    );
    await proxy.close();
  });

  it("stands through a kill -9 of Kafka", async () => {
    const seen = new Set<number>();
    consume(group(), async (records) => {
      for (const record of records) seen.add(number(record));
      return allOf(records);
    });
    const before = await sendSome(8);
    await until(() => before.every((n) => seen.has(n)), 8_000);
    await kafka.kill();
    await kafka.start();
    const after = await sendSome(8);
    await until(() => after.every((n) => seen.has(n)), 10_000);
  });

  it("waits for a running handler when it is closed, and commits what it did", async () => {
    const groupId = group();
    let finish: (() => void) | undefined;
    const seen: number[] = [];
    const consumer = consume(groupId, async (records) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      seen.push(...records.map(number));
      return allOf(records);
    });
    const [first] = await sendSome(1);
    await until(() => finish !== undefined, 8_000);
    const closing = consumer.close();
    setTimeout(() => finish?.(), 50);
    await closing;
    expect(seen).toEqual([first]);
    consume(groupId, async (records) => {
      seen.push(...records.map(number));
      return allOf(records);
    });
    const [second] = await sendSome(1);
    await until(() => seen.length >= 2, 8_000);
    expect(seen).toEqual([first, second]);
  });

  it("closes within its bound although a handler never ends", async () => {
    let called = false;
    const consumer = consume(
      group(),
      () => {
        called = true;
        return new Promise(() => {});
      },
      { closeWithinMs: 200 },
    );
    await sendSome(1);
    await until(() => called, 8_000);
    const since = performance.now();
    await consumer.close();
    expect(performance.now() - since).toBeLessThan(5_000);
  });
});
