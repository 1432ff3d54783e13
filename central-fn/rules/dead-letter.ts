// What a dead letter is about, and what its replay appends.
//
// 1. A replay is the same event as the letter's: an operator mends the form, never whose it is.
import {
  deviceOfTopic,
  type Envelope,
  type KafkaTopicName,
  maxEnvelopeBytes,
  type Parsed,
  parseEnvelope,
  roadOf,
} from "../../wire/messages/index.ts";
import type { DeadLetterRow } from "../tables/rows.ts";

/** The event of a letter, where its envelope could be read. */
export interface LetterEvent {
  cp: string;
  src: string;
  journal: string;
  epoch: number;
  seq: number;
}

/** A dead letter's record, to its topic again. */
export interface Replay {
  topic: KafkaTopicName;
  /** The charge point, whose partition it goes to when none is named. */
  key: string;
  partition?: number;
  value: string;
  timestampMs: number;
  deadLetter: string;
}

/** Topics on which a replay helps. Commands lie in their charge point's row and are published again by themselves. */
const replayable: readonly string[] = [
  "cp.events",
  "cp.telemetry",
  "cp.status",
  "driver.requests",
  "operator.requests",
] satisfies KafkaTopicName[];

const eventPattern = /^([A-Za-z0-9-]{1,32})\/(engine|monitor)\/([0-9a-f-]{8,36})\/(\d{1,16})\/(\d{1,16})$/;

export function eventOf({ event }: DeadLetterRow): LetterEvent | undefined {
  const [, cp, src, journal, epoch, seq] = eventPattern.exec(event ?? "") ?? [];
  if (!cp || !src || !journal) return undefined;
  return { cp, src, journal, epoch: Number(epoch), seq: Number(seq) };
}

/** The record that a replay appends, or why there is none. */
export function replayOf(
  letter: DeadLetterRow,
  event: LetterEvent | undefined,
  repaired: string | undefined,
): Parsed<Replay> {
  const bytes =
    repaired === undefined ? Buffer.from(letter.payloadBase64, "base64") : new TextEncoder().encode(repaired);
  const no = (reason: string): Parsed<Replay> => ({ ok: false, reason });
  if (bytes.byteLength > maxEnvelopeBytes) return no("it is longer than any record can be: dismiss it");
  const value = new TextDecoder().decode(bytes);
  const common = { value, timestampMs: letter.ingestMs ?? letter.atMs, deadLetter: letter.id };
  if (letter.where === "central" && letter.topic.endsWith(".requests")) {
    if (repaired !== undefined) return no("a request is not repaired: ask anew");
    const partition = Number(/\/(\d+)-\d+$/.exec(letter.id)?.[1] ?? 0);
    return {
      ok: true,
      value: { ...common, topic: letter.topic as KafkaTopicName, key: letter.id, partition },
    };
  }
  const device = letter.where === "bridge" ? deviceOfTopic(letter.topic) : event;
  if (!device) return no("it is of no charge point that is known for certain: dismiss it");
  const parsed = parseEnvelope(bytes);
  if (!parsed.ok) return no(`it is still not readable: ${parsed.reason}`);
  const envelope = parsed.value;
  if (envelope.cp !== device.cp || envelope.src !== device.src)
    return no(`it names ${envelope.cp}'s ${envelope.src}, and came from ${device.cp}'s ${device.src}`);
  if (event && !isSame(envelope, event)) return no("it is another event than the dead letter's");
  const { topic } = roadOf(envelope.type);
  if (!replayable.includes(letter.where === "central" ? letter.topic : topic))
    return no(`what is on ${letter.topic} cannot be replayed: dismiss it`);
  return { ok: true, value: { ...common, topic, key: envelope.cp } };
}

export function isSame(envelope: Envelope, { journal, epoch, seq }: LetterEvent): boolean {
  return envelope.journal === journal && envelope.epoch === epoch && envelope.seq === seq;
}
