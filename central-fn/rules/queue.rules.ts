// Who is next at a charge point: a line of places, first come first served, and the offer to its first.
//
// 1. At most one offer at a time, always to the first in line, and only while nobody holds the point.
// 2. An offer that is not confirmed ends its place; one that the point itself takes back does not.
// 3. A place ends after two hours, and every end is a fact, so that its driver is told.
// 4. The line outlives a short fault of its point; a long one, an operator's stop or the point's end closes it.
import type { CpRow, Line, Place } from "../tables/rows.ts";
import { isOutOfService } from "./out-of-service.ts";

export const offerMs = 5 * 60_000;
/** A confirmation that was given in time may be on its way for so long, past a Central that just starts. */
export const confirmGraceMs = 30_000;
export const placeMs = 2 * 3_600_000;
/** A line waits so long for a point that is Broken or Disconnected. */
export const awayMs = 5 * 60_000;
export const queueAtMost = 10;
export const scheduledAtMost = 10;
/** Places of one driver, in lines and for later hours together. */
export const placesAtMost = 3;

/** What a line needs to know of its point. */
export type PointState =
  | { is: "free" }
  /** Somebody holds it. */
  | { is: "busy" }
  /** Not to be offered now; it may be back soon. */
  | { is: "away"; reason: string }
  /** Takes nobody for an open time: the queue ends, what is scheduled waits for its hour. */
  | { is: "closed"; reason: string }
  /** Never comes back. */
  | { is: "gone"; reason: string };

export type LineFact =
  | { fact: "offered"; place: Place; untilMs: number }
  /** The first stays first. */
  | { fact: "withdrawn"; place: Place; reason: string }
  | { fact: "ended"; place: Pick<Place, "sid" | "driver">; why: "expired" | "closed"; reason: string };

export const noLine: Line = { queue: [], offer: null, scheduled: [] };

export function pointState(row: CpRow, nowMs: number): PointState {
  if (row.retired) return { is: "gone", reason: "the charging point is retired" };
  if (row.quarantine) return { is: "closed", reason: "the charging point needs attention" };
  if (isOutOfService(row)) return { is: "closed", reason: "the charging point is out of service" };
  const { shown } = row;
  if (shown?.state !== "ON" || !row.engine) {
    const reason =
      shown?.state === "BROKEN" ? "the charging point is broken" : "the charging point is disconnected";
    const long = shown !== null && shown.state !== "ON" && nowMs - shown.sinceMs > awayMs;
    return { is: long ? "closed" : "away", reason };
  }
  return { is: row.claim ? "busy" : "free" };
}

/** Everything that is due: ends, the offer's end, the next offer. No facts: nothing is. */
export function settle(line: Line, point: PointState, nowMs: number): { line: Line; facts: LineFact[] } {
  const facts: LineFact[] = [];
  let { queue, offer, scheduled } = line;
  const end = (place: Pick<Place, "sid" | "driver">, why: "expired" | "closed", reason: string) => {
    facts.push({ fact: "ended", place, why, reason });
  };
  if (point.is === "gone") {
    for (const place of scheduled) end(place, "closed", point.reason);
    scheduled = [];
  }
  if (point.is === "gone" || point.is === "closed") {
    for (const place of queue) end(place, "closed", point.reason);
    return { line: { queue: [], offer: null, scheduled }, facts };
  }
  const first = queue[0];
  if (offer && first && nowMs > offer.expiresAtMs + confirmGraceMs) {
    end(first, "expired", "the offer was not confirmed in time");
    queue = queue.slice(1);
    offer = null;
  } else if (offer && first && point.is !== "free") {
    const reason = point.is === "away" ? point.reason : "the charging point is occupied";
    facts.push({ fact: "withdrawn", place: first, reason });
    offer = null;
  }
  const over = queue.filter((place) => nowMs > place.expiresAtMs && place.sid !== offer?.sid);
  for (const place of over) end(place, "expired", "nobody left in time");
  queue = queue.filter((place) => !over.includes(place));
  const next = queue[0];
  if (!offer && next && point.is === "free") {
    offer = { sid: next.sid, sinceMs: nowMs, expiresAtMs: nowMs + offerMs };
    facts.push({ fact: "offered", place: next, untilMs: offer.expiresAtMs });
  }
  return { line: { queue, offer, scheduled }, facts };
}

/** Why the driver may not wait here; undefined: he may. `places` are all he has, anywhere. */
export function placeRefusal(
  line: Line,
  kind: "queue" | "scheduled",
  driver: string,
  places: number,
): string | undefined {
  if ([...line.queue, ...line.scheduled].some((place) => place.driver === driver))
    return "you are waiting there already";
  if (places >= placesAtMost) return `you wait at ${placesAtMost} charging points already`;
  if (kind === "queue" && line.queue.length >= queueAtMost) return "its waiting line is full";
  if (kind === "scheduled" && line.scheduled.length >= scheduledAtMost)
    return "too many starts are scheduled there";
  return undefined;
}

export function join(line: Line, sid: string, driver: string, nowMs: number): Line {
  const place: Place = { sid, driver, sinceMs: nowMs, expiresAtMs: nowMs + placeMs };
  return { ...line, queue: [...line.queue, place] };
}

export function schedule(line: Line, sid: string, driver: string, startAtMs: number): Line {
  return { ...line, scheduled: [...line.scheduled, { sid, driver, startAtMs }] };
}

/** Without this place, and without the offer to it. */
export function leave(line: Line, sid: string): Line {
  const others = ({ sid: other }: { sid: string }) => other !== sid;
  return {
    queue: line.queue.filter(others),
    scheduled: line.scheduled.filter(others),
    offer: line.offer?.sid === sid ? null : line.offer,
  };
}

/** 1 for the first; undefined for one who is not in line. */
export function positionOf(line: Line | undefined, sid: string): number | undefined {
  const index = line?.queue.findIndex((place) => place.sid === sid) ?? -1;
  return index < 0 ? undefined : index + 1;
}

/** Scheduled starts whose hour has come, earliest first. */
export function dueOf(line: Line | undefined, nowMs: number): Line["scheduled"] {
  return (line?.scheduled ?? [])
    .filter(({ startAtMs }) => nowMs >= startAtMs)
    .sort((a, b) => a.startAtMs - b.startAtMs);
}

/** The sweeper has something to do here. */
export function isLineDue(row: CpRow, nowMs: number): boolean {
  const { line } = row;
  if (!line || (line.queue.length === 0 && line.scheduled.length === 0)) return false;
  return dueOf(line, nowMs).length > 0 || settle(line, pointState(row, nowMs), nowMs).facts.length > 0;
}
