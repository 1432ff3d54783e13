import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  ensureTopics,
  type InRecord,
  openProducer,
  type Producer,
  type ProducerOptions,
  SendRefused,
} from "../../../wire/kafka/index.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { openTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";
import { numbered, readLog, type StandIn, startStandIn, until } from "./stand-in.ts";

const partitions = 4;
const produce = 0;
const isProduce = (request: Uint8Array) => ((request[4] ?? 0) << 8) + (request[5] ?? 0) === produce;

let kafka: StandIn;
let proxy: TcpProxy;
let producer: Producer;

beforeAll(async () => {
  kafka = await startStandIn();
});
afterAll(async () => {
  await kafka.remove();
});
beforeEach(async () => {
  await ensureTopics({ brokers: kafka.brokers, clientId: "t", log: silentLog, partitions, replication: 1 });
  proxy = await openTcpProxy(kafka);
});
afterEach(async () => {
  await producer.close();
  await proxy.close();
});

function open(options: Partial<ProducerOptions> = {}): Producer {
  return openProducer({
    brokers: kafka.brokers,
    clientId: "t",
    log: silentLog,
    deadAfterMs: 400,
    dial: () => ({ host: "127.0.0.1", port: proxy.port }),
    ...options,
  });
}

let next = 1;
/** Sends so many records, a few per call, all calls without waiting for each other. */
function sendMany(count: number): { first: number; done: Promise<unknown> } {
  const first = next;
  const calls: Promise<void>[] = [];
  for (let sent = 0; sent < count; ) {
    const size = Math.min(1 + (sent % 7), count - sent);
    calls.push(producer.send(Array.from({ length: size }, () => numbered(next, next++ % partitions))));
    sent += size;
  }
  return { first, done: Promise.all(calls) };
}

/** The numbers from `first` on, per partition in log order. */
function perPartition(records: readonly InRecord[], first: number): number[][] {
  const logs: number[][] = Array.from({ length: partitions }, () => []);
  for (const { partition, value } of records) {
    const n = Number(Buffer.from(value).toString());
    if (n >= first) logs[partition]?.push(n);
  }
  return logs;
}

/** Asserts that nothing is lost, and that a partition only steps forward by one or back to repeat a batch. */
async function expectComplete(first: number): Promise<{ repeats: number }> {
  const last = next - 1;
  const numbers = (records: readonly InRecord[]) =>
    new Set(records.map(({ value }) => Number(Buffer.from(value).toString())).filter((n) => n >= first));
  const records = await readLog(kafka.brokers, ["cp.events"], (all) => numbers(all).size >= last - first + 1);
  let repeats = 0;
  for (const log of perPartition(records, first)) {
    for (let i = 1; i < log.length; i++) {
      const step = (log[i] ?? 0) - (log[i - 1] ?? 0);
      if (step <= 0) repeats++;
      else expect(step).toBe(partitions);
    }
  }
  return { repeats };
}

describe("the producer", () => {
  it("has one batch on its way; what arrives meanwhile is the next batch", async () => {
    producer = open({ deadAfterMs: 5_000 });
    // Topics just made may have partitions whose leader is not ready yet: that is over when each took a record.
    await producer.send(Array.from({ length: partitions }, (_, partition) => numbered(0, partition)));
    const requests: Uint8Array[] = [];
    proxy.loseAnswerTo((request) => {
      if (isProduce(request)) requests.push(request);
      return false;
    });
    proxy.delayAnswers(60);
    const calls = [producer.send([numbered(0, 0)])];
    await until(() => requests.length === 1, 2_000);
    for (let i = 0; i < 20; i++) {
      calls.push(producer.send([numbered(0, i % partitions)]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(producer.backlog).toBe(21);
    expect(requests).toHaveLength(1);
    await Promise.all(calls);
    expect(requests).toHaveLength(2);
    expect(producer).toMatchObject({ backlog: 0, stalledMs: 0 });
  });

  it("lets records come together after a batch of many, and after a batch of few sends at once", async () => {
    producer = open({ gatherMs: 300 });
    const many = () => producer.send(Array.from({ length: 40 }, () => numbered(next++, 0)));
    await many();
    const began = performance.now();
    await many();
    await many();
    expect(performance.now() - began).toBeGreaterThan(400);
    await producer.close();
    producer = open({ gatherMs: 600_000 });
    for (let i = 0; i < 5; i++) await producer.send([numbered(next++, 0)]);
  });

  it("loses nothing and keeps the order when answers to produce are lost", async () => {
    producer = open();
    let produces = 0;
    let lost = 0;
    proxy.loseAnswerTo((request) => {
      if (!isProduce(request) || produces++ % 2 !== 1 || lost === 4) return false;
      lost++;
      return true;
    });
    const first = next;
    for (let round = 0; round < 6; round++) await sendMany(150).done;
    expect(lost).toBe(4);
    expect(await expectComplete(first)).toMatchObject({ repeats: lost * partitions });
  });

  it("loses nothing when connections are cut in the middle of a request", async () => {
    producer = open();
    const first = next;
    for (const bytes of [300, 2_000, 5_000]) {
      proxy.cutAfterBytes(bytes);
      await sendMany(300).done;
    }
    await expectComplete(first);
  });

  it("leaves a black hole by itself and delivers what waited", async () => {
    producer = open();
    const { first, done } = sendMany(10);
    await done;
    proxy.blackHole();
    const waiting = sendMany(100);
    await until(() => producer.stalledMs > 500, 3_000);
    expect(producer.backlog).toBe(100);
    proxy.heal();
    const since = performance.now();
    await waiting.done;
    // kafkajs alone would sit on the dead connection until its own time-out, seconds later.
    expect(performance.now() - since).toBeLessThan(3_000);
    await expectComplete(first);
  });

  it("opens while Kafka is down, and has every acknowledged record after a kill -9 in the middle of sending", async () => {
    await kafka.kill();
    producer = open({ dial: (host, port) => ({ host, port }) });
    const { first, done } = sendMany(20);
    await until(() => producer.stalledMs > 100, 3_000);
    await kafka.start();
    await done;
    const flood = Array.from({ length: 10 }, () => sendMany(200).done);
    await flood[0];
    await kafka.kill();
    const after = sendMany(50).done;
    await kafka.start();
    await Promise.all([...flood, after]);
    await expectComplete(first);
  });

  it("refuses only the record that can never be sent", async () => {
    producer = open({ placeGraceMs: 1_000 });
    const first = next;
    const good = sendMany(30);
    const bad = [
      producer.send([{ ...numbered(0, 0), value: "x".repeat(1_100_000) }]),
      producer.send([{ ...numbered(0, 0), topic: "no.such.topic" }]),
      producer.send([numbered(0, 99), numbered(next, next++ % partitions)]),
    ];
    const more = sendMany(30);
    const reasons = await Promise.all(bad.map((call) => call.then(String, (error: unknown) => error)));
    for (const reason of reasons) {
      if (!(reason instanceof SendRefused)) throw new Error(`not refused: ${String(reason)}`);
      expect(reason.refused).toHaveLength(1);
    }
    await Promise.all([good.done, more.done]);
    await expectComplete(first);
    const late = performance.now();
    await expect(producer.send([{ ...numbered(0, 0), topic: "no.such.topic" }])).rejects.toThrow(SendRefused);
    expect(performance.now() - late).toBeLessThan(900);
  });

  it("closes within its bound although Kafka does not answer, and rejects what it cannot vouch for", async () => {
    producer = open({ closeWithinMs: 200 });
    await producer.send([numbered(0, 0)]);
    proxy.blackHole();
    const outcome = producer.send([numbered(0, 0)]).then(String, (error: unknown) => error);
    const since = performance.now();
    await producer.close();
    expect(performance.now() - since).toBeLessThan(3_000);
    expect(await outcome).toBeInstanceOf(SendRefused);
    await expect(producer.send([numbered(0, 0)])).rejects.toThrow(SendRefused);
  });
});
