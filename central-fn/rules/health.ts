// What a monitor's report or last will changes, whatever the order in which they arrive.
//
// 1. (epoch, connection, sequence): the highest wins; a will ends only the connection that it names.
// 2. A report that changes nothing is no write: it only counts as heard.
// 3. Reports are not stored on their way, so a late one that comes long after the last that counted is of a living
//    monitor whose count is behind, or whose connection another one's will named (a disk was copied): it counts.
import type { Envelope, StatusReport, Will } from "../../wire/messages/index.ts";
import type { Health, ShownState } from "../tables/rows.ts";

export type StatusItem = { event: Envelope; ingestMs: number } & (
  | { is: "report"; report: StatusReport }
  | { is: "will"; will: Will }
);

export interface Folded {
  health: Health | null;
  /** The living connection spoke. */
  heard: boolean;
  /** What to show from this item on; null: the item is late and says nothing. */
  state: ShownState | null;
  cause: string;
}

/** `heardMs`: ingest time of the newest report that counted, null when none did. */
export function foldStatus(health: Health | null, item: StatusItem, heardMs: number | null): Folded {
  return item.is === "report" ? foldReport(health, item, heardMs) : foldWill(health, item);
}

function foldReport(
  health: Health | null,
  item: StatusItem & { is: "report" },
  heardMs: number | null,
): Folded {
  const { event, report, ingestMs } = item;
  if (health && isLate(health, item) && !hasOutlived(health, item, heardMs)) return late(health);
  const sameJournal = health?.journal === event.journal;
  const sameConnection = sameJournal && health.epoch === event.epoch && health.conn === report.conn;
  const cause = report.engine === "OK" ? "status report" : (report.reason ?? "engine KO");
  const state: ShownState = report.engine === "OK" ? "ON" : "BROKEN";
  const same =
    health !== null &&
    sameConnection &&
    health.willConn === null &&
    health.engine === report.engine &&
    health.reason === (report.reason ?? null) &&
    health.intervalMs === report.intervalMs &&
    health.ttlMs === report.ttlMs;
  if (same) return { health, heard: true, state, cause };
  const next: Health = {
    journal: event.journal,
    epoch: event.epoch,
    conn: report.conn,
    seq: event.seq,
    engine: report.engine,
    reason: report.reason ?? null,
    intervalMs: report.intervalMs,
    ttlMs: report.ttlMs,
    sinceMs: health?.engine === report.engine ? health.sinceMs : ingestMs,
    willConn: null,
  };
  return { health: next, heard: true, state, cause };
}

/** It seems to come from before what is known: `hasOutlived` tells whether that is so. */
export function isLate(health: Health, item: StatusItem & { is: "report" }): boolean {
  const { event, report, ingestMs } = item;
  // Another journal has no order with this one but the bridge's clock.
  if (event.journal !== health.journal) return ingestMs < health.sinceMs;
  if (event.epoch !== health.epoch) return event.epoch < health.epoch;
  if (report.conn !== health.conn) return report.conn < health.conn;
  return health.willConn === health.conn || event.seq < health.seq;
}

/** Whatever counted last has been silent for so long that it cannot be what makes this report late. */
function hasOutlived(health: Health, { ingestMs }: StatusItem, heardMs: number | null): boolean {
  return heardMs !== null && ingestMs - heardMs > 2 * health.ttlMs;
}

function foldWill(health: Health | null, item: StatusItem & { is: "will" }): Folded {
  const { event, will } = item;
  // The will of a replaced monitor disk, or of one never heard, says nothing about the living one.
  if (!health || event.journal !== health.journal) return late(health);
  if (event.epoch < health.epoch) return late(health);
  if (event.epoch === health.epoch && will.conn < health.conn) return late(health);
  const gone = { health, heard: false, state: "DISCONNECTED", cause: "last will" } as const;
  if (event.epoch === health.epoch && health.willConn === will.conn) return gone;
  const seq = event.epoch === health.epoch ? health.seq : 0;
  return { ...gone, health: { ...health, epoch: event.epoch, conn: will.conn, seq, willConn: will.conn } };
}

function late(health: Health | null): Folded {
  return { health, heard: false, state: null, cause: "" };
}
