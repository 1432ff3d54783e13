// A charge point's state as shown changes: history, log lines, and what it means for the session there.
//
// Broken or Disconnected never ends a session: it is flagged, its driver told and set free, and only the device
// closes it, however late.
import { isOver } from "../rules/session.ts";
import { keys, type SessionRow, type ShownState, type TransitionRow } from "../tables/rows.ts";
import type { CpDraft } from "./draft.ts";
import { freeDriver, occupyDriver, tell } from "./inbox.ts";

/** Needs the claim's rows; `atMs` is when the state came about, on the bridge's clock. */
export function show(draft: CpDraft, to: ShownState, atMs: number, cause: string): void {
  const { shown } = draft.row;
  const from = shown?.state ?? null;
  if (from === to) return;
  const n = (shown?.n ?? 0) + 1;
  const transition: TransitionRow = { cp: draft.cp, atMs, from, to, cause };
  draft.overwrite(keys.transition(draft.cp, atMs, n), transition);
  draft.change({ shown: { state: to, sinceMs: atMs, cause, n } });
  say(draft, from, to, cause);
  if (to === "ON") goOn(draft);
  else interrupt(draft, to);
}

function say(draft: CpDraft, from: ShownState | null, to: ShownState, cause: string): void {
  const name = `CP ${draft.cp}`;
  if (to === "DISCONNECTED") return draft.warn(`${name} disconnected (${cause})`);
  if (from === "DISCONNECTED") draft.info(`${name} connected again`);
  if (to === "BROKEN") {
    draft.warn(`${name} marked as FAULTY`);
    const session = running(draft);
    if (session) draft.warn(`${name} has active session with ${session.driver}`);
  } else if (from === "BROKEN") draft.info(`${name} fault cleared, now available`);
}

function running(draft: CpDraft): SessionRow | undefined {
  const { claim } = draft.row;
  if (!claim || claim.state === "finishing") return undefined;
  const session = draft.session(claim.driver, claim.sid);
  return session && !isOver(session.rank) ? session : undefined;
}

function interrupt(draft: CpDraft, to: ShownState): void {
  const session = running(draft);
  if (!session || session.interrupted) return;
  draft.changeSession(session, { interrupted: true });
  freeDriver(draft, session.driver, session.sid);
  const why = to === "BROKEN" ? "it reports a fault" : "it is not heard";
  tell(draft, session.driver, {
    event: "interrupted",
    type: "ALERT",
    message: `Your session at ${draft.cp} is interrupted: ${why}. What was charged until then is billed when it is back.`,
    sid: session.sid,
    cp: draft.cp,
  });
}

function goOn(draft: CpDraft): void {
  const { claim } = draft.row;
  // The next long silence is overdue again.
  if (claim?.overdue) {
    const { overdue: _, ...rest } = claim;
    draft.change({ claim: rest });
  }
  const session = running(draft);
  // A start that was given up is being stopped: its point's return does not bring it back.
  if (!session?.interrupted || draft.row.claim?.state === "unknown") return;
  draft.changeSession(session, { interrupted: false, overdue: false });
  occupyDriver(draft, session.driver, session.sid);
  tell(draft, session.driver, {
    event: "resumed",
    message: `${draft.cp} is back, your session there goes on.`,
    sid: session.sid,
    cp: draft.cp,
  });
}
