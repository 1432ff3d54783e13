// What Central knows of an engine: its newest stamp (the echo of commands) and the newest word of its connector.
//
// 1. A journal that was never seen is newer than the one known; a known older journal counts again only with an
//    epoch that was never seen.
// 2. The stamp follows the epoch, never the arrival: an outbox repeats old events after a reboot.
// 3. A stamp's age is counted from its arrival, so one that waited on the device seems younger than it is, and a command
//    with its echo would be void too early: of one boot an older stamp that did not wait is kept instead.
import type { Connector, Envelope } from "../../wire/messages/index.ts";
import type { CpRow, EventPlace } from "../tables/rows.ts";

/** A stamp is as good as its arrival where no more than this lies between. */
const promptMs = 5_000;

type Engine = NonNullable<CpRow["engine"]>;
type Known = Pick<CpRow, "engine" | "marks">;

/** True when this journal is new to Central although it knew another one: the old disk is gone. */
export function isNewJournal(row: Known, event: Envelope): boolean {
  return (
    row.engine !== null &&
    row.engine.journal !== event.journal &&
    !row.marks.some((mark) => mark.journal === event.journal)
  );
}

/** True when the event speaks for the engine as it is now, not for an older epoch or disk. */
export function isCurrent(row: Known, event: Envelope): boolean {
  if (row.engine === null) return true;
  if (row.engine.journal === event.journal) return event.epoch >= row.engine.epoch;
  return !row.marks.some((mark) => mark.journal === event.journal && mark.epoch >= event.epoch);
}

/** The engine's facts after an event of it; `marks` are those from before the event, `word` what it says of the connector. */
export function factsAfter(
  row: Known,
  event: Envelope,
  ingestMs: number,
  word: Partial<Connector> | null,
  firmware: string | null,
): Engine | null {
  if (!isCurrent(row, event)) return row.engine;
  const before = row.engine;
  const sameEpoch = before !== null && before.journal === event.journal && before.epoch === event.epoch;
  const newerStamp =
    before === null ||
    ((!sameEpoch || event.at.mono > before.stamp.mono) && waitedMs(before, event.at, ingestMs) <= promptMs);
  const newer = word !== null && (!sameEpoch || event.seq > before.seq) ? word : null;
  return {
    journal: event.journal,
    epoch: event.epoch,
    seq: newer ? event.seq : sameEpoch ? before.seq : 0,
    firmware: firmware ?? before?.firmware ?? null,
    stamp: newerStamp ? event.at : before.stamp,
    stampIngestMs: newerStamp ? ingestMs : before.stampIngestMs,
    plugged: newer?.plugged ?? before?.plugged ?? false,
    relayClosed: newer?.relayClosed ?? before?.relayClosed ?? false,
    operative: newer?.operative ?? before?.operative ?? true,
    registerWh: newer?.registerWh ?? before?.registerWh ?? 0,
  };
}

/**
 * How long a stamp waited on its device beyond the one that is known; 0 where that cannot be told. Both clocks must say
 * so: a suspended machine's monotonic clock falls behind for good, and then a stamp kept too long would let a command
 * live too long.
 */
function waitedMs(before: Engine, at: Envelope["at"], ingestMs: number): number {
  if (before.stamp.boot !== at.boot || !at.synced) return 0;
  const byMonoMs = ingestMs - at.mono - (before.stampIngestMs - before.stamp.mono);
  return Math.min(byMonoMs, ingestMs - at.wall);
}

/** True when the connector's newest word is from after that event. */
export function spokeAfter(engine: Engine | null, place: EventPlace): boolean {
  if (!engine) return false;
  if (engine.journal !== place.journal) return engine.seq > 0;
  return engine.epoch === place.epoch ? engine.seq > place.seq : engine.epoch > place.epoch && engine.seq > 0;
}

export function placeOf(event: EventPlace): EventPlace {
  return { journal: event.journal, epoch: event.epoch, seq: event.seq };
}

/**
 * When a stamp was, in ms UTC. A clock that is not set is replaced by the bridge's, less the time that the
 * message waited on the device where both stamps are of one boot.
 */
export function instantOf(stamp: Envelope["at"], event: Pick<Envelope, "at">, ingestMs: number): number {
  if (stamp.synced) return stamp.wall;
  if (stamp.boot !== event.at.boot) return ingestMs;
  return ingestMs - Math.max(0, event.at.mono - stamp.mono);
}
