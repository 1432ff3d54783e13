// Which events to publish now: a window of 20 in flight, urgent before bulk, resent until acknowledged.
//
// 1. Only the bridge's acknowledgement takes an event out of the window; the broker's PUBACK means nothing.
// 2. Resend after 5 s with full jitter, doubling to at most 30 s, for ever. The oldest asks for them all whether the
//    road is open, every 2 to 4 s; once something that was told later has arrived, what was told before is lost, for
//    the road keeps the order, and is told at once (docs/decisions/030).
// 3. Session events never wait behind meter messages: they have the window's last places to themselves.
// 4. Session events run no further ahead of one that is lost on the way than Central keeps a place for it.
import type { OutboxEntry } from "./port.ts";

export const windowSize = 20;
const bulkWindow = 14;
const firstResendMs = 5_000;
const resendCapMs = 30_000;
const probeMs = 2_000;
/** An acknowledgement may come out of turn by so long; times the tries, that a road that stays bad is not flooded. */
const lostAfterMs = 1_000;
const lostAfterCapMs = 5_000;
/** Central gives a missing event up when 256 later ones wait for it; those in the window are among them. */
const aheadAtMost = 200;

interface InFlight {
  entry: OutboxEntry;
  bulk: boolean;
  tries: number;
  /** When it was told last. */
  toldMono: number;
  /** When it is told anew if nothing else calls for it. */
  dueMono: number;
  /** When it is told anew as the oldest of all. */
  probeMono: number;
}

interface Position {
  epoch: number;
  seq: number;
}

/** Mutable, but a pure function of its inputs: no clock, no randomness, no I/O of its own. */
export interface Outbox {
  up: boolean;
  inFlight: Map<string, InFlight>;
  afterUrgent: Position | null;
  afterBulk: Position | null;
  /** Urgent events told and not settled, over links too, as they were told first; `nth` counts all that ever were. */
  unsettled: Map<string, Position & { nth: number }>;
  urgentTold: number;
}

export const emptyOutbox = (): Outbox => ({
  up: false,
  inFlight: new Map(),
  afterUrgent: null,
  afterBulk: null,
  unsettled: new Map(),
  urgentTold: 0,
});

export type ReadEntries = (
  kind: "urgent" | "bulk",
  after: Position | null,
  limit: number,
) => readonly OutboxEntry[];

const nameOf = (epoch: number, seq: number) => `${epoch}/${seq}`;

/** A connection came or went: whatever was in flight is told anew, oldest first. */
export function onLink(outbox: Outbox, up: boolean): void {
  outbox.up = up;
  outbox.inFlight.clear();
  outbox.afterUrgent = null;
  outbox.afterBulk = null;
}

/** These are in Kafka (or dead letters): their places in the window are free, what was told before them is lost. */
export function onSettled(
  outbox: Outbox,
  epoch: number,
  ranges: readonly (readonly [number, number])[],
  nowMono: number,
): void {
  const isSettled = (at: Position) =>
    at.epoch === epoch && ranges.some(([from, to]) => at.seq >= from && at.seq <= to);
  let arrivedMono = Number.NEGATIVE_INFINITY;
  for (const [name, { entry, toldMono }] of outbox.inFlight)
    if (isSettled(entry)) {
      arrivedMono = Math.max(arrivedMono, toldMono);
      outbox.inFlight.delete(name);
    }
  for (const [name, place] of outbox.unsettled) if (isSettled(place)) outbox.unsettled.delete(name);
  for (const item of outbox.inFlight.values()) {
    const patienceMs = Math.min(lostAfterCapMs, lostAfterMs * item.tries);
    if (item.toldMono < arrivedMono && nowMono - item.toldMono >= patienceMs)
      item.dueMono = Math.min(item.dueMono, nowMono);
  }
}

/**
 * What to publish now; the entries are in the window when this returns. `random` gives numbers in [0, 1).
 */
export function toPublish(
  outbox: Outbox,
  read: ReadEntries,
  nowMono: number,
  random: () => number,
): OutboxEntry[] {
  if (!outbox.up) return [];
  const out: OutboxEntry[] = [];
  let isOldest = true;
  for (const item of outbox.inFlight.values()) {
    const dueMono = isOldest ? Math.min(item.dueMono, item.probeMono) : item.dueMono;
    isOldest = false;
    if (dueMono > nowMono) continue;
    Object.assign(item, told(item.tries + 1, nowMono, random()));
    out.push(item.entry);
  }
  const bulkInFlight = [...outbox.inFlight.values()].filter((item) => item.bulk).length;
  take(
    outbox,
    out,
    false,
    withinReach(outbox, read("urgent", outbox.afterUrgent, windowSize - outbox.inFlight.size)),
    nowMono,
    random,
  );
  const bulkRoom = Math.min(bulkWindow - bulkInFlight, windowSize - outbox.inFlight.size);
  if (bulkRoom > 0) take(outbox, out, true, read("bulk", outbox.afterBulk, bulkRoom), nowMono, random);
  return out;
}

/** The first of these urgent entries that may be told now; each is counted at its first telling. */
function withinReach(outbox: Outbox, entries: readonly OutboxEntry[]): OutboxEntry[] {
  const near: OutboxEntry[] = [];
  for (const entry of entries) {
    const name = nameOf(entry.epoch, entry.seq);
    if (!outbox.unsettled.has(name)) {
      const [oldest] = outbox.unsettled.values();
      if (oldest && outbox.urgentTold - oldest.nth >= aheadAtMost) break;
      outbox.urgentTold += 1;
      outbox.unsettled.set(name, { epoch: entry.epoch, seq: entry.seq, nth: outbox.urgentTold });
    }
    near.push(entry);
  }
  return near;
}

/** Milliseconds until the next resend is due; null when nothing is in flight. */
export function nextDueMono(outbox: Outbox): number | null {
  let due: number | null = null;
  for (const { dueMono, probeMono } of outbox.inFlight.values())
    due = due === null ? Math.min(dueMono, probeMono) : Math.min(due, dueMono);
  return due;
}

function take(
  outbox: Outbox,
  out: OutboxEntry[],
  bulk: boolean,
  entries: readonly OutboxEntry[],
  nowMono: number,
  random: () => number,
): void {
  for (const entry of entries) {
    const position = { epoch: entry.epoch, seq: entry.seq };
    if (bulk) outbox.afterBulk = position;
    else outbox.afterUrgent = position;
    outbox.inFlight.set(nameOf(entry.epoch, entry.seq), { entry, bulk, ...told(1, nowMono, random()) });
    out.push(entry);
  }
}

/** Full jitter on top of each pause: resends of a fleet after an outage do not come in step. */
function told(tries: number, nowMono: number, random: number) {
  const baseMs = Math.min(resendCapMs, firstResendMs * 2 ** (tries - 1));
  const pauseMs = Math.min(resendCapMs, baseMs + Math.floor(random * baseMs));
  const probeMono = nowMono + probeMs + Math.floor(random * probeMs);
  return { tries, toldMono: nowMono, dueMono: nowMono + pauseMs, probeMono };
}
