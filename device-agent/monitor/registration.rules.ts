// The registration's way to Central: published, and published again until the bridge acknowledges it.
//
// 1. One event is under way at a time, with its bytes frozen when it was first published; a repetition is the
//    same event. Newer contents wait for its acknowledgement and only the newest is kept.
// 2. Repeated after about 1 s, 5 s, then every 30 s; at once on a new connection.
import type { AckMessage, Registration } from "../../wire/messages/index.ts";

export const repeatAfterMs = [1_000, 5_000, 30_000] as const;

export interface RegistrationState {
  /** Contents not yet made an event. */
  wanted: Registration | null;
  underWay: { seq: number; payload: string; tries: number; dueMs: number } | null;
}

export type RegistrationStep =
  | { do: "nothing" }
  /** Number these contents, publish them, then call `published`. */
  | { do: "publish"; contents: Registration }
  /** The same bytes again, then call `repeated`. */
  | { do: "repeat"; payload: string };

export const noRegistration: RegistrationState = { wanted: null, underWay: null };

export function contentsRead(state: RegistrationState, contents: Registration): RegistrationState {
  return { ...state, wanted: contents };
}

/** What to do now; only asked while connected. */
export function nextStep(state: RegistrationState, nowMs: number): RegistrationStep {
  if (state.underWay)
    return nowMs >= state.underWay.dueMs
      ? { do: "repeat", payload: state.underWay.payload }
      : { do: "nothing" };
  return state.wanted ? { do: "publish", contents: state.wanted } : { do: "nothing" };
}

/** `dice` in [0, 1) spreads the repetition by a quarter each way. */
export function published(seq: number, payload: string, nowMs: number, dice: number): RegistrationState {
  return { wanted: null, underWay: { seq, payload, tries: 1, dueMs: nowMs + pauseMs(1, dice) } };
}

export function repeated(state: RegistrationState, nowMs: number, dice: number): RegistrationState {
  if (!state.underWay) return state;
  const tries = state.underWay.tries + 1;
  return { ...state, underWay: { ...state.underWay, tries, dueMs: nowMs + pauseMs(tries, dice) } };
}

/** On a new connection what is unacknowledged is due at once, and the pauses begin anew. */
export function reconnected(state: RegistrationState, nowMs: number): RegistrationState {
  if (!state.underWay) return state;
  return { ...state, underWay: { ...state.underWay, tries: 0, dueMs: nowMs } };
}

/** `message` is known to name this monitor's journal and epoch. A refused event is a dead letter: not repeated. */
export function answered(
  state: RegistrationState,
  message: AckMessage,
): { state: RegistrationState; outcome: "acknowledged" | "refused" | "not-ours" } {
  const seq = state.underWay?.seq;
  if (seq === undefined) return { state, outcome: "not-ours" };
  const named =
    message.kind === "ack"
      ? message.ranges.some(([from, to]) => from <= seq && seq <= to)
      : message.seq === seq;
  if (!named) return { state, outcome: "not-ours" };
  return {
    state: { ...state, underWay: null },
    outcome: message.kind === "ack" ? "acknowledged" : "refused",
  };
}

function pauseMs(tries: number, dice: number): number {
  const index = Math.min(Math.max(tries, 1), repeatAfterMs.length) - 1;
  return (repeatAfterMs[index] ?? repeatAfterMs[2]) * (0.75 + dice / 2);
}
