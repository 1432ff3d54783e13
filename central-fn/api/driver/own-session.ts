// A driver's own session by its id: found under the driver's key only, so that another's does not exist for him.
import { isOver } from "../../rules/session.ts";
import { keys, type LiveRow, type SessionRow } from "../../tables/rows.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { pendingView, type SessionView, sessionView } from "../session.view.ts";
import { isOwnSid } from "../session-id.ts";

/** Undefined: not decided yet. With "or 404" an id that this driver was never given is refused. */
export async function ownSession(
  { table }: Parts,
  driver: string,
  sid: string,
  unknown: "pending" | "or 404" = "pending",
): Promise<SessionRow | undefined> {
  const row = await table.get<SessionRow>(keys.session(driver, sid));
  if (!row && unknown === "or 404" && !isOwnSid(driver, sid)) throw new Problem(404, `no session ${sid}`);
  return row?.value;
}

export function decided(session: SessionRow | undefined): boolean {
  return session !== undefined && session.rank !== "REQUESTED";
}

export async function viewOf(
  { table }: Parts,
  sid: string,
  session: SessionRow | undefined,
): Promise<SessionView> {
  if (!session) return pendingView(sid);
  const live = isOver(session.rank) ? undefined : await table.get<LiveRow>(keys.live(session.cp));
  return sessionView(session, live?.value);
}
