// Every road a message takes: MQTT topics per charge point, Kafka topics with their keys and partitions, and
// which event type goes where.
import { idPattern, shardCount, shardOf } from "./ids.ts";

export const mqttTopics = {
  engineEvents: (cp: string) => `ev/v1/${shardOf(cp)}/${cp}/engine/events`,
  monitorEvents: (cp: string) => `ev/v1/${shardOf(cp)}/${cp}/monitor/events`,
  commands: (cp: string) => `ev/v1/${shardOf(cp)}/${cp}/commands`,
  acks: (cp: string) => `ev/v1/${shardOf(cp)}/${cp}/acks`,
  canary: (feed: number) => `ev/v1/canary/${feed}`,
  /** Subscriptions of a bridge that carries every shard. */
  allEngineEvents: "ev/v1/+/+/engine/events",
  allMonitorEvents: "ev/v1/+/+/monitor/events",
  allCanaries: "ev/v1/canary/+",
  /** What a bridge tells its devices. */
  allCommands: "ev/v1/+/+/commands",
  allAcks: "ev/v1/+/+/acks",
  /** Subscriptions of a bridge that carries one shard. */
  shardEngineEvents: (shard: number) => `ev/v1/${shard}/+/engine/events`,
  shardMonitorEvents: (shard: number) => `ev/v1/${shard}/+/monitor/events`,
} as const;

const deviceTopic = /^ev\/v1\/(\d{1,2})\/([^/]+)\/(engine|monitor)\/events$/;

/** The charge point and source an uplink topic belongs to; undefined for every other topic. */
export function deviceOfTopic(topic: string): { cp: string; src: "engine" | "monitor" } | undefined {
  const match = deviceTopic.exec(topic);
  if (!match) return undefined;
  const [, shard, cp, src] = match;
  if (!cp || !idPattern.test(cp) || Number(shard) !== shardOf(cp)) return undefined;
  return { cp, src: src === "engine" ? "engine" : "monitor" };
}

const days = 86_400_000;

/** Kafka topics. Keys: `cp` = the charge point id, else the driver or resource id. */
export const kafkaTopics = {
  events: { name: "cp.events", key: "cp", retentionMs: 14 * days },
  telemetry: { name: "cp.telemetry", key: "cp", retentionMs: 2 * days },
  status: { name: "cp.status", key: "cp", retentionMs: 1 * days },
  commands: { name: "central.commands", key: "cp", retentionMs: 2 * days },
  driverRequests: { name: "driver.requests", key: "cp or driver", retentionMs: 14 * days },
  operatorRequests: { name: "operator.requests", key: "cp or resource", retentionMs: 14 * days },
  driverUpdates: { name: "driver.updates", key: "driver", retentionMs: 2 * days },
  deadLetters: { name: "dead-letters", key: "id", retentionMs: 30 * days },
} as const;

export type KafkaTopicName = (typeof kafkaTopics)[keyof typeof kafkaTopics]["name"];

/** Partitions per topic: 8 locally, 64 in the cloud. The number must divide 64, so that a shard has one partition. */
export const localPartitions = 8;

export function partitionOf(cp: string, partitions: number): number {
  return shardOf(cp) % partitions;
}

export function assertPartitions(partitions: number): void {
  if (!Number.isInteger(partitions) || partitions < 1 || shardCount % partitions !== 0)
    throw new Error(`partitions must divide ${shardCount}, got ${partitions}`);
}

/**
 * Where an event type goes in Kafka and whether the device waits for an acknowledgement. A type that this
 * version does not know goes to cp.events: an older bridge must not lose what a newer device says.
 */
export function roadOf(type: string): { topic: KafkaTopicName; acknowledged: boolean } {
  switch (type) {
    case "meter":
      return { topic: "cp.telemetry", acknowledged: true };
    case "status":
    case "will":
    case "canary":
      return { topic: "cp.status", acknowledged: false };
    default:
      return { topic: "cp.events", acknowledged: true };
  }
}
