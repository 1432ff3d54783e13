// How a session leaves the charge point: the claim goes, the driver is free, reviews are opened.

import { spokeAfter } from "../rules/engine-facts.ts";
import { isOver, isWaiting, mayBecome } from "../rules/session.ts";
import {
  type Claim,
  type EventPlace,
  keys,
  type ReviewRow,
  type SessionRank,
  type SessionRow,
} from "../tables/rows.ts";
import { dropCommands, stopSupply } from "./commands.ts";
import type { CpDraft } from "./draft.ts";
import { freeDriver, tell } from "./inbox.ts";

/** Ends the claim of this session under this fence: `finishing` while its car has not left, else nobody's. */
export function closeClaim(
  draft: CpDraft,
  of: { sid: string; fence: number },
  plugged: boolean,
  by: EventPlace,
): void {
  const { claim, engine } = draft.row;
  if (!claim || claim.sid !== of.sid || claim.fence !== of.fence) return;
  // Without a place it was an operator who ended it, by retiring the point: now the device says so itself.
  if (claim.state === "finishing" && claim.by) return;
  const stillPlugged = engine && spokeAfter(engine, by) ? engine.plugged : plugged;
  const left = untilItsCarLeft(draft, claim, stillPlugged);
  draft.change({ claim: left && { ...left, by } });
}

/** What a claim becomes whose session is over. */
export function untilItsCarLeft(draft: CpDraft, claim: Claim, plugged: boolean): Claim | null {
  return plugged ? { ...claim, state: "finishing", sinceMs: draft.nowMs } : null;
}

/** The claim of a session that never got energy. */
export function releaseClaim(draft: CpDraft, sid: string): void {
  const { claim } = draft.row;
  if (claim?.sid === sid && claim.state !== "finishing") draft.change({ claim: null });
}

/** Commands about a session that is over at the device. */
export function dropCommandsOf(draft: CpDraft, sid: string): void {
  dropCommands(
    draft,
    (open) => open.sid === sid && (open.op === "start-supply" || open.op === "stop-supply"),
  );
}

/** Raises the session to a closed rank; false when it may not rise there. */
export function closeSession(
  draft: CpDraft,
  session: SessionRow,
  rank: Extract<SessionRank, "REJECTED" | "EXPIRED" | "CANCELLED" | "ABORTED" | "NEEDS_REVIEW">,
  reason: string,
  change: Partial<SessionRow> = {},
): boolean {
  // Ranks of closed sessions are final among themselves; only the device's end or a review rises above.
  if (!mayBecome(session.rank, rank)) return false;
  draft.changeSession(session, {
    ...change,
    rank,
    reason,
    interrupted: false,
    overdue: false,
    decidedAtMs: session.decidedAtMs ?? draft.nowMs,
  });
  freeDriver(draft, session.driver, session.sid);
  tell(draft, session.driver, {
    event: rank === "NEEDS_REVIEW" ? "review" : rank.toLowerCase(),
    message: closedMessage(session.cp, rank, reason),
    sid: session.sid,
    cp: session.cp,
    type: rank === "NEEDS_REVIEW" ? "ALERT" : isWaiting(session.rank) ? "QUEUE" : "SESSION",
  });
  return true;
}

function closedMessage(cp: string, rank: SessionRank, reason: string): string {
  switch (rank) {
    case "REJECTED":
      return `Charging at ${cp} was refused: ${reason}.`;
    case "EXPIRED":
      return `Your request for ${cp} expired: ${reason}. Nothing was charged.`;
    case "CANCELLED":
      return `Your request for ${cp} was cancelled. Nothing was charged.`;
    case "ABORTED":
      return `Charging at ${cp} did not begin: ${reason}. Nothing was charged.`;
    default:
      return `Your session at ${cp} is being looked into by the operator: ${reason}. You are free to charge elsewhere.`;
  }
}

export interface ReviewFigures {
  driver: string | null;
  registerStartWh: number | null;
  registerEndWh: number | null;
  tariff: ReviewRow["tariff"];
}

/** Opens the one review of a session; an open one learns figures that it lacked, a settled one stays. */
export function openReview(draft: CpDraft, sid: string, cause: string, figures: ReviewFigures): void {
  const known = draft.review(sid);
  if (known?.settled) return;
  const review: ReviewRow = {
    id: sid,
    cp: draft.cp,
    sid,
    cause: known?.cause ?? cause,
    driver: known?.driver ?? figures.driver,
    registerStartWh: known?.registerStartWh ?? figures.registerStartWh,
    registerEndWh: known?.registerEndWh ?? figures.registerEndWh,
    tariff: known?.tariff ?? figures.tariff,
    openedAtMs: known?.openedAtMs ?? draft.nowMs,
    settled: null,
  };
  draft.put(keys.review(sid), review);
  if (!known) draft.error(`session ${sid} needs a review: ${cause}`);
}

/** The journal that held the claim's session is gone: the claim waits for the relay to be seen open. */
export function loseJournal(draft: CpDraft): void {
  loseSession(draft, "journal lost");
  const { claim } = draft.row;
  if (claim && claim.state !== "finishing")
    draft.change({ claim: { ...claim, lostJournal: true, sinceMs: draft.nowMs } });
}

/**
 * Nobody can vouch for the claim's session any more: a review, and a stop to whoever listens, for a copy of the
 * start may still be under way. Needs the claim's rows.
 */
export function loseSession(draft: CpDraft, cause: string): void {
  const { claim } = draft.row;
  if (!claim || claim.state === "finishing") return;
  const session = draft.session(claim.driver, claim.sid);
  if (session && !isOver(session.rank)) {
    openReview(draft, claim.sid, cause, {
      driver: claim.driver,
      registerStartWh: session.registerStartWh,
      registerEndWh: null,
      tariff: session.tariff,
    });
    closeSession(draft, session, "NEEDS_REVIEW", cause);
  }
  dropCommandsOf(draft, claim.sid);
  stopSupply(draft, claim.sid, claim.driver, "lost");
}
