// Dead letters resolved: replayed to the topic where their record belongs, or dismissed.
//
// 1. A replay has no effect twice: its handler de-duplicates as for every record, and one that is still of no use
//    opens its own letter again.
// 2. Only what is the same event as the letter's goes out repaired: an operator mends the form, never whose it is.
// 3. A device keeps what the bridge refused. It is told at once when such a letter is resolved, and again at each hello.
import {
  deviceOfTopic,
  type Envelope,
  type KafkaTopicName,
  maxEnvelopeBytes,
  type OtherRequest,
  type Parsed,
  parseEnvelope,
  roadOf,
} from "../../wire/messages/index.ts";
import { see, signOfClone } from "../rules/marks.ts";
import { operatorKeys, type UnparkedRow } from "../tables/operator-rows.ts";
import type { Key } from "../tables/port.ts";
import { type CpRow, type DeadLetterRow, keys } from "../tables/rows.ts";
import { replayed } from "./dead-letters.ts";
import { sayProcessed } from "./device-event.ts";
import { CpDraft } from "./draft.ts";
import type { Refused } from "./operator-requests.ts";
import { type Need, type Replay, type Rows, unread } from "./plan.ts";

type LetterRequest = Extract<OtherRequest, { type: "replay-letter" | "dismiss-letter" }>;
type Decided = { draft: CpDraft; refused: Refused };

/** The event of a letter, where its envelope could be read. */
interface Event {
  cp: string;
  src: string;
  journal: string;
  epoch: number;
  seq: number;
}

const unparkedAtMost = 32;
/** Topics on which a replay helps. Commands lie in their charge point's row and are published again by themselves. */
const replayable: readonly string[] = [
  "cp.events",
  "cp.telemetry",
  "cp.status",
  "driver.requests",
  "operator.requests",
] satisfies KafkaTopicName[];

export function planLetter(rows: Rows, request: LetterRequest, nowMs: number): Need | Decided {
  const letterKey = keys.deadLetter(request.letter);
  const need = unread(rows, [letterKey]);
  if (need) return need;
  const letter = rows.get<DeadLetterRow>(letterKey)?.value;
  const event = letter && eventOf(letter);
  const needCp = unread(rows, event ? cpKeys(event) : []);
  if (needCp) return needCp;
  const draft = new CpDraft(rows, nowMs, event?.cp ?? "");
  if (!letter) return { draft, refused: "no such dead letter" };
  if (letter.resolved) return { draft, refused: `it was resolved before: ${letter.resolved.how}` };
  const replay = request.type === "replay-letter" ? replayOf(letter, event, request.repaired) : undefined;
  if (replay && !replay.ok) return { draft, refused: replay.reason };
  const how = replay ? replayed : "dismissed";
  const { operator: by, reason, id } = request;
  draft.put(letterKey, { ...letter, resolved: { by, how, reason, atMs: nowMs, request: id } });
  if (replay) draft.send({ to: "topic", ...replay.value });
  else if (event) forgetEvent(draft, letter, event);
  if (event && letter.where === "bridge") unpark(draft, event, replay ? "replayed" : "dismissed");
  return { draft, refused: undefined };
}

/** A repeat: what a crash may have kept from being sent. */
export function planLetterAgain(rows: Rows, request: LetterRequest, nowMs: number): Need | Decided {
  const letterKey = keys.deadLetter(request.letter);
  const need = unread(rows, [letterKey]);
  if (need) return need;
  const letter = rows.get<DeadLetterRow>(letterKey)?.value;
  const event = letter && eventOf(letter);
  const draft = new CpDraft(rows, nowMs, event?.cp ?? "");
  if (letter?.resolved?.request !== request.id) return { draft, refused: undefined };
  const replay = request.type === "replay-letter" ? replayOf(letter, event, request.repaired) : undefined;
  if (replay?.ok) draft.send({ to: "topic", ...replay.value });
  if (event && letter.where === "bridge") tell(draft, event, replay ? "replayed" : "dismissed");
  return { draft, refused: undefined };
}

function cpKeys({ cp }: Event): Key[] {
  return [keys.cp(cp), operatorKeys.unparked(cp)];
}

const eventPattern = /^([A-Za-z0-9-]{1,32})\/(engine|monitor)\/([0-9a-f-]{8,36})\/(\d{1,16})\/(\d{1,16})$/;

export function eventOf({ event }: DeadLetterRow): Event | undefined {
  const [, cp, src, journal, epoch, seq] = eventPattern.exec(event ?? "") ?? [];
  if (!cp || !src || !journal) return undefined;
  return { cp, src, journal, epoch: Number(epoch), seq: Number(seq) };
}

/** The record that a replay appends, or why there is none. */
export function replayOf(
  letter: DeadLetterRow,
  event: Event | undefined,
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

function isSame(envelope: Envelope, { journal, epoch, seq }: Event): boolean {
  return envelope.journal === journal && envelope.epoch === epoch && envelope.seq === seq;
}

/**
 * Nobody waits for this event any more, so that the device may forget what lies before and after it. Never for an
 * event that another device may own: its number would be taken for done.
 */
function forgetEvent(draft: CpDraft, letter: DeadLetterRow, event: Event): void {
  const parsed = parseEnvelope(Buffer.from(letter.payloadBase64, "base64"));
  const row = draft.get<CpRow>(keys.cp(event.cp));
  if (!parsed.ok || !row) return;
  const envelope = parsed.value;
  if (envelope.cp !== event.cp || !isSame(envelope, event)) return;
  if (envelope.src !== "engine" || roadOf(envelope.type).topic !== "cp.events") return;
  if (envelope.type.startsWith("session."))
    draft.warn(`dismissed for good: ${envelope.type} of ${letter.event}`);
  if (row.quarantine?.journal === event.journal) return;
  if (signOfClone(row.marks, { ...event, boot: envelope.at.boot })) return;
  const seen = see(row.marks, envelope);
  if (seen.is === "duplicate") return;
  draft.change({ marks: seen.marks });
  sayProcessed(draft, envelope);
}

/** The device is told now; the row makes its next hellos tell it again. */
function unpark(draft: CpDraft, event: Event, how: "replayed" | "dismissed"): void {
  if (event.src !== "engine") return;
  const { cp, journal, epoch, seq } = event;
  const key = operatorKeys.unparked(cp);
  const known = draft.get<UnparkedRow>(key)?.events ?? [];
  const events = [...known.filter((other) => other.journal === journal), { journal, epoch, seq, how }];
  draft.put(key, { events: events.slice(-unparkedAtMost) });
  tell(draft, event, how);
}

function tell(draft: CpDraft, { cp, src, journal, epoch, seq }: Event, how: "replayed" | "dismissed"): void {
  if (src !== "engine") return;
  draft.send({ to: "cp", cp, message: { kind: "unpark", v: 1, cp, journal, epoch, seq, how } });
}

/** What an engine with this journal is told again. Needs the row of those resolved. */
export function unparkAgain(draft: CpDraft, journal: string): void {
  for (const event of draft.get<UnparkedRow>(operatorKeys.unparked(draft.cp))?.events ?? [])
    if (event.journal === journal) tell(draft, { ...event, cp: draft.cp, src: "engine" }, event.how);
}
