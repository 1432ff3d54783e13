// A session as an operator sees it, and the line of what happened to it: pure, from what is stored.
import * as z from "zod";
import { isOver } from "../../rules/session.ts";
import type { CdrRow, InboxRow, ReviewRow, SessionRow, TransitionRow } from "../../tables/rows.ts";
import { instant } from "../charge-point.view.ts";
import { Command } from "../driver/own-session.view.ts";
import { PastSession, pastSessionView } from "../driver/past-session.view.ts";
import { DriverId, Instant } from "../schemas.ts";

export const SessionRecord = PastSession.extend({
  driver_id: DriverId,
  decided_at: Instant.nullable(),
  overdue: z.boolean().describe("Its charge point has been silent for long"),
  command: Command.omit({ op: true }),
});
export type SessionRecord = z.infer<typeof SessionRecord>;

export function sessionRecord(session: SessionRow, cdr: CdrRow | undefined): SessionRecord {
  return {
    ...pastSessionView(session, cdr),
    driver_id: session.driver,
    decided_at: instant(session.decidedAtMs),
    overdue: session.overdue,
    command: session.command,
  };
}

export const Moment = z.object({
  at: Instant.nullable(),
  event: z.string().describe("For programs: requested, accepted, started, broken, completed …"),
  text: z.string(),
});
export type Moment = z.infer<typeof Moment>;

interface Story {
  session: SessionRow;
  /** The driver's inbox, as far as it is kept. */
  inbox: readonly InboxRow[];
  /** The charge point's changes of state, from before its start to after its end. */
  transitions: readonly TransitionRow[];
  cdr: CdrRow | undefined;
  review: ReviewRow | undefined;
}

/** Everything that is known to have happened, oldest first. */
export function timeLine(of: Story): Moment[] {
  const { session, inbox, transitions, cdr, review } = of;
  const moments: { atMs: number; event: string; text: string }[] = [];
  const add = (atMs: number | null | undefined, event: string, text: string) => {
    if (atMs) moments.push({ atMs, event, text });
  };
  add(session.requestedAtMs, "requested", `${session.driver} asked for ${session.cp}`);
  add(session.startedAtMs, "relay-closed", "the relay was seen closed, by the device's clock");
  add(session.endedAtMs, "ended", `ended: ${session.stopReason ?? session.reason ?? "by the device"}`);
  for (const entry of inbox)
    if (entry.sid === session.sid)
      add(entry.createdAtMs, entry.event, `the driver was told: ${entry.message}`);
  const untilMs = endOf(of);
  for (const { atMs, to, cause } of transitions)
    if (atMs >= session.requestedAtMs && atMs <= untilMs)
      add(atMs, `point-${to.toLowerCase()}`, `${session.cp} became ${to}: ${cause}`);
  add(review?.openedAtMs, "review", `went to a review: ${review?.cause}`);
  const settled = review?.settled;
  add(settled?.atMs, "settled", `review settled: ${settled?.decision} by ${settled?.by}: ${settled?.reason}`);
  add(cdr?.createdAtMs, "billed", `billed: ${cdr?.energyWh} Wh, ${cdr?.amountMinor} cents (${cdr?.cdrId})`);
  moments.sort((a, b) => a.atMs - b.atMs);
  return moments.map(({ atMs, event, text }) => ({ at: instant(atMs), event, text }));
}

/** Milliseconds UTC after which nothing of its charge point concerns it; one that was refused has no end of its own. */
function endOf({ session, inbox, review }: Pick<Story, "session" | "inbox" | "review">): number {
  if (session.endedAtMs !== null) return session.endedAtMs;
  if (!isOver(session.rank)) return Number.POSITIVE_INFINITY;
  const own = inbox.filter(({ sid }) => sid === session.sid).map(({ createdAtMs }) => createdAtMs);
  return Math.max(session.requestedAtMs, session.decidedAtMs ?? 0, review?.openedAtMs ?? 0, ...own);
}
