// The form of a dead letter of the bridge: same bytes at the same place, same id, however often they come.
import { createHash } from "node:crypto";
import type { OutRecord } from "../wire/kafka/port.ts";
import { type DeadLetter, kafkaTopics, partitionOf } from "../wire/messages/index.ts";

export interface Offence {
  /** MQTT or Kafka topic it came from. */
  topic: string;
  payload: Uint8Array;
  reason: string;
  /** The charge point it concerns, where known: its dead letters share a partition. */
  cp?: string;
  /** Identity of the event, where readable. */
  event?: string;
  /** What names it there, when not its bytes: an offset. */
  place?: string;
}

const maxTopicChars = 64;
const maxPayloadBytes = 72_000;

/** The same for every delivery of the same bytes on the same topic; at most 128 characters, as a nack carries it. */
export function deadLetterId({ topic, payload, place }: Offence): string {
  const name = place ?? createHash("sha256").update(payload).digest("hex").slice(0, 32);
  return `${topic.slice(0, maxTopicChars)}/${name}`;
}

/** The record for dead-letters. `atMs` is the wall clock. Payloads beyond 72 kB are cut, and the reason says so. */
export function deadLetterRecord(offence: Offence, atMs: number, partitions: number): OutRecord {
  const { topic, payload, reason, cp, event } = offence;
  const cut =
    payload.byteLength > maxPayloadBytes ? ` (first ${maxPayloadBytes} of ${payload.byteLength} bytes)` : "";
  const letter: DeadLetter = {
    v: 1,
    id: deadLetterId(offence),
    where: "bridge",
    topic: topic.slice(0, 200),
    reason: reason.slice(0, 900) + cut,
    payloadBase64: Buffer.from(payload.subarray(0, maxPayloadBytes)).toString("base64"),
    ...(event === undefined ? {} : { event: event.slice(0, 200) }),
    atMs,
  };
  return {
    topic: kafkaTopics.deadLetters.name,
    key: letter.id,
    partition: cp === undefined ? 0 : partitionOf(cp, partitions),
    value: JSON.stringify(letter),
    timestampMs: atMs,
  };
}
