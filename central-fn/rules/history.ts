// What a charge point's transitions tell: intervals in each state, its faults, and figures over a time.
//
// 1. A fault is an interval in which the point was not On; Broken and then Disconnected are two faults, one outage.
// 2. Transitions are ordered by (instant, number); one dated before its predecessor begins where that one began.
import type { ShownState, TransitionRow } from "../tables/rows.ts";

export interface Interval {
  state: ShownState;
  /** The state before; null: the point was never seen before. */
  from: ShownState | null;
  cause: string;
  startMs: number;
  /** Null while it lasts. */
  endMs: number | null;
}

export interface Statistics {
  /** Faults that began in the time. */
  faults: { broken: number; disconnected: number };
  /** Times from leaving On to being On again, begun in the time and over. */
  outages: number;
  /** Mean length of those outages; null without one. */
  meanToRecoverMs: number | null;
  /** How long in each state; `unknownMs` is before the point was first seen. They add up to the time. */
  inState: { onMs: number; brokenMs: number; disconnectedMs: number; unknownMs: number };
}

/** Intervals, oldest first, of transitions in their order (oldest first). */
export function intervalsOf(transitions: readonly Omit<TransitionRow, "cp">[]): Interval[] {
  const intervals: Interval[] = [];
  for (const { atMs, from, to, cause } of transitions) {
    const before = intervals.at(-1);
    const startMs = Math.max(atMs, before?.startMs ?? 0);
    if (before) before.endMs = startMs;
    intervals.push({ state: to, from, cause, startMs, endMs: null });
  }
  return intervals;
}

export function faultsOf(intervals: readonly Interval[]): Interval[] {
  return intervals.filter((interval) => interval.state !== "ON");
}

/** Figures for [fromMs, toMs); the transitions must reach back to the last one before `fromMs`, where there is one. */
export function statisticsOf(
  transitions: readonly Omit<TransitionRow, "cp">[],
  fromMs: number,
  toMs: number,
): Statistics {
  const intervals = intervalsOf(transitions);
  const begun = faultsOf(intervals).filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
  const outages = outagesOf(intervals).filter(
    ({ startMs, endMs }) => startMs >= fromMs && startMs < toMs && endMs !== null && endMs <= toMs,
  );
  const lengths = outages.map(({ startMs, endMs }) => (endMs ?? startMs) - startMs);
  const time = (state: ShownState | null) => timeIn(intervals, state, fromMs, toMs);
  return {
    faults: {
      broken: begun.filter(({ state }) => state === "BROKEN").length,
      disconnected: begun.filter(({ state }) => state === "DISCONNECTED").length,
    },
    outages: lengths.length,
    meanToRecoverMs: lengths.length === 0 ? null : Math.round(sum(lengths) / lengths.length),
    inState: {
      onMs: time("ON"),
      brokenMs: time("BROKEN"),
      disconnectedMs: time("DISCONNECTED"),
      unknownMs: time(null),
    },
  };
}

/** Neighbouring faults as one. */
function outagesOf(intervals: readonly Interval[]): { startMs: number; endMs: number | null }[] {
  const outages: { startMs: number; endMs: number | null }[] = [];
  let open: { startMs: number; endMs: number | null } | undefined;
  for (const { state, startMs } of intervals) {
    if (state === "ON") {
      if (open) open.endMs = startMs;
      open = undefined;
    } else if (!open) {
      open = { startMs, endMs: null };
      outages.push(open);
    }
  }
  return outages;
}

/** Milliseconds of [fromMs, toMs) in a state; null: before the first interval, unless it tells what was before. */
function timeIn(intervals: readonly Interval[], state: ShownState | null, fromMs: number, toMs: number) {
  const first = intervals[0];
  const before = { state: first?.from ?? null, startMs: fromMs, endMs: first?.startMs ?? null };
  return sum(
    [before, ...intervals]
      .filter((interval) => interval.state === state)
      .map(({ startMs, endMs }) => Math.min(endMs ?? toMs, toMs) - Math.max(startMs, fromMs))
      .filter((ms) => ms > 0),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
