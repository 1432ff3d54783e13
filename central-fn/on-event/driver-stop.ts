// A driver's cancel and stop, and an operator's stop of a session: the device is asked, and only its word closes
// what it may have begun. A cancel that arrives before its request is kept; one of a place in line leaves it.
import type { DriverRequest } from "../../wire/messages/index.ts";
import { isOver, isWaiting, stopRequested } from "../rules/session.ts";
import { keys } from "../tables/rows.ts";
import { stopSupply } from "./commands.ts";
import { CpDraft } from "./draft.ts";
import { tell } from "./inbox.ts";
import { type Plan, type Rows, unread } from "./plan.ts";
import { leaveLine, settleLine } from "./queue.ts";
import { newSession, writeSession } from "./session-row.ts";

type StopOrCancel = Extract<DriverRequest, { type: "cancel" | "stop" }>;

export function planStop(rows: Rows, request: StopOrCancel, nowMs: number): Plan {
  const { cp, driver, sid } = request;
  const need = unread(rows, [keys.cp(cp), keys.session(driver, sid), keys.driver(driver)]);
  if (need) return need;
  const draft = new CpDraft(rows, nowMs, cp);
  const session = draft.session(driver, sid);
  if (!session) cancelAhead(draft, request);
  else if (isWaiting(session.rank)) leaveLine(draft, session);
  else stopSession(draft, driver, sid);
  return settleLine(draft, rows) ?? draft.decision();
}

function cancelAhead(draft: CpDraft, request: StopOrCancel): void {
  const { cp, driver, sid } = request;
  writeSession(draft, {
    ...newSession(request),
    rank: "CANCELLED",
    reason: "cancelled before it was decided",
    decidedAtMs: draft.nowMs,
  });
  tell(draft, driver, { event: "cancelled", message: `Your request for ${cp} was cancelled.`, sid, cp });
}

/** Asks the device to stop a session of this charge point; one that is over or elsewhere is left alone. */
export function stopSession(draft: CpDraft, driver: string, sid: string): boolean {
  const session = draft.session(driver, sid);
  if (!session || session.cp !== draft.cp || isOver(session.rank) || isWaiting(session.rank)) return false;
  stopSupply(draft, sid, driver, "stop");
  if (session.command.reason !== stopRequested)
    draft.changeSession(session, { command: { state: session.command.state, reason: stopRequested } });
  draft.info(`STOP_SUPPLY sent to ${draft.cp} for ${driver} (session ${sid})`);
  return true;
}
