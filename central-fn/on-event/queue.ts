// The line at a charge point, carried out: places are taken and given up, offers made, and every end is told, each in
// the commit that brings it about.
import {
  join,
  type LineFact,
  leave,
  noLine,
  offerMs,
  placeRefusal,
  pointState,
  schedule,
  settle,
} from "../rules/queue.rules.ts";
import { isWaiting } from "../rules/session.ts";
import type { Key } from "../tables/port.ts";
import { keys, type SessionRow } from "../tables/rows.ts";
import { closeSession } from "./closing.ts";
import type { CpDraft } from "./draft.ts";
import { driverOf, tell } from "./inbox.ts";
import { type Need, type Rows, unread } from "./plan.ts";
import { writeSession } from "./session-row.ts";

/** Rows that a word about this place needs. */
export function placeKeys({ driver, sid }: { driver: string; sid: string }): Key[] {
  return [keys.session(driver, sid), keys.driver(driver)];
}

/** Why the driver may not wait here so; undefined: he may. Needs the driver's row. */
export function refusedPlace(
  draft: CpDraft,
  kind: "queue" | "scheduled",
  driver: string,
): string | undefined {
  const places = driverOf(draft, driver).places ?? [];
  return placeRefusal(draft.row.line ?? noLine, kind, driver, places.length);
}

/** Takes a place in line; one who waited for his hour keeps it for the line. Needs the place's rows. */
export function joinLine(draft: CpDraft, session: SessionRow): void {
  const { cp, driver, sid } = session;
  const line = join(leave(draft.row.line ?? noLine, sid), sid, driver, draft.nowMs);
  draft.change({ line });
  takePlace(draft, session);
  writeSession(draft, { ...session, rank: "QUEUED", reason: null, decidedAtMs: draft.nowMs });
  const position = line.queue.length;
  tell(draft, driver, {
    type: "QUEUE",
    event: "queued",
    message: `You are number ${position} in line at ${cp}. You are told when it is free for you.`,
    sid,
    cp,
  });
  draft.info(`${driver} is number ${position} in line at ${cp} (session ${sid})`);
}

/** Waits for its hour. Needs the place's rows. */
export function scheduleStart(draft: CpDraft, session: SessionRow, startAtMs: number): void {
  const { cp, driver, sid } = session;
  draft.change({ line: schedule(draft.row.line ?? noLine, sid, driver, startAtMs) });
  takePlace(draft, session);
  writeSession(draft, { ...session, rank: "SCHEDULED", startAtMs, decidedAtMs: draft.nowMs });
  const at = new Date(startAtMs).toISOString().slice(0, 16);
  tell(draft, driver, {
    type: "QUEUE",
    event: "scheduled",
    message: `Your start at ${cp} is scheduled for ${at}Z. It holds nothing until then.`,
    sid,
    cp,
  });
  draft.info(`start of ${driver} at ${cp} is scheduled for ${at}Z (session ${sid})`);
}

function takePlace(draft: CpDraft, { driver, sid, cp }: SessionRow): void {
  const row = driverOf(draft, driver);
  const others = (row.places ?? []).filter((place) => place.sid !== sid);
  draft.put(keys.driver(driver), { ...row, places: [...others, { sid, cp }] });
}

/** The place is no longer in line and its driver may wait elsewhere; what becomes of the session is not said here. */
export function givePlaceUp(draft: CpDraft, { driver, sid }: { driver: string; sid: string }): void {
  const { line } = draft.row;
  if (line) draft.change({ line: leave(line, sid) });
  const row = driverOf(draft, driver);
  if (row.places?.some((place) => place.sid === sid))
    draft.put(keys.driver(driver), { ...row, places: row.places.filter((place) => place.sid !== sid) });
}

/** Leaves the line by the driver's own wish. Needs the place's rows. */
export function leaveLine(draft: CpDraft, session: SessionRow): void {
  givePlaceUp(draft, session);
  closeSession(draft, session, "CANCELLED", "left the line");
  draft.info(`${session.driver} left the line at ${session.cp} (session ${session.sid})`);
}

/**
 * Brings the line up to date with all that this decision changed: the last step of a plan. Answers with the rows that
 * it still needs; then nothing was changed.
 */
export function settleLine(draft: CpDraft, rows: Rows): Need | undefined {
  const { row, nowMs } = draft;
  if (!row.line) return undefined;
  const { line, facts } = settle(row.line, pointState(row, nowMs), nowMs);
  if (facts.length === 0) return undefined;
  const need = unread(
    rows,
    facts.flatMap(({ place }) => placeKeys(place)),
  );
  if (need) return need;
  draft.change({ line });
  for (const fact of facts) perform(draft, fact);
  return undefined;
}

function perform(draft: CpDraft, fact: LineFact): void {
  const { driver, sid } = fact.place;
  const session = draft.session(driver, sid);
  if (!session || !isWaiting(session.rank)) return givePlaceUp(draft, fact.place);
  switch (fact.fact) {
    case "ended":
      givePlaceUp(draft, fact.place);
      closeSession(draft, session, fact.why === "expired" ? "EXPIRED" : "REJECTED", fact.reason);
      return draft.info(`place of ${driver} at ${draft.cp} ended: ${fact.reason} (session ${sid})`);
    case "offered":
      draft.changeSession(session, { rank: "OFFERED", reason: null });
      draft.info(`${draft.cp} is offered to ${driver} (session ${sid})`);
      return tell(draft, driver, {
        type: "QUEUE",
        event: "offered",
        message: `${draft.cp} is free for you: confirm within ${offerMs / 60_000} minutes.`,
        sid,
        cp: draft.cp,
      });
    case "withdrawn":
      draft.changeSession(session, { rank: "QUEUED", reason: fact.reason });
      draft.info(`the offer of ${draft.cp} to ${driver} is withdrawn: ${fact.reason} (session ${sid})`);
      return tell(draft, driver, {
        type: "QUEUE",
        event: "withdrawn",
        message: `${draft.cp} cannot be offered now: ${fact.reason}. You stay first in line.`,
        sid,
        cp: draft.cp,
      });
  }
}
