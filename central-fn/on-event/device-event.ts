// Every event of an engine on cp.events goes through here: seen once, facts kept, then its family's handler.
//
// 1. The mark rises in the same commit as the effect; a repeated event has none, but publishes again what a
//    crash kept from being published.
// 2. Order of arrival does not matter: facts follow (journal, epoch, seq), sessions follow their ranks.
// 3. What a cloned device says under a name that was used is never believed: it becomes a dead letter, unless it is
//    but a greeting.
import type { z } from "zod";
import {
  type Connector,
  cpOfSid,
  type Envelope,
  identityText,
  issuesText,
} from "../../wire/messages/index.ts";
import { factsAfter, isCurrent, isNewJournal } from "../rules/engine-facts.ts";
import { see, signOfClone, watermark } from "../rules/marks.ts";
import type { Key } from "../tables/port.ts";
import { type CpRow, keys } from "../tables/rows.ts";
import { loseJournal, untilItsCarLeft } from "./closing.ts";
import { CpDraft, claimKeys, newCpRow } from "./draft.ts";
import type { Plan, PlanOf, Rows } from "./plan.ts";
import { unread } from "./plan.ts";
import { unpublished } from "./published.ts";
import { callOperator, unbelieved } from "./quarantine.ts";
import { settleLine } from "./queue.ts";

export interface DeviceEvent<B = unknown> {
  event: Envelope;
  body: B;
  ingestMs: number;
  nowMs: number;
}

export interface Family<B> {
  schema: z.ZodType<B>;
  /** Rows beside the charge point's own. */
  keys?(of: DeviceEvent<B>, row: CpRow): Key[];
  /** The connector's word in this event, where it has one. */
  connector?(body: B): Connector | null;
  /** What a session's event says of the connector: the device sends no word of its own beside it. */
  says?(body: B): Partial<Connector>;
  firmware?(body: B): string | null;
  /** The session that the event is about must be this charge point's. */
  sid?(body: B): string | null;
  /** The device may now forget: sent at once instead of every few events. */
  watermark?: boolean;
  /** The device ends a session with it. */
  closes?: boolean;
  apply(of: DeviceEvent<B>, draft: CpDraft): void;
  /** What a repeated event still does; nothing where absent. */
  again?(of: DeviceEvent<B>, draft: CpDraft): void;
}

export type Routed = { ok: true; plan: PlanOf } | { ok: false; reason: string };
export type EventRoute = (event: Envelope, ingestMs: number, nowMs: number) => Routed;

const eventsPerWatermark = 8;

/** A family as a route: validates the body, then plans. */
export function eventRoute<B>(family: Family<B>): EventRoute {
  return (event, ingestMs, nowMs) => {
    if (event.src !== "engine") return { ok: false, reason: `${event.type}: only an engine says this` };
    const parsed = family.schema.safeParse(event.body);
    if (!parsed.success) return { ok: false, reason: `${event.type}: ${issuesText(parsed.error)}` };
    const sid = family.sid?.(parsed.data) ?? null;
    if (sid !== null && cpOfSid(sid) !== event.cp)
      return { ok: false, reason: `${event.type}: session ${sid} is not of ${event.cp}` };
    const of: DeviceEvent<B> = { event, body: parsed.data, ingestMs, nowMs };
    return { ok: true, plan: (rows) => planEvent(family, of, rows) };
  };
}

function planEvent<B>(family: Family<B>, of: DeviceEvent<B>, rows: Rows): Plan {
  const { event } = of;
  const key = keys.cp(event.cp);
  const needRow = unread(rows, [key]);
  if (needRow) return needRow;
  const before = rows.get<CpRow>(key)?.value ?? newCpRow(event.cp);
  const need = unread(rows, [...claimKeys(before.claim), ...(family.keys?.(of, before) ?? [])]);
  if (need) return need;

  const draft = new CpDraft(rows, of.nowMs, event.cp);
  const { boot } = event.at;
  const clone = signOfClone(before.marks, { ...event, boot });
  if (clone) {
    callOperator(draft, event, clone);
    // A session's end is billed all the same: nothing but the device that ran it can end it.
    if (!clone.nameIsFree || !family.closes) return unbelieved(draft, event, clone);
    family.again?.(of, draft);
    return withoutRepeats(draft);
  }
  const seen = see(before.marks, { ...event, boot });
  if (seen.is === "duplicate") {
    family.again?.(of, draft);
    for (const send of unpublished(before)) draft.send(send);
    return withoutRepeats(draft);
  }
  const connector = family.connector?.(of.body) ?? null;
  const word = connector ?? family.says?.(of.body) ?? null;
  const engine = factsAfter(before, event, of.ingestMs, word, family.firmware?.(of.body) ?? null);
  draft.change({ marks: seen.marks, engine });
  if (seen.gaveUpAfter !== null)
    draft.error(
      `${identityText(event)}: gave up waiting for the events after seq ${seen.gaveUpAfter}, see the dead letters`,
    );
  if (isNewJournal(before, event)) {
    draft.warn(`CP ${event.cp} has a new journal, ${before.engine?.journal} is gone`);
    loseJournal(draft);
  }
  family.apply(of, draft);
  if (connector && isCurrent(before, event)) onConnector(draft);
  const needLine = settleLine(draft, rows);
  if (needLine) return needLine;
  const passed = Math.floor(seen.to / eventsPerWatermark) > Math.floor(seen.from / eventsPerWatermark);
  if (family.watermark || passed) sayProcessed(draft, event);
  for (const send of unpublished(before)) draft.send(send);
  return withoutRepeats(draft);
}

/** What the connector's newest word releases: the car has left, or the relay of a lost session is open. */
function onConnector(draft: CpDraft): void {
  const { claim, engine } = draft.row;
  if (!claim || !engine) return;
  if (claim.lostJournal && !engine.relayClosed && claim.state !== "finishing") {
    draft.change({ claim: untilItsCarLeft(draft, claim, engine.plugged) });
    return;
  }
  if (claim.state !== "finishing" || engine.plugged) return;
  if (!claim.by || isAfter(engine, claim.by)) draft.change({ claim: null });
}

function isAfter(word: NonNullable<CpRow["engine"]>, place: { journal: string; epoch: number; seq: number }) {
  if (word.journal !== place.journal) return true;
  return word.epoch === place.epoch ? word.seq > place.seq : word.epoch > place.epoch;
}

export function sayProcessed(draft: CpDraft, event: Pick<Envelope, "cp" | "journal" | "epoch">): void {
  const { journal, epoch } = event;
  const seq = watermark(draft.row.marks, journal, epoch);
  if (!seq) return;
  draft.send({
    to: "cp",
    cp: event.cp,
    message: { kind: "processed", v: 1, cp: event.cp, journal, epoch, seq },
  });
}

/** One publication per command, whoever asked for it. */
function withoutRepeats(draft: CpDraft): Plan {
  const decision = draft.decision();
  const said = new Set<string>();
  const sends = decision.sends.filter((send) => {
    if (send.to !== "cp" || send.message.kind !== "command") return true;
    const { cmdId } = send.message;
    if (said.has(cmdId)) return false;
    said.add(cmdId);
    // Answered or withdrawn by this very event.
    return draft.row.commands.some((open) => open.cmdId === cmdId);
  });
  return { ...decision, sends };
}
