// Makes the topics of wire/messages and proves that they have the partitions every program computes with.
import type { Admin } from "kafkajs";
import { assertPartitions, kafkaTopics } from "../messages/index.ts";
import { errorText } from "../process/log.ts";
import { type KafkaAddress, openClient } from "./client.ts";
import { retryPauseMs } from "./failure.ts";

export interface TopicsOptions extends KafkaAddress {
  /** Per topic; divides 64. */
  partitions: number;
  replication: number;
  /** Gives up with the last error after so long. Default: never. */
  giveUpAfterMs?: number;
}

/** A topic exists with other partitions than this configuration says: keys would move. No retry helps. */
export class TopicsDiffer extends Error {
  readonly retriable = false;
}

const progressEveryMs = 5_000;

/** Waits for Kafka, creates what is missing, and throws TopicsDiffer where a partition count is wrong. */
export async function ensureTopics(options: TopicsOptions): Promise<void> {
  assertPartitions(options.partitions);
  const { log, brokers, giveUpAfterMs = Number.POSITIVE_INFINITY } = options;
  const since = performance.now();
  let saidAt = since;
  for (let attempt = 1; ; attempt++) {
    const order = brokers.map((_, i) => brokers[(i + attempt - 1) % brokers.length] ?? "");
    const client = openClient({ ...options, brokers: order }, { ordinaryMs: 5_000, joinMs: 5_000 });
    const admin = client.kafka.admin({ retry: { retries: 1 } });
    try {
      await admin.connect();
      await createMissing(admin, options);
      await assertCounts(admin, options);
      return;
    } catch (error) {
      const waited = performance.now() - since;
      if (error instanceof TopicsDiffer || waited > giveUpAfterMs) throw error;
      if (performance.now() - saidAt >= progressEveryMs) {
        saidAt = performance.now();
        log.info(
          `waiting for Kafka at ${brokers.join(",")} since ${Math.round(waited / 1_000)} s: ${errorText(error)}`,
        );
      }
    } finally {
      await admin.disconnect().catch((error: unknown) => log.debug(`admin: ${errorText(error)}`));
      client.destroy("topics are done");
    }
    await new Promise((resolve) => setTimeout(resolve, retryPauseMs(attempt, Math.random())));
  }
}

async function createMissing(admin: Admin, { partitions, replication, log }: TopicsOptions): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = Object.values(kafkaTopics).filter((topic) => !existing.has(topic.name));
  if (missing.length === 0) return;
  // Another process may be faster: kafkajs then answers false, which is as good.
  await admin.createTopics({
    waitForLeaders: true,
    topics: missing.map((topic) => ({
      topic: topic.name,
      numPartitions: partitions,
      replicationFactor: replication,
      configEntries: [
        { name: "retention.ms", value: String(topic.retentionMs) },
        // Acknowledged by all means by two at least: else a lone leader's disk would be the only one that has it.
        ...(replication > 1 ? [{ name: "min.insync.replicas", value: "2" }] : []),
      ],
    })),
  });
  log.info(`Kafka topics made: ${missing.map((topic) => topic.name).join(", ")}`);
}

async function assertCounts(admin: Admin, { partitions }: TopicsOptions): Promise<void> {
  const names = Object.values(kafkaTopics).map((topic) => topic.name);
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const counts = topics.map(({ name, partitions: found }) => ({ name, count: found.length }));
  const wrong = counts.filter(({ count }) => count !== partitions);
  if (wrong.length === 0) return;
  const found = wrong.map(({ name, count }) => `${name} has ${count}`).join(", ");
  throw new TopicsDiffer(
    `Kafka topics must have ${partitions} partitions (PARTITIONS), but ${found}: set PARTITIONS to that, or use ` +
      "topics of another cluster; the number cannot change while records are kept",
  );
}
