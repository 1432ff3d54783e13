// A session whose charge point is not On any more, or is On again. Its flag follows at once, and its driver is told.
//
// 1. An interruption never ends a session: its driver is set free, and only the device closes it, however late.
// 2. A point that comes and goes does not fill its driver's inbox: the first returns are told at once, a later one when
//    it has lasted, longer each time. Until then the last word stays the interruption, and the next is not told again.
import { isOver } from "../rules/session.ts";
import type { Claim, CpRow, SessionRow } from "../tables/rows.ts";
import type { CpDraft } from "./draft.ts";
import { freeDriver, occupyDriver, tell } from "./inbox.ts";

const returnsToldAtOnce = 2;
const lastsMs = 5 * 60_000;
const longestMs = 60 * 60_000;

/** The session that a claim lets run; undefined while it only waits for its car to leave. */
export function running(draft: CpDraft): SessionRow | undefined {
  const { claim } = draft.row;
  if (!claim || claim.state === "finishing") return undefined;
  const session = draft.session(claim.driver, claim.sid);
  return session && !isOver(session.rank) ? session : undefined;
}

export function interrupt(draft: CpDraft, to: "BROKEN" | "DISCONNECTED"): void {
  const { claim } = draft.row;
  const session = running(draft);
  if (!claim || !session || session.interrupted) return;
  draft.changeSession(session, { interrupted: true });
  freeDriver(draft, session.driver, session.sid);
  if (claim.backMs !== undefined) return draft.change({ claim: withoutBack(claim) });
  const why = to === "BROKEN" ? "it reports a fault" : "it is not heard";
  tell(draft, session.driver, {
    event: "interrupted",
    type: "ALERT",
    message: `Your session at ${draft.cp} is interrupted: ${why}. What was charged until then is billed when it is back.`,
    sid: session.sid,
    cp: draft.cp,
  });
}

export function goOn(draft: CpDraft): void {
  // The next long silence is overdue again.
  if (draft.row.claim?.overdue) {
    const { overdue: _, ...rest } = draft.row.claim;
    draft.change({ claim: rest });
  }
  const { claim } = draft.row;
  const session = running(draft);
  // A start that was given up is being stopped: its point's return does not bring it back.
  if (!claim || !session?.interrupted || claim.state === "unknown") return;
  draft.changeSession(session, { interrupted: false, overdue: false });
  occupyDriver(draft, session.driver, session.sid);
  if ((claim.returns ?? 0) < returnsToldAtOnce) return tellReturn(draft, claim);
  draft.change({ claim: { ...claim, backMs: draft.nowMs } });
}

/** A return that was not told has lasted long enough. */
export function isReturnDue({ claim }: CpRow, nowMs: number): boolean {
  if (claim?.backMs === undefined || claim.state === "finishing" || claim.state === "unknown") return false;
  const earlier = (claim.returns ?? 0) - returnsToldAtOnce;
  return nowMs - claim.backMs >= Math.min(lastsMs * 2 ** earlier, longestMs);
}

/** Needs the claim's rows. */
export function tellReturnDue(draft: CpDraft): void {
  const { claim } = draft.row;
  if (claim) tellReturn(draft, claim);
}

function tellReturn(draft: CpDraft, claim: Claim): void {
  draft.change({ claim: { ...withoutBack(claim), returns: (claim.returns ?? 0) + 1 } });
  if (!running(draft)) return;
  tell(draft, claim.driver, {
    event: "resumed",
    message: `${draft.cp} is back, your session there goes on.`,
    sid: claim.sid,
    cp: draft.cp,
  });
}

function withoutBack(claim: Claim): Claim {
  const { backMs: _, ...rest } = claim;
  return rest;
}
