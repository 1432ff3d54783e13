// Meter values of one partition's batch: the newest figures of each charge point, all in one commit.
import { type Envelope, type Meter, unpackReadings } from "../../wire/messages/index.ts";
import { keys, type LiveRow } from "../tables/rows.ts";
import { Draft } from "./draft.ts";
import type { Plan, Rows } from "./plan.ts";
import { unread } from "./plan.ts";

export interface MeterItem {
  event: Envelope;
  meter: Meter;
  ingestMs: number;
}

/** Charge points per commit. */
export const metersPerCommit = 50;

/** The newest item of each charge point among these. */
export function newestOf(items: readonly MeterItem[]): MeterItem[] {
  const newest = new Map<string, MeterItem>();
  for (const item of items) {
    const known = newest.get(item.event.cp);
    if (!known || isNewer(item, { ...known.event, ingestMs: known.ingestMs }))
      newest.set(item.event.cp, item);
  }
  return [...newest.values()];
}

/** One write per charge point; what is older than its row changes nothing. */
export function planMeters(rows: Rows, items: readonly MeterItem[], nowMs: number): Plan {
  const need = unread(
    rows,
    items.map(({ event }) => keys.live(event.cp)),
  );
  if (need) return need;
  const draft = new Draft(rows, nowMs);
  for (const item of items) {
    const key = keys.live(item.event.cp);
    const before = rows.get<LiveRow>(key)?.value;
    if (!before || isNewer(item, before)) draft.put(key, liveOf(item));
  }
  return draft.decision();
}

function isNewer(item: MeterItem, than: Pick<LiveRow, "journal" | "epoch" | "seq" | "ingestMs">): boolean {
  const { event } = item;
  if (event.journal !== than.journal) return item.ingestMs > than.ingestMs;
  return event.epoch === than.epoch ? event.seq > than.seq : event.epoch > than.epoch;
}

function liveOf({ event, meter, ingestMs }: MeterItem): LiveRow {
  const last = unpackReadings(meter).at(-1) ?? { mono: meter.mono0, registerWh: meter.wh0, powerW: 0 };
  return {
    cp: event.cp,
    journal: event.journal,
    epoch: event.epoch,
    seq: event.seq,
    sid: meter.sid,
    powerW: last.powerW,
    registerWh: last.registerWh,
    sessionWh: meter.registerStartWh === null ? 0 : Math.max(0, last.registerWh - meter.registerStartWh),
    mono: last.mono,
    ingestMs,
  };
}
