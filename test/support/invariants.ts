// Invariants over plain records, judged alike in the simulated world and on real processes: what devices said, what
// the tables hold. Each answers with violations in words, led by the invariant's number.
import { inboxEntriesKept } from "../../central-fn/on-event/inbox.ts";
import { isOver } from "../../central-fn/rules/session.ts";
import type { CdrRow, DriverRow, InboxRow, ReviewRow, SessionRow } from "../../central-fn/tables/rows.ts";

/** A message of an engine as its journal or Kafka holds it. */
export interface DeviceEvent {
  cp: string;
  src: string;
  journal: string;
  epoch: number;
  seq: number;
  type: string;
  /** What lies deeper than one level (the tariff) is read by who knows its shape. */
  body: { readonly [name: string]: string | number | boolean | null | undefined };
}

export function nameOf(e: { cp: string; src?: string; journal: string; epoch: number; seq: number }): string {
  return `${e.cp}/${e.src ?? "engine"}/${e.journal}/${e.epoch}/${e.seq}`;
}

/** Invariant 10: numbers are gapless per epoch, epochs never fall. `events` in the order of the journal. */
export function numberingFaults(events: readonly DeviceEvent[]): string[] {
  const wrong: string[] = [];
  const next = new Map<string, number>();
  const epochs = new Map<string, number>();
  for (const event of events) {
    const name = `${event.cp}/${event.journal}/${event.epoch}`;
    const expected = next.get(name) ?? 1;
    if (event.seq !== expected) wrong.push(`10 ${nameOf(event)}: number ${expected} was due`);
    next.set(name, event.seq + 1);
    const epoch = epochs.get(event.journal) ?? 0;
    if (event.epoch < epoch) wrong.push(`10 ${nameOf(event)}: epoch fell from ${epoch}`);
    epochs.set(event.journal, event.epoch);
  }
  return wrong;
}

interface Ended {
  sid: string;
  registerStartWh: number;
  registerEndWh: number;
  tariff: { priceE5PerKwh: number };
}

/**
 * Invariants 3 and 4 for one `session.ended`: one bill or one review, and the bill is the integer formula. `known`:
 * the event is in Kafka, so that Central must have used it.
 */
export function billFaults(
  event: DeviceEvent,
  known: boolean,
  cdr: CdrRow | undefined,
  review: ReviewRow | undefined,
): string[] {
  const wrong: string[] = [];
  const { sid, registerStartWh, registerEndWh, tariff } = event.body as unknown as Ended;
  if (!cdr && !review && known) wrong.push(`3 ${sid} ended, but has neither bill nor review`);
  if (cdr && review && (!review.settled || review.settled.decision === "waive"))
    wrong.push(`3 ${sid} has both a bill and an unsettled or waived review`);
  // What an operator billed is held against the figures of the review.
  if (!cdr || review?.settled?.decision === "bill") return wrong;
  const wh = registerEndWh - registerStartWh;
  const cents = Number((BigInt(wh) * BigInt(tariff.priceE5PerKwh) + 500_000n) / 1_000_000n);
  if (cdr.energyWh !== wh || cdr.amountMinor !== cents)
    wrong.push(
      `4 ${sid} is billed ${cdr.energyWh} Wh, ${cdr.amountMinor} cents; the meter says ${wh} Wh, ${cents}`,
    );
  return wrong;
}

/**
 * Invariants 6, 7 and 20 for one charge point: one answer per command id, one session at a time, fences that rise, no
 * start after a stop. `hasLeft` tells whether the plugged car left between two events; without it 20 is not judged.
 */
export function commandFaults<E extends DeviceEvent>(
  events: readonly E[],
  hasLeft: (since: E, until: E) => boolean = () => true,
): string[] {
  const wrong: string[] = [];
  const results = new Map<string, string>();
  const stoppedUnheard = new Set<string>();
  let open: string | null = null;
  let leftover: E | null = null;
  let fence = -1;
  let journal = "";
  for (const event of events) {
    const { body } = event;
    if (event.journal !== journal) {
      journal = event.journal;
      fence = -1;
      open = null;
      stoppedUnheard.clear();
      results.clear();
    }
    const sid = String(body.sid ?? "");
    if (isClosing(event)) {
      if (open !== null && open !== sid) wrong.push(`7 ${sid} closes while ${open} is open`);
      open = null;
      leftover = body.plugged === true ? event : null;
    }
    if (event.type !== "answer") continue;
    const cmdId = String(body.cmdId);
    const result = `${body.result}/${body.found ?? ""}`;
    const known = results.get(cmdId);
    if (known !== undefined && known !== result)
      wrong.push(`7 ${cmdId} was answered ${known}, then ${result}`);
    results.set(cmdId, result);
    if (body.op === "stop-supply" && body.found === "none") stoppedUnheard.add(sid);
    if (body.op !== "start-supply" || body.result !== "applied" || known !== undefined) continue;
    if (open !== null) wrong.push(`7 ${sid} starts while ${open} is open`);
    if (stoppedUnheard.has(sid)) wrong.push(`6 ${sid} starts after its durable stop`);
    if (Number(body.fence) <= fence) wrong.push(`6 ${sid} starts under fence ${body.fence}, after ${fence}`);
    if (leftover && !hasLeft(leftover, event)) wrong.push(`20 ${sid} starts before the last car has left`);
    open = sid;
    leftover = null;
    fence = Number(body.fence);
  }
  return wrong;
}

/** The device closes a session with it. */
export function isClosing(event: DeviceEvent): boolean {
  return ["session.ended", "session.aborted", "session.review"].includes(event.type);
}

/** Wh that ended sessions, reviews and orphans account for. */
export function accountedWh(events: readonly DeviceEvent[]): number {
  let wh = 0;
  for (const { type, body } of events) {
    if (type === "session.ended" || type === "session.review")
      wh += Number(body.registerEndWh) - Number(body.registerStartWh);
    if (type === "orphan") wh += Number(body.registerToWh) - Number(body.registerFromWh);
  }
  return wh;
}

/** Invariants 3 and 21 over the stored sessions. `ended`: sids of which a device said `session.ended`. */
export function sessionFaults(
  sessions: ReadonlyMap<string, SessionRow>,
  cdrs: ReadonlyMap<string, CdrRow>,
  ended: ReadonlySet<string>,
): string[] {
  const wrong: string[] = [];
  for (const session of sessions.values()) {
    if (!isOver(session.rank)) wrong.push(`21 ${session.sid} is still ${session.rank}`);
    if (session.rank === "BILLED" && !cdrs.has(session.sid))
      wrong.push(`3 ${session.sid} is BILLED without a bill`);
    if (session.rank !== "BILLED" && cdrs.has(session.sid))
      wrong.push(`3 ${session.sid} is ${session.rank} with a bill`);
  }
  for (const sid of cdrs.keys()) if (!ended.has(sid)) wrong.push(`3 ${sid} is billed but never ended`);
  return wrong;
}

/** Of one session, however often its charge point comes and goes: more would drive other news out of the inbox. */
const mostTidings = 60;

/** Invariants 12, 19 and 21 for one driver; `entries` in the order of their keys. */
export function inboxFaults(
  driver: DriverRow,
  entries: readonly InboxRow[],
  sessions: ReadonlyMap<string, SessionRow>,
): string[] {
  const wrong: string[] = [];
  const forgotten = Math.max(0, driver.inboxLast - inboxEntriesKept);
  entries.forEach((entry, i) => {
    if (entry.sequence !== forgotten + i + 1)
      wrong.push(`12 ${driver.driver}: inbox entry ${forgotten + i + 1} is numbered ${entry.sequence}`);
    if (entry.sid !== null && sessions.get(entry.sid)?.driver !== driver.driver)
      wrong.push(`12 ${driver.driver}: inbox speaks of ${entry.sid}, which is not theirs`);
  });
  if (driver.inboxLast !== forgotten + entries.length)
    wrong.push(`12 ${driver.driver}: inbox ends at ${forgotten + entries.length}, not ${driver.inboxLast}`);
  if (driver.activeSid !== null) wrong.push(`21 ${driver.driver} is still held by ${driver.activeSid}`);
  for (const [sid, { length }] of Map.groupBy(entries, (entry) => entry.sid))
    if (sid !== null && length > mostTidings)
      wrong.push(`19 ${driver.driver}: told ${length} times of ${sid}`);
  const seen = new Set<string>();
  for (const entry of entries) {
    const what = `${entry.event} ${entry.sid}`;
    if ((entry.event === "completed" || entry.event === "started") && seen.has(what))
      wrong.push(`12 ${driver.driver}: told "${what}" twice`);
    if (entry.event === "started" && seen.has(`completed ${entry.sid}`))
      wrong.push(`12 ${driver.driver}: ${entry.sid} started after it was completed`);
    seen.add(what);
  }
  return wrong;
}
