// Which of a driver's running things come first, and which one the bar at the bottom shows: pure.
import type { OwnSession } from "../../api/driver/own-session.view.ts";
import { isOver, type Stage, stageOf } from "./session.rules.ts";

const urgency: Record<Stage, number> = {
  offered: 0,
  charging: 1,
  paused: 1,
  stopping: 1,
  "plug-in": 2,
  starting: 2,
  asking: 3,
  interrupted: 4,
  waiting: 5,
  scheduled: 6,
  over: 9,
};

/** What is not over, the most urgent first: what has to be answered, what flows, what begins, what waits. */
export function runningOf(sessions: readonly OwnSession[]): OwnSession[] {
  return sessions
    .filter((session) => !isOver(session))
    .sort(
      (a, b) =>
        urgency[stageOf(a)] - urgency[stageOf(b)] ||
        (a.queue_position ?? 0) - (b.queue_position ?? 0) ||
        (a.preferred_start ?? "").localeCompare(b.preferred_start ?? "") ||
        a.session_id.localeCompare(b.session_id),
    );
}

/** The session that occupies the driver: nothing else can start beside it. One that is not heard occupies nobody. */
export function occupying(sessions: readonly OwnSession[]): OwnSession | undefined {
  return runningOf(sessions).find((session) =>
    ["charging", "paused", "stopping", "plug-in", "starting", "asking"].includes(stageOf(session)),
  );
}

/** The place or session that the driver has at a charging point already. */
export function ownAt(sessions: readonly OwnSession[], cp: string): OwnSession | undefined {
  return runningOf(sessions).find((session) => session.cp_id === cp);
}
