// How long a driver waits at a charge point, in minutes, from what is known of it now.
import { remainingMs, waitMs } from "../rules/wait.rules.ts";
import { shownOf } from "./charge-point.view.ts";
import type { CpFacts } from "./fleet.ts";

/** Wait of whoever has `ahead` others before him, in whole minutes; null: nobody knows. */
export function waitMinutes(facts: CpFacts, ahead: number, nowMs: number): number | null {
  const { cp, session, live } = facts;
  if (shownOf(facts).state !== "ON") return null;
  const finishing = cp.claim?.state === "finishing";
  const remaining = cp.claim ? remainingMs({ session, live, pace: cp.pace, finishing }, nowMs) : 0;
  const ms = waitMs(remaining, ahead, cp.pace);
  return ms === null ? null : Math.ceil(ms / 60_000);
}
