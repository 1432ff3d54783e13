// When Central is told how the engine is: at once on a change and on each new connection, else on a beat.
//
// 1. A notice (fault, restoration) is owed until the broker has taken a report that carries it; a newer notice
//    replaces an older one that nobody heard.
// 2. The beat keeps its phase, which is random per monitor, so that a fleet does not beat in step.

export type Notice = "fault" | "restoration";

export interface StatusState {
  /** Monotonic time of the next beat. */
  beatMs: number;
  urgent: boolean;
  owed: Notice | null;
  /** Reports handed to the link and not settled. */
  flying: number;
}

export function statusFrom(beatMs: number): StatusState {
  return { beatMs, urgent: false, owed: null, flying: 0 };
}

/** The engine's verdict or its reason changed. */
export function changed(state: StatusState, notice: Notice | null): StatusState {
  return { ...state, urgent: true, owed: notice ?? state.owed };
}

export function connected(state: StatusState): StatusState {
  return { ...state, urgent: true };
}

/** While a report is unsettled (a half-open line) beats are left out; changes are not. */
export function isDue(state: StatusState, nowMs: number): boolean {
  return state.urgent || (nowMs >= state.beatMs && state.flying === 0);
}

export function handedOver(state: StatusState, nowMs: number, intervalMs: number): StatusState {
  const missed = Math.max(0, Math.floor((nowMs - state.beatMs) / intervalMs) + 1);
  return { ...state, urgent: false, flying: state.flying + 1, beatMs: state.beatMs + missed * intervalMs };
}

/** The link settled a report that carried `carried`; `told` is the notice that Central is now told of. */
export function settled(
  state: StatusState,
  carried: Notice | null,
  taken: boolean,
): { state: StatusState; told: Notice | null } {
  const told = taken && carried !== null && carried === state.owed ? carried : null;
  return {
    state: { ...state, flying: state.flying - 1, owed: told === null ? state.owed : null },
    told,
  };
}
