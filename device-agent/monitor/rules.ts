// Is the engine well? Decided from one probe after the other; the monitor is the only judge of it.
//
// 1. A reply is good only when it proves progress: loop, journal and charger; life alone is not enough.
// 2. KO after three bad probes in a row, OK after two good ones; before the first verdict nothing is told, and
//    bad probes count at most once per interval, so that an engine which is still starting is no fault.
// 3. A monitor that was late itself is no witness: its strikes are void.
import type { ProbeOutcome } from "../health/health-client.ts";
import type { HealthReply } from "../health/protocol.ts";

export const limits = {
  strikes: 3,
  /** Before the first verdict, for an engine that answers while its charger still boots. */
  bootStrikes: 10,
  goods: 2,
  tickAgeMs: 2_000,
  chargerSilentMs: 10_000,
  lagMs: 500,
  /** Pace of probes while a verdict is near: at start, and between the first and the second good one. */
  eagerMs: 250,
} as const;

export interface HealthState {
  verdict: "unknown" | "OK" | "KO";
  /** Why it is KO. */
  reason: string | null;
  strikes: number;
  goods: number;
  /** Monotonic time of the last counted strike. */
  strikeAtMs: number | null;
}

export interface Probed {
  /** Monotonic time at which the probe ended. */
  atMs: number;
  /** How late the monitor's own loop was around this probe. */
  lagMs: number;
  outcome: ProbeOutcome;
}

export type HealthFact =
  | { fact: "good"; count: number }
  | { fact: "strike"; count: number; atMs: number; reason: string }
  /** A bad probe that counts for nothing but the end of a row of good ones. */
  | { fact: "bad"; reason: string }
  | { fact: "strikes-void"; lagMs: number }
  | { fact: "fault"; reason: string }
  | { fact: "reason-changed"; reason: string }
  | { fact: "found-well" }
  | { fact: "restored" };

export const unknownHealth: HealthState = {
  verdict: "unknown",
  reason: null,
  strikes: 0,
  goods: 0,
  strikeAtMs: null,
};

/** What a probe means; `intervalMs` is the ordinary pace of probes. */
export function decide(state: HealthState, probed: Probed, intervalMs: number): HealthFact[] {
  const reason = badness(probed.outcome);
  if (reason === null) return decideGood(state);
  if (probed.lagMs > limits.lagMs) return [{ fact: "strikes-void", lagMs: probed.lagMs }];
  switch (state.verdict) {
    case "KO":
      return reason === state.reason
        ? [{ fact: "bad", reason }]
        : [
            { fact: "bad", reason },
            { fact: "reason-changed", reason },
          ];
    case "unknown": {
      const tooSoon = state.strikeAtMs !== null && probed.atMs - state.strikeAtMs < intervalMs;
      if (tooSoon) return [{ fact: "bad", reason }];
      return decideStrike(
        state,
        probed.atMs,
        reason,
        isBooting(probed.outcome) ? limits.bootStrikes : limits.strikes,
      );
    }
    case "OK":
      return decideStrike(state, probed.atMs, reason, limits.strikes);
  }
}

export function evolve(state: HealthState, fact: HealthFact): HealthState {
  switch (fact.fact) {
    case "good":
      return { ...state, goods: fact.count, strikes: 0, strikeAtMs: null };
    case "strike":
      return { ...state, goods: 0, strikes: fact.count, strikeAtMs: fact.atMs };
    case "bad":
      return { ...state, goods: 0 };
    case "strikes-void":
      return { ...state, strikes: 0, strikeAtMs: null };
    case "fault":
      return { ...state, verdict: "KO", reason: fact.reason };
    case "reason-changed":
      return { ...state, reason: fact.reason };
    case "found-well":
    case "restored":
      return { ...state, verdict: "OK", reason: null };
  }
}

/** The pause that the state asks for: eager while a verdict is near. */
export function probePaceMs(state: HealthState, intervalMs: number): number {
  return isNear(state) ? Math.min(limits.eagerMs, intervalMs) : intervalMs;
}

/**
 * When the probe after one that was due at `dueMs` and ended at `endedMs` starts. The ordinary pace counts from
 * start to start; an eager one from the end, so that two good answers are never one moment's.
 */
export function nextProbeMs(state: HealthState, dueMs: number, endedMs: number, intervalMs: number): number {
  const paceMs = probePaceMs(state, intervalMs);
  return isNear(state) ? endedMs + paceMs : Math.max(dueMs + paceMs, endedMs);
}

function isNear(state: HealthState): boolean {
  return state.verdict === "unknown" || (state.verdict === "KO" && state.goods > 0);
}

function decideGood(state: HealthState): HealthFact[] {
  const count = Math.min(state.goods + 1, limits.goods);
  const good: HealthFact = { fact: "good", count };
  if (state.verdict === "OK" || count < limits.goods) return [good];
  return [good, { fact: state.verdict === "KO" ? "restored" : "found-well" }];
}

/** The engine lives and has not heard its charger yet: both may just be starting. */
function isBooting(outcome: ProbeOutcome): boolean {
  return outcome.is === "reply" && outcome.reply.chargerHeardMs === null;
}

function decideStrike(state: HealthState, atMs: number, reason: string, atMost: number): HealthFact[] {
  const strike: HealthFact = { fact: "strike", count: state.strikes + 1, atMs, reason };
  return strike.count < atMost ? [strike] : [strike, { fact: "fault", reason }];
}

/** Null for a good probe, else what is wrong, in an operator's words. */
export function badness(outcome: ProbeOutcome): string | null {
  return outcome.is === "no-answer" ? outcome.why : noProgress(outcome.reply);
}

function noProgress(reply: HealthReply): string | null {
  if (reply.tickAgeMs >= limits.tickAgeMs) return "engine loop stands still";
  if (!reply.journalWritable) return "journal not writable";
  if (reply.chargerHeardMs === null || reply.chargerHeardMs >= limits.chargerSilentMs)
    return "charger unreachable";
  return null;
}
