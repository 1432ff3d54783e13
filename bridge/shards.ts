// Which part of the fleet this bridge carries: every shard, or a list of them with one process per list.
import { mqttTopics, shardCount } from "../wire/messages/index.ts";

export type Shards = "all" | readonly number[];

/** `all`, or numbers like `0,5,7`; undefined when it is neither. */
export function shardsOf(text: string): Shards | undefined {
  if (text === "all") return "all";
  const shards = text.split(",").map((part) => (/^\d{1,2}$/.test(part.trim()) ? Number(part) : -1));
  return shards.every((shard) => shard >= 0 && shard < shardCount) ? [...new Set(shards)] : undefined;
}

/** The Kafka partitions those shards go to: a canary for each. */
export function feedsOf(shards: Shards, partitions: number): number[] {
  if (shards === "all") return Array.from({ length: partitions }, (_, feed) => feed);
  return [...new Set(shards.map((shard) => shard % partitions))].sort((a, b) => a - b);
}

/** Events at QoS 1, so that a busy broker queues rather than drops; a canary that is lost has a successor. */
export function subscriptionsOf(shards: Shards, partitions: number): { topic: string; qos: 0 | 1 }[] {
  const events =
    shards === "all"
      ? [mqttTopics.allEngineEvents, mqttTopics.allMonitorEvents]
      : shards.flatMap((shard) => [
          mqttTopics.shardEngineEvents(shard),
          mqttTopics.shardMonitorEvents(shard),
        ]);
  const canaries =
    shards === "all"
      ? [mqttTopics.allCanaries]
      : feedsOf(shards, partitions).map((feed) => mqttTopics.canary(feed));
  return [
    ...events.map((topic) => ({ topic, qos: 1 as const })),
    ...canaries.map((topic) => ({ topic, qos: 0 as const })),
  ];
}
