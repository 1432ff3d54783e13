// Everything Kafka holds, and how far its groups have come, read over the protocol.
import { randomUUID } from "node:crypto";
import { centralGroup, centralTopics } from "../../central-fn/on-event/consume.ts";
import { openClient } from "../../wire/kafka/client.ts";
import { openConsumer } from "../../wire/kafka/index.ts";
import { kafkaTopics } from "../../wire/messages/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { eventually } from "../support/live-fleet.ts";
import type { History, KafkaEntry } from "./history.ts";

const topics = Object.values(kafkaTopics).map(({ name }) => name);
const groups = [
  { group: centralGroup, topics: [...centralTopics] as string[] },
  { group: "bridge", topics: [kafkaTopics.commands.name] as string[] },
];

const patience = { ordinaryMs: 10_000, joinMs: 10_000 };

function openAdmin(broker: string) {
  return openClient({ brokers: [broker], clientId: "chaos-admin", log: silentLog }, patience).kafka.admin();
}

/** Committed and end offsets of the product's groups. */
export async function readOffsets(broker: string): Promise<History["offsets"]> {
  const admin = openAdmin(broker);
  await admin.connect();
  try {
    const offsets: History["offsets"] = [];
    for (const { group, topics: read } of groups)
      for (const { topic, partitions } of await admin.fetchOffsets({ groupId: group, topics: read })) {
        const ends = await admin.fetchTopicOffsets(topic);
        for (const { partition, offset } of partitions) {
          const end = Number(ends.find((one) => one.partition === partition)?.high ?? 0);
          offsets.push({ group, topic, partition, committed: Math.max(0, Number(offset)), end });
        }
      }
    return offsets;
  } finally {
    await admin.disconnect();
  }
}

/** All records of all topics, in the order of each partition. */
export async function readKafka(broker: string, withinMs: number): Promise<History["kafka"]> {
  const admin = openAdmin(broker);
  await admin.connect();
  const missing = new Map<string, number>();
  for (const topic of topics)
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
      if (Number(high) > Number(low)) missing.set(`${topic}/${partition}`, Number(high) - 1);
  await admin.disconnect();
  const read: Record<string, KafkaEntry[]> = Object.fromEntries(topics.map((topic) => [topic, []]));
  const consumer = openConsumer({
    brokers: [broker],
    clientId: "chaos-reader",
    log: silentLog,
    groupId: `chaos-${randomUUID()}`,
    topics,
    async onBatch(records) {
      for (const { topic, partition, offset, key, value } of records) {
        read[topic]?.push({ partition, offset: Number(offset), key, value: new TextDecoder().decode(value) });
        const last = missing.get(`${topic}/${partition}`);
        if (last !== undefined && Number(offset) >= last) missing.delete(`${topic}/${partition}`);
      }
      return records.at(-1)?.offset ?? null;
    },
  });
  try {
    await eventually("all of Kafka read", () => missing.size === 0 || undefined, withinMs);
  } finally {
    await consumer.close();
  }
  for (const entries of Object.values(read))
    entries.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  return read;
}
