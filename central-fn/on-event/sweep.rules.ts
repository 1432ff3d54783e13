// What nobody's message brings about: starts without an answer, commands nobody published, charge points that
// fell silent, sessions overdue, lines and hours. Pure: rows and an instant in, a plan out.
//
// 1. A start without an answer at its expiry is `unknown`: the device is asked to stop that session, again and
//    again, and its answer is what releases the claim.
// 2. Silence is measured on the bridge's clock alone, and only while the feed itself is alive.
import { feedIn } from "../rules/feeds.ts";
import { isLineDue } from "../rules/queue.rules.ts";
import { isOver } from "../rules/session.ts";
import { feedStaleSince, shownState, staleFeedMs } from "../rules/status.ts";
import {
  type Claim,
  type CpRow,
  type FeedRow,
  type FeedsRow,
  keys,
  type OpenCommand,
} from "../tables/rows.ts";
import { dropCommands, startTtlMs, stopSupply } from "./commands.ts";
import { CpDraft, claimKeys } from "./draft.ts";
import { beginDue } from "./driver-confirm.ts";
import { freeDriver, tell } from "./inbox.ts";
import { isReturnDue, tellReturnDue } from "./interruption.ts";
import { nothing, type Plan, type Rows, unread } from "./plan.ts";
import { publication } from "./published.ts";
import { settleLine } from "./queue.ts";
import { show } from "./shown.ts";

export interface SweepTimes {
  /** A stored command is published again when the one who stored it did not within this time. */
  unpublishedMs: number;
  startAgainMs: number;
  stopAgainMs: number;
  /** To a charge point that is not heard; its hello brings them sooner. */
  silentAgainMs: number;
  /** A watch that was not answered is worth nothing after this. */
  watchMs: number;
  /** A running session is overdue when its charge point has not been On for so long. */
  overdueMs: number;
  staleFeedMs: number;
}

export const sweepTimes: SweepTimes = {
  unpublishedMs: 2_000,
  startAgainMs: 5_000,
  stopAgainMs: 10_000,
  silentAgainMs: 60_000,
  watchMs: 60_000,
  overdueMs: 15 * 60_000,
  staleFeedMs,
};

/** True when the sweep would do something: asked for every charge point, so it reads nothing more. */
export function isDue(row: CpRow, feed: FeedRow | undefined, nowMs: number, times = sweepTimes): boolean {
  return (
    silence(row, feed, nowMs, times) !== undefined ||
    isUnanswered(row, nowMs) ||
    isOverdue(row, nowMs, times) ||
    isReturnDue(row, nowMs) ||
    isLineDue(row, nowMs) ||
    row.commands.some((open) => isSpent(open, nowMs, times) || isDueAgain(row, open, nowMs, times))
  );
}

/** `feed` is the number of the partition that carries the charge point's status. */
export function planSweep(rows: Rows, cp: string, feed: number, nowMs: number, times = sweepTimes): Plan {
  const feedKey = keys.feeds(feed);
  const need = unread(rows, [keys.cp(cp), feedKey]);
  if (need) return need;
  const before = rows.get<CpRow>(keys.cp(cp))?.value;
  if (!before) return nothing;
  const needClaim = unread(rows, claimKeys(before.claim));
  if (needClaim) return needClaim;
  const draft = new CpDraft(rows, nowMs, cp);
  const heard = feedIn(rows.get<FeedsRow>(feedKey)?.value, feed);
  const silent = silence(before, heard, nowMs, times);
  if (silent) {
    show(draft, "DISCONNECTED", silent.sinceMs, silent.cause);
    // A report heard meanwhile changes the feed's row alone.
    draft.unchanged(feedKey);
  }
  if (isUnanswered(before, nowMs)) becomeUnknown(draft);
  if (isOverdue(before, nowMs, times)) becomeOverdue(draft);
  if (isReturnDue(draft.row, nowMs)) tellReturnDue(draft);
  dropCommands(draft, (open) => isSpent(open, nowMs, times));
  for (const open of draft.row.commands)
    if (isDueAgain(draft.row, open, nowMs, times)) draft.send(publication(cp, open));
  const needLine = beginDue(draft, rows, heard) ?? settleLine(draft, rows);
  return needLine ?? draft.decision();
}

function silence(row: CpRow, feed: FeedRow | undefined, nowMs: number, times: SweepTimes) {
  if (!row.health || row.shown?.state === "DISCONNECTED") return undefined;
  if (feedStaleSince(feed, nowMs, times.staleFeedMs) !== null) return undefined;
  const shown = shownState(row, feed);
  if (shown.state !== "DISCONNECTED") return undefined;
  return { sinceMs: shown.validUntilMs ?? nowMs, cause: shown.cause };
}

function isUnanswered(row: CpRow, nowMs: number): boolean {
  return row.claim?.state === "claimed" && !row.claim.lostJournal && nowMs > row.claim.expiresAtMs;
}

function becomeUnknown(draft: CpDraft): void {
  const { claim } = draft.row;
  if (!claim) return;
  draft.change({ claim: { ...claim, state: "unknown", sinceMs: draft.nowMs } });
  dropCommands(draft, (open) => open.sid === claim.sid && open.op === "start-supply");
  stopSupply(draft, claim.sid, claim.driver, "unknown");
  withdraw(draft, claim);
  draft.warn(
    `CP ${draft.cp} did not answer START_SUPPLY of ${claim.sid} in ${startTtlMs / 1000} s, stopping it`,
  );
}

/** The driver need not wait for the device's word to go elsewhere. */
function withdraw(draft: CpDraft, { driver, sid }: Claim): void {
  const session = draft.session(driver, sid);
  if (!session || isOver(session.rank) || session.interrupted) return;
  draft.changeSession(session, { interrupted: true });
  freeDriver(draft, driver, sid);
  tell(draft, driver, {
    event: "unanswered",
    type: "ALERT",
    message: `${draft.cp} does not answer. Your request is withdrawn there, you are free to charge elsewhere.`,
    sid,
    cp: draft.cp,
  });
}

/** The flag lives in the session; `shown` tells since when, so it is raised in the first sweep after that. */
function isOverdue(row: CpRow, nowMs: number, times: SweepTimes): boolean {
  const { claim, shown } = row;
  if (!claim || claim.overdue || claim.state === "finishing") return false;
  return shown !== null && shown.state !== "ON" && nowMs - shown.sinceMs > times.overdueMs;
}

function becomeOverdue(draft: CpDraft): void {
  const { claim } = draft.row;
  if (!claim) return;
  draft.change({ claim: { ...claim, overdue: true } });
  const session = draft.session(claim.driver, claim.sid);
  if (!session || isOver(session.rank)) return;
  draft.changeSession(session, { overdue: true });
  draft.warn(`session ${claim.sid} of ${claim.driver} is overdue: CP ${draft.cp} has been silent long`);
}

function isSpent(open: OpenCommand, nowMs: number, times: SweepTimes): boolean {
  return open.op === "watch" && nowMs - open.storedAtMs > times.watchMs;
}

function isDueAgain(row: CpRow, open: OpenCommand, nowMs: number, times: SweepTimes): boolean {
  if (open.publishedAtMs === null) return nowMs - open.storedAtMs > times.unpublishedMs;
  const waited = nowMs - open.publishedAtMs;
  if (row.shown?.state === "DISCONNECTED") return waited > times.silentAgainMs;
  return waited > (open.op === "start-supply" ? times.startAgainMs : times.stopAgainMs);
}
