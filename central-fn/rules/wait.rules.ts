// How long a driver will wait, from what is known: the running session's limits, else how long sessions last here.
// What nobody can know is null, never a guess.
import type { LiveRow, Pace, SessionRow } from "../tables/rows.ts";

/** Below so many sessions a mean tells nothing. */
const sessionsAtLeast = 3;
/** The mean follows about so many of the last sessions. */
const sessionsAtMost = 20;

export function paceAfter(pace: Pace | undefined, durationMs: number): Pace {
  const sessions = Math.min((pace?.sessions ?? 0) + 1, sessionsAtMost);
  const meanMs = pace?.meanMs ?? 0;
  return { sessions, meanMs: Math.round(meanMs + (durationMs - meanMs) / sessions) };
}

export interface Occupied {
  session: SessionRow | undefined;
  live: Pick<LiveRow, "sessionWh" | "powerW"> | undefined;
  pace: Pace | undefined;
  /** Ended, and its car has not left. */
  finishing: boolean;
}

/** Until the running session ends, ms; null: nobody knows. */
export function remainingMs({ session, live, pace, finishing }: Occupied, nowMs: number): number | null {
  if (finishing || !session || session.startedAtMs === null) return null;
  const elapsedMs = Math.max(0, nowMs - session.startedAtMs);
  const bounds: number[] = [];
  const { durationS, energyWh } = session.limit ?? {};
  if (durationS !== undefined) bounds.push(durationS * 1_000 - elapsedMs);
  if (energyWh !== undefined && live && live.powerW > 0)
    bounds.push(((energyWh - live.sessionWh) * 3_600_000) / live.powerW);
  const mean = meanOf(pace);
  // A session that outlasts the mean tells nothing about its end.
  if (mean !== null && mean > elapsedMs) bounds.push(mean - elapsedMs);
  return bounds.length === 0 ? null : Math.max(0, Math.round(Math.min(...bounds)));
}

/** Wait of whoever has `ahead` others before him, ms; null: nobody knows. `remaining` 0: the point is free. */
export function waitMs(remaining: number | null, ahead: number, pace: Pace | undefined): number | null {
  if (remaining === null) return null;
  if (ahead === 0) return remaining;
  const mean = meanOf(pace);
  return mean === null ? null : remaining + ahead * mean;
}

function meanOf(pace: Pace | undefined): number | null {
  return pace && pace.sessions >= sessionsAtLeast ? pace.meanMs : null;
}
