// Dead letters resolved: replayed to the topic where their record belongs, or dismissed.
//
// 1. A replay has no effect twice: its handler de-duplicates as for every record, and one that is still of no use
//    opens its own letter again.
// 2. A device keeps what the bridge refused. It is told at once when such a letter is resolved, and again at each hello.
import { type OtherRequest, parseEnvelope, roadOf } from "../../wire/messages/index.ts";
import { eventOf, isSame, type LetterEvent, replayOf } from "../rules/dead-letter.ts";
import { see, signOfClone } from "../rules/marks.ts";
import { operatorKeys, type UnparkedRow } from "../tables/operator-rows.ts";
import type { Key } from "../tables/port.ts";
import { type CpRow, type DeadLetterRow, keys } from "../tables/rows.ts";
import { replayed } from "./dead-letters.ts";
import { sayProcessed } from "./device-event.ts";
import { CpDraft } from "./draft.ts";
import type { Refused } from "./operator-requests.ts";
import { type Need, type Rows, unread } from "./plan.ts";

type LetterRequest = Extract<OtherRequest, { type: "replay-letter" | "dismiss-letter" }>;
type Decided = { draft: CpDraft; refused: Refused };

const unparkedAtMost = 32;

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

function cpKeys({ cp }: LetterEvent): Key[] {
  return [keys.cp(cp), operatorKeys.unparked(cp)];
}

/**
 * Nobody waits for this event any more, so that the device may forget what lies before and after it. Never for an
 * event that another device may own: its number would be taken for done.
 */
function forgetEvent(draft: CpDraft, letter: DeadLetterRow, event: LetterEvent): void {
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
function unpark(draft: CpDraft, event: LetterEvent, how: "replayed" | "dismissed"): void {
  if (event.src !== "engine") return;
  const { cp, journal, epoch, seq } = event;
  const key = operatorKeys.unparked(cp);
  const known = draft.get<UnparkedRow>(key)?.events ?? [];
  const events = [...known.filter((other) => other.journal === journal), { journal, epoch, seq, how }];
  draft.put(key, { events: events.slice(-unparkedAtMost) });
  tell(draft, event, how);
}

function tell(
  draft: CpDraft,
  { cp, src, journal, epoch, seq }: LetterEvent,
  how: "replayed" | "dismissed",
): void {
  if (src !== "engine") return;
  draft.send({ to: "cp", cp, message: { kind: "unpark", v: 1, cp, journal, epoch, seq, how } });
}

/** What an engine with this journal is told again. Needs the row of those resolved. */
export function unparkAgain(draft: CpDraft, journal: string): void {
  for (const event of draft.get<UnparkedRow>(operatorKeys.unparked(draft.cp))?.events ?? [])
    if (event.journal === journal) tell(draft, { ...event, cp: draft.cp, src: "engine" }, event.how);
}
