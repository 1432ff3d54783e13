// Why the producer is not kafkajs's idempotent one: with overlapping sends, one lost answer makes it acknowledge a
// record that is not in the log. kafkajs as it is and our producer meet the same losses.
import { connect } from "node:net";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { afterEach, describe, expect, test } from "vitest";
import { openTcpProxy, type TcpProxy } from "../../simulator/faults/tcp-proxy.ts";
import { allOf, openConsumer, openProducer } from "../../wire/kafka/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { until } from "../wire/mqtt/support.ts";
import { newTopic } from "./bad-network.kafka.ts";
import { failOnUnhandledRejections } from "./bad-network.watch.ts";

const loopback = "127.0.0.1";
const records = 400;
const overlapping = 10;
const produce = 0;

export function overlappingSends(name: string, bootstrap: () => string): void {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function throughProxy(): Promise<{ topic: string; proxy: TcpProxy; lost(): number }> {
    const topic = await newTopic(bootstrap(), 1);
    const proxy = await openTcpProxy({ port: Number(bootstrap().split(":")[1]) });
    ends.push(() => proxy.close());
    let asked = 0;
    let lost = 0;
    proxy.loseAnswerTo((request) => {
      if (((request[4] ?? 0) << 8) + (request[5] ?? 0) !== produce || ++asked % 20 !== 0 || lost === 15)
        return false;
      lost += 1;
      return true;
    });
    return { topic, proxy, lost: () => lost };
  }

  /** Ten senders, each with one record on its way; answers the values that were acknowledged. */
  async function sendAll(send: (value: string) => Promise<unknown>): Promise<string[]> {
    const acknowledged: string[] = [];
    let next = 0;
    const sender = async () => {
      while (next < records) {
        const value = String(next++);
        await send(value).then(
          () => acknowledged.push(value),
          () => {}, // refused: nobody was told that it is in the log
        );
      }
    };
    await Promise.all(Array.from({ length: overlapping }, sender));
    return acknowledged;
  }

  /** Everything in the log: up to a last record that is sent over a good line. */
  async function logOf(topic: string): Promise<string[]> {
    const values: string[] = [];
    const producer = openProducer({ brokers: [bootstrap()], clientId: "t", log: silentLog });
    await producer.send([{ topic, key: "k", partition: 0, value: "end" }]);
    await producer.close();
    const consumer = openConsumer({
      brokers: [bootstrap()],
      clientId: "t",
      log: silentLog,
      groupId: `${topic}-log`,
      topics: [topic],
      onBatch(batch) {
        values.push(...batch.map(({ value }) => Buffer.from(value).toString()));
        return Promise.resolve(allOf(batch));
      },
    });
    ends.push(() => consumer.close());
    await until("the end of the log", () => values.at(-1) === "end", 20_000);
    await consumer.close();
    return values;
  }

  describe(`lost answers and overlapping sends: ${name}`, { timeout: 90_000 }, () => {
    failOnUnhandledRejections();

    test("the idempotent producer of kafkajs acknowledges records that are not in the log", async () => {
      const { topic, proxy, lost } = await throughProxy();
      const kafka = new Kafka({
        brokers: [bootstrap()],
        clientId: "bare",
        logLevel: logLevel.NOTHING,
        retry: { initialRetryTime: 20, maxRetryTime: 50, retries: 50 },
        socketFactory: ({ onConnect }) => connect({ host: loopback, port: proxy.port }, onConnect),
      });
      const producer = kafka.producer({
        idempotent: true,
        createPartitioner: Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      ends.push(() => producer.disconnect());
      const acknowledged = await sendAll((value) =>
        producer.send({ topic, messages: [{ key: "k", value, partition: 0 }] }),
      );
      expect(lost()).toBeGreaterThan(0);
      const log = new Set(await logOf(topic));
      const missing = acknowledged.filter((value) => !log.has(value));
      process.stderr.write(
        `${name}, kafkajs idempotent: ${lost()} answers lost, ${acknowledged.length} of ${records} acknowledged, ` +
          `${missing.length} of them not in the log\n`,
      );
      // The day this fails kafkajs can be trusted, and docs/decisions/010 be thought over.
      expect(missing.length).toBeGreaterThan(0);
    });

    test("our producer loses none of the same, and keeps their order", async () => {
      const { topic, proxy, lost } = await throughProxy();
      const producer = openProducer({
        brokers: [bootstrap()],
        clientId: "ours",
        log: silentLog,
        dial: () => ({ host: loopback, port: proxy.port }),
      });
      ends.push(() => producer.close());
      const acknowledged = await sendAll((value) =>
        producer.send([{ topic, key: "k", partition: 0, value }]),
      );
      expect([lost(), acknowledged.length]).toEqual([expect.any(Number), records]);
      expect(lost()).toBeGreaterThan(0);
      const log = (await logOf(topic)).slice(0, -1).map(Number);
      // Without the repeats each is one more than the one before.
      let last = -1;
      for (const value of log) if (value > last) expect(value).toBe(++last);
      expect(last).toBe(records - 1);
    });
  });
}
