// Judges a recorded chaos run: pure, so that it can be repeated on the same history.
import { type Blame, blame } from "./check-blame.ts";
import { driversFaults } from "./check-drivers.ts";
import { durabilityFaults } from "./check-durability.ts";
import { sessionsFaults } from "./check-sessions.ts";
import { evidenceOf } from "./evidence.ts";
import type { History } from "./history.ts";

export interface Verdict {
  /** Violations in words, each led by the number of its invariant; empty when all holds. */
  wrong: string[];
  judged: Blame["judged"];
}

export function judge(history: History): Verdict {
  const evidence = evidenceOf(history);
  const blamed = blame(evidence);
  return {
    wrong: [
      ...durabilityFaults(evidence),
      ...sessionsFaults(evidence),
      ...driversFaults(evidence),
      ...blamed.wrong,
    ],
    judged: blamed.judged,
  };
}
