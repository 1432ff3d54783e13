// A driver's own session by its id: found under the driver's key only, so that another's does not exist for him.
import { setTimeout as pause } from "node:timers/promises";
import type { Context } from "hono";
import { isOver } from "../../rules/session.ts";
import { keys, type SessionRow } from "../../tables/rows.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { type OwnSession, ownSessionView, pendingView } from "./own-session.view.ts";

const longestWaitS = 10;
const pollMs = 50;

/** Undefined: not decided yet. With "or 404" an id that this driver was never given is refused. */
export async function ownSession(
  { table, sessionIds }: Parts,
  driver: string,
  sid: string,
  unknown: "pending" | "or 404" = "pending",
): Promise<SessionRow | undefined> {
  const row = await table.get<SessionRow>(keys.session(driver, sid));
  if (!row && unknown === "or 404" && !sessionIds.isOwn(driver, sid))
    throw new Problem(404, `no session ${sid}`);
  return row?.value;
}

export async function viewOf(
  parts: Parts,
  sid: string,
  session: SessionRow | undefined,
): Promise<OwnSession> {
  if (!session) return pendingView(sid);
  const facts = isOver(session.rank) ? undefined : await parts.fleet.one(session.cp);
  return ownSessionView(session, facts, parts.now());
}

/**
 * The session once `decided`, or after the seconds of `Prefer: wait=N` (RFC 7240), at most 10; at once without. Says in
 * the answer's headers that it waited.
 */
export async function waitFor(
  c: Context,
  parts: Parts,
  of: { driver: string; sid: string; session: SessionRow | undefined },
  decided: (session: SessionRow | undefined) => boolean,
): Promise<SessionRow | undefined> {
  const waitS = waitOf(c.req.header("prefer"));
  const deadlineMs = performance.now() + waitS * 1_000;
  let { session } = of;
  while (!decided(session) && performance.now() < deadlineMs && !c.req.raw.signal.aborted) {
    await pause(pollMs);
    session = await ownSession(parts, of.driver, of.sid);
  }
  if (waitS > 0) c.header("preference-applied", `wait=${waitS}`);
  return session;
}

function waitOf(header: string | undefined): number {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,4})"?/i.exec(header ?? "")?.[1];
  return Math.min(Number(wait ?? 0), longestWaitS);
}
