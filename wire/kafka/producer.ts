// The safe producer: one batch on its way at a time, sent again unchanged until Kafka has it.
//
// 1. One `sendBatch` in flight: concurrent sends of kafkajs arrive reordered, and lose records when answers are lost.
// 2. After a failure the identical batch goes out through a fresh client before anything newer: order holds, and a
//    duplicate is always the repeat of a whole batch.
// 3. `idempotent` is off. kafkajs rolls its sequence numbers back after an error, so a later batch can be taken for
//    a repeat of one that had arrived: acknowledged, yet not in the log; and it has no way out of
//    OUT_OF_ORDER_SEQUENCE but a new producer id, which gives the duplicate anyway. Readers de-duplicate by event
//    identity, so a repeat costs nothing and a loss would cost a bill.
// 4. An answer must name every partition of the batch: kafkajs drops records of partitions it does not know, and
//    forgets those whose leader moved between its own retries.
import type { Producer as KafkaJsProducer } from "kafkajs";
import { errorText } from "../process/log.ts";
import { type Call, openQueue, settle, type Waiting } from "./batching.ts";
import { type Client, type KafkaAddress, openClient } from "./client.ts";
import { afterFailure, type Failure, failureOf, retryPauseMs } from "./failure.ts";
import type { Producer } from "./port.ts";
import { encodeProducesHere, toTopicMessages } from "./produce-request.ts";
import { recordBytes } from "./record-batch.ts";
import { SendRefused } from "./refused.ts";
import { unanswered } from "./unanswered.ts";

export interface ProducerOptions extends KafkaAddress {
  /** A socket without an answer for so long is destroyed. Default 4 s. */
  deadAfterMs?: number;
  /** A missing topic is waited for so long before its records are refused. Default 30 s. */
  placeGraceMs?: number;
  /**
   * After a batch of many records the next starts at the earliest so long after it, so that it has many too. Default 0:
   * at once.
   */
  gatherMs?: number;
  /** How long `close` lets the backlog drain. Default 3 s. */
  closeWithinMs?: number;
}

const limits = { records: 1_000, bytes: 512 * 1024 };
/** Below message.max.bytes of Kafka (1,048,588) with the batch's own header. */
const maxRecordBytes = 1_000_000;
/** A batch from which on the producer counts as busy. */
const manyRecords = 32;
const outageLineEveryMs = 30_000;

/** Opens without a connection: Kafka may be down, records wait. */
export function openProducer(options: ProducerOptions): Producer {
  const { log, deadAfterMs = 4_000, placeGraceMs = 30_000, gatherMs = 0, closeWithinMs = 3_000 } = options;
  const queue = openQueue();
  const lateTopics = new Set<string>();
  let connection: { client: Client; producer: KafkaJsProducer } | undefined;
  let brokers = [...options.brokers];
  let backlog = 0;
  let triedSince = 0;
  let closed = false;
  let running: Promise<void> | undefined;
  let wake: (() => void) | undefined;

  async function connected(): Promise<KafkaJsProducer> {
    if (connection) return connection.producer;
    const client = openClient({ ...options, brokers }, { ordinaryMs: deadAfterMs, joinMs: deadAfterMs });
    const producer = client.kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      retry: { retries: 0 },
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
    connection = { client, producer };
    encodeProducesHere();
    await producer.connect();
    return producer;
  }

  function discard(why: string): void {
    connection?.client.destroy(why);
    connection = undefined;
    // The next client asks another broker first.
    brokers = [...brokers.slice(1), ...brokers.slice(0, 1)];
  }

  async function tryOnce(batch: readonly Waiting[]): Promise<Failure | undefined> {
    try {
      const producer = await connected();
      // Kafka itself must give up waiting for replicas before the socket is taken for dead.
      const topicMessages = toTopicMessages(batch);
      const answer = await producer.sendBatch({
        topicMessages,
        acks: -1,
        timeout: Math.max(500, deadAfterMs - 1_000),
      });
      return unanswered(topicMessages, answer);
    } catch (error) {
      return failureOf(error);
    }
  }

  async function deliver(batch: readonly Waiting[], missingSince = 0): Promise<void> {
    let outage = 0;
    let saidAt = 0;
    for (let attempt = 1; !closed; attempt++) {
      const failure = await tryOnce(batch);
      if (!failure) {
        if (lateTopics.size > 0) for (const { record } of batch) lateTopics.delete(record.topic);
        backlog -= batch.length;
        for (const waiting of batch) settle(waiting);
        if (outage > 0)
          log.info(
            `Kafka took the batch after ${Math.round(performance.now() - outage)} ms, ${backlog} records wait`,
          );
        return;
      }
      discard(failure.text);
      const now = performance.now();
      outage ||= now;
      if (failure.is === "place") missingSince ||= now;
      const overdue =
        (missingSince > 0 && now - missingSince >= placeGraceMs) ||
        batch.some((waiting) => lateTopics.has(waiting.record.topic));
      switch (afterFailure({ failure, records: batch.length, overdue })) {
        case "halve": {
          const middle = batch.length >> 1;
          await deliver(batch.slice(0, middle), missingSince);
          return deliver(batch.slice(middle), missingSince);
        }
        case "refuse":
          for (const waiting of batch) {
            if (failure.is === "place") lateTopics.add(waiting.record.topic);
            log.error(`Kafka refuses a record for ${waiting.record.topic}: ${failure.text}`);
            refuse(waiting, failure.text);
          }
          return;
        case "again":
          if (saidAt === 0 || now - saidAt >= outageLineEveryMs) {
            saidAt = now;
            log.warn(
              `Kafka did not take a batch of ${batch.length}, ${backlog} records wait: ${failure.text}`,
            );
          }
          await pause(retryPauseMs(attempt, Math.random()));
      }
    }
    for (const waiting of batch) refuse(waiting, "the producer was closed first");
  }

  function refuse(waiting: Waiting, reason: string): void {
    backlog--;
    settle(waiting, reason);
  }

  function pause(ms: number): Promise<void> {
    if (closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.take(limits);
      triedSince = performance.now();
      const began = triedSince;
      await deliver(batch);
      triedSince = 0;
      const early = began + gatherMs - performance.now();
      if (batch.length >= manyRecords && queue.length < limits.records && early > 0) await pause(early);
    }
  }

  function start(): void {
    // Whatever is sent in the same turn of the event loop shares the first batch.
    running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(run).finally(() => {
      running = undefined;
      if (queue.length > 0) start();
    });
  }

  return {
    get backlog() {
      return backlog;
    },
    get stalledMs() {
      return triedSince === 0 ? 0 : performance.now() - triedSince;
    },
    send(records) {
      if (closed)
        return Promise.reject(new SendRefused(records.map((record) => ({ record, reason: "closed" }))));
      if (records.length === 0) return Promise.resolve();
      return new Promise<void>((resolve, reject) => {
        const call: Call = {
          open: records.length,
          refused: [],
          settled: (refused) => (refused.length > 0 ? reject(new SendRefused(refused)) : resolve()),
        };
        for (const record of records) {
          const bytes = recordBytes(record);
          if (bytes > maxRecordBytes) {
            settle({ record, call }, `record of ${bytes} bytes, at most ${maxRecordBytes} allowed`);
            continue;
          }
          backlog++;
          queue.put({ record, bytes, call });
        }
        start();
      });
    },
    async close() {
      if (closed) return;
      const deadline = new Promise<void>((resolve) => setTimeout(resolve, closeWithinMs).unref());
      await Promise.race([running, deadline]);
      closed = true;
      wake?.();
      if (running) discard("the producer is closed");
      await running;
      await connection?.producer.disconnect().catch((error: unknown) => log.debug(errorText(error)));
      discard("the producer is closed");
    },
  };
}
