// Kafka → MQTT. A command counts as done when the broker's PUBACK came, or its dead letter is in Kafka; only then
// does its offset move. Commands that waited too long expire by themselves, at the device.
//
// 1. Per charge point in the order of the log; beside each other over charge points.
// 2. While MQTT is down nothing is done and nothing is skipped: the consumer gives the batch again.

import {
  type ConsumerHandle,
  type DoneUpTo,
  doneBefore,
  type InRecord,
  type KafkaAddress,
  openConsumer,
  type Producer,
} from "../wire/kafka/index.ts";
import { kafkaTopics } from "../wire/messages/index.ts";
import type { Link } from "../wire/mqtt/port.ts";
import { errorText, type Log } from "../wire/process/log.ts";
import { chainsOf, readDownlink } from "./downlink.rules.ts";

export interface DownlinkOptions {
  producer: Pick<Producer, "send">;
  link: Pick<Link, "connected" | "publish">;
  partitions: number;
  log: Log;
  /** Wall clock, milliseconds. */
  nowMs?: () => number;
}

export interface DownlinkCounts {
  /** Commands the broker has taken. */
  delivered: number;
  deadLetters: number;
}

export interface Downlink extends ConsumerHandle {
  readonly counts: Readonly<DownlinkCounts>;
}

/** Unacknowledged messages per batch: the link refuses far more. */
const atOnce = 500;

/** Joins the group `bridge`, which all bridges share: any of them reaches any charge point. */
export function openDownlink(address: KafkaAddress, options: DownlinkOptions): Downlink {
  const counts: DownlinkCounts = { delivered: 0, deadLetters: 0 };
  const consumer = openConsumer({
    ...address,
    // It names the bridge, and a bridge runs once: a second of its name would take over its MQTT connection too.
    soleClientId: true,
    groupId: "bridge",
    topics: [kafkaTopics.commands.name],
    closeWithinMs: 3_000,
    onBatch: (records) => deliver(records, options, counts),
  });
  return {
    counts,
    get silentMs() {
      return consumer.silentMs;
    },
    close: () => consumer.close(),
  };
}

/** Delivers the records of one partition; the offset up to which all are with the broker or dead letters. */
export async function deliver(
  records: readonly InRecord[],
  options: DownlinkOptions,
  counts: DownlinkCounts,
): Promise<DoneUpTo> {
  for (let from = 0; from < records.length; from += atOnce) {
    const failed = await deliverSome(records.slice(from, from + atOnce), options, counts);
    if (failed !== null) return doneBefore(records, [from + failed]);
  }
  return doneBefore(records, []);
}

/** Index of the first record that is not done, or null. */
async function deliverSome(
  records: readonly InRecord[],
  { producer, link, partitions, log, nowMs = Date.now }: DownlinkOptions,
  counts: DownlinkCounts,
): Promise<number | null> {
  if (!link.connected) return 0;
  const deliveries = records.map((record) => readDownlink(record, nowMs(), partitions));
  const one = async (index: number): Promise<boolean> => {
    const delivery = deliveries[index];
    if (!delivery) return true;
    if (delivery.is === "publish") {
      const taken = await link.publish(delivery.topic, delivery.payload, 1);
      if (taken) counts.delivered++;
      return taken;
    }
    log.warn(`dead letter ${delivery.record.key}: ${delivery.reason}`);
    try {
      await producer.send([delivery.record]);
    } catch (error) {
      log.error(`dead letter ${delivery.record.key} not stored: ${errorText(error)}`);
      return false;
    }
    counts.deadLetters++;
    return true;
  };
  const chain = async (indices: readonly number[]): Promise<number | null> => {
    for (const index of indices) if (!(await one(index))) return index;
    return null;
  };
  const stopped = await Promise.all(chainsOf(deliveries).map(chain));
  const indices = stopped.filter((index) => index !== null);
  return indices.length > 0 ? Math.min(...indices) : null;
}
