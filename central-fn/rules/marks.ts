// De-duplication of cp.events per journal and epoch: a contiguous mark and a small window beyond a hole.
//
// 1. Everything up to the mark is processed; an event is a duplicate when it is at or below the mark, in the
//    window, or of an epoch that the device said to be done.
// 2. `prev` chains the events of this topic, so meter samples, which travel elsewhere, leave no hole.
// 3. The window is bounded: beyond 256 entries the oldest hole is given up, loudly; so are the oldest epochs beyond 512.
// 4. An epoch is one process on one boot of its device: the same epoch from another boot is a cloned disk, and so
//    is an epoch that goes on after a later one said that it was done.
import type { Envelope } from "../../wire/messages/index.ts";
import type { EventMark } from "../tables/rows.ts";

export type Seen =
  | { is: "duplicate" }
  | {
      is: "new";
      marks: EventMark[];
      /** The mark before and after this event. */
      from: number;
      to: number;
      /** First missing place that was given up because the window was full. */
      gaveUpAfter: number | null;
    };

type Place = Pick<Envelope, "journal" | "epoch" | "seq" | "prev"> & { boot?: string };

const windowAtMost = 256;
const journalsAtMost = 8;
/** Epochs of a journal behind one that has a hole: about 130 bytes of the charge point's row each. */
const epochsAtMost = 512;

export interface CloneSign {
  cause: string;
  /** Heard first. */
  boot: string;
  /** Its number is its own: the event itself may still be believed. */
  nameIsFree: boolean;
}

/** Why this event cannot come from the device whose events these marks are of; undefined: it may. */
export function signOfClone(
  marks: readonly EventMark[],
  event: { journal: string; epoch: number; seq: number; boot: string },
): CloneSign | undefined {
  const boot = markOf(marks, event)?.boot;
  if (boot !== undefined && boot !== event.boot)
    return { cause: "same journal and epoch from another boot: cloned device?", boot, nameIsFree: false };
  const later = marks.find(
    ({ journal, before }) =>
      journal === event.journal && before?.epoch === event.epoch && event.seq > before.mark,
  );
  if (!later) return undefined;
  return {
    cause: `epoch ${event.epoch} goes on although epoch ${later.epoch} ended it: cloned device?`,
    boot: later.boot ?? "unknown",
    nameIsFree: true,
  };
}

export function see(marks: readonly EventMark[], event: Place): Seen {
  if (isDone(marks, event)) return { is: "duplicate" };
  const known = markOf(marks, event);
  const boot = known?.boot ?? event.boot;
  const mark: EventMark = {
    ...(known ?? { journal: event.journal, epoch: event.epoch, mark: 0, window: [] }),
    ...(boot === undefined ? {} : { boot }),
  };
  if (event.seq <= mark.mark || mark.window.some(([, seq]) => seq === event.seq)) return { is: "duplicate" };
  const window = [...mark.window, [event.prev, event.seq] as [number, number]].sort((a, b) => a[1] - b[1]);
  const next = advance({ ...mark, window }, mark.mark);
  const full = next.window.length > windowAtMost;
  const kept = full ? advance(next, next.window[0]?.[0] ?? next.mark) : next;
  const all = known ? marks.map((other) => (other === known ? kept : other)) : [...marks, kept];
  const fewer = withoutOldest(bounded(all), event.journal);
  return {
    is: "new",
    marks: fewer.marks,
    from: mark.mark,
    to: kept.mark,
    gaveUpAfter: full ? next.mark : fewer.gaveUpAfter,
  };
}

/** Raises the mark to `mark` and over every window entry that then follows without a hole. */
function advance(eventMark: EventMark, mark: number): EventMark {
  const window = [...eventMark.window];
  let reached = Math.max(mark, eventMark.mark);
  let first = window[0];
  while (first && first[0] <= reached) {
    reached = Math.max(reached, first[1]);
    window.shift();
    first = window[0];
  }
  return { ...eventMark, mark: reached, window };
}

/**
 * The device's `oldestPending`: everything before it was said to be processed. Older epochs are forgotten, and
 * the mark of its epoch starts just before it.
 */
export function forgetBefore(
  marks: readonly EventMark[],
  journal: string,
  oldest: { epoch: number; seq: number },
): EventMark[] {
  // A late hello must not bring back an epoch that a newer one declared done.
  if (isDone(marks, { journal, epoch: oldest.epoch })) return [...marks];
  const known = markOf(marks, { journal, epoch: oldest.epoch });
  const mark = known ?? { journal, epoch: oldest.epoch, mark: 0, window: [] };
  const kept = marks.filter((other) => other.journal !== journal || other.epoch > oldest.epoch);
  const before = lastDone(marks, journal, oldest.epoch);
  const first = advance(
    { ...mark, oldest: true, ...(before ? { before } : {}) },
    Math.max(0, oldest.seq - 1),
  );
  const at = kept.findIndex((other) => other.journal === journal);
  return at < 0 ? [...kept, first] : [...kept.slice(0, at), first, ...kept.slice(at)];
}

/** What is missing will never come: its number was used by another device. */
export function giveUpHoles(marks: readonly EventMark[]): EventMark[] {
  return marks.map((mark) => advance(mark, mark.window.at(-1)?.[1] ?? mark.mark));
}

/** The newest epoch before this one, and its last event: the process that wrote it has ended. */
function lastDone(marks: readonly EventMark[], journal: string, epoch: number): EventMark["before"] {
  const own = marks.filter((mark) => mark.journal === journal);
  const done = own
    .filter((mark) => mark.epoch < epoch)
    .reduce<EventMark | undefined>(
      (last, mark) => (last && last.epoch > mark.epoch ? last : mark),
      undefined,
    );
  if (done) return { epoch: done.epoch, mark: done.window.at(-1)?.[1] ?? done.mark };
  return own.find((mark) => mark.before)?.before;
}

/** How far the device may forget this epoch; undefined while an older epoch of the journal has a hole. */
export function watermark(marks: readonly EventMark[], journal: string, epoch: number): number | undefined {
  const holes = marks.some(
    (mark) => mark.journal === journal && mark.epoch < epoch && mark.window.length > 0,
  );
  return holes ? undefined : markOf(marks, { journal, epoch })?.mark;
}

function isDone(marks: readonly EventMark[], place: { journal: string; epoch: number }): boolean {
  return marks.some((mark) => mark.journal === place.journal && mark.oldest && place.epoch < mark.epoch);
}

function markOf(marks: readonly EventMark[], place: { journal: string; epoch: number }) {
  return marks.find((mark) => mark.journal === place.journal && mark.epoch === place.epoch);
}

/** Journals in the order of their first event; the longest unheard go first. */
function bounded(marks: EventMark[]): EventMark[] {
  const journals = [...new Set(marks.map((mark) => mark.journal))];
  const gone = new Set(journals.slice(0, Math.max(0, journals.length - journalsAtMost)));
  return gone.size === 0 ? marks : marks.filter((mark) => !gone.has(mark.journal));
}

/** The oldest epoch goes when there are too many, as if the device had said that it is done. */
function withoutOldest(
  marks: EventMark[],
  journal: string,
): { marks: EventMark[]; gaveUpAfter: number | null } {
  if (marks.length <= epochsAtMost) return { marks, gaveUpAfter: null };
  const own = marks.filter((mark) => mark.journal === journal).sort((a, b) => a.epoch - b.epoch);
  const [oldest, second] = own;
  if (!oldest || !second || own.length <= epochsAtMost) return { marks, gaveUpAfter: null };
  return { marks: forgetBefore(marks, journal, { epoch: second.epoch, seq: 1 }), gaveUpAfter: oldest.mark };
}
