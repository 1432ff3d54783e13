// A driver takes the offer that came at the head of the line, and what was scheduled begins at its hour.
//
// 1. A confirmation counts by the hour at which it was given, so that a slow handler costs nobody the offer; but it
//    expires like every request.
// 2. One that was used once finds the session accepted: repeated records have no second effect.
import { type ConfirmRequest, partitionOf } from "../../wire/messages/index.ts";
import { feedIn } from "../rules/feeds.ts";
import { dueOf } from "../rules/queue.rules.ts";
import { type CpRow, type FeedRow, type FeedsRow, keys, type SessionRow } from "../tables/rows.ts";
import { CpDraft } from "./draft.ts";
import { accept, begin, verdictOf } from "./driver-start.ts";
import { tell } from "./inbox.ts";
import { type Need, type Plan, type Rows, unread } from "./plan.ts";
import { unpublished } from "./published.ts";
import { givePlaceUp, placeKeys, settleLine } from "./queue.ts";

export function planConfirm(rows: Rows, request: ConfirmRequest, partitions: number, nowMs: number): Plan {
  const { cp, driver, sid } = request;
  const feed = partitionOf(cp, partitions);
  const feedKey = keys.feeds(feed);
  const need = unread(rows, [keys.cp(cp), feedKey, ...placeKeys(request)]);
  if (need) return need;
  const draft = new CpDraft(rows, nowMs, cp);
  const row = rows.get<CpRow>(keys.cp(cp))?.value;
  const session = draft.session(driver, sid);
  const offer = row?.line?.offer;
  if (session?.rank === "OFFERED" && offer?.sid === sid) {
    if (nowMs <= request.expiresAt && request.requestedAt <= offer.expiresAtMs)
      take(draft, session, feedIn(rows.get<FeedsRow>(feedKey)?.value, feed));
  } else for (const send of row ? unpublished(row) : []) draft.send(send);
  return settleLine(draft, rows) ?? draft.decision();
}

function take(draft: CpDraft, session: SessionRow, feed: FeedRow | undefined): void {
  const verdict = verdictOf(draft, session, feed);
  if (verdict.is === "go") return accept(draft, session);
  // The offer stays while it lasts. Said once per reason, however often it is asked.
  if (session.reason === verdict.reason) return;
  draft.changeSession(session, { reason: verdict.reason });
  tell(draft, session.driver, {
    type: "QUEUE",
    event: "unconfirmed",
    message: `${draft.cp} cannot start for you yet: ${verdict.reason}.`,
    sid: session.sid,
    cp: draft.cp,
  });
}

/** A start that could not begin within this time of its hour expires: nothing starts a car long after. */
export const scheduleLateMs = 5 * 60_000;

/** One decision is one commit of at most 100 rows: the others of the hour follow in the next sweeps. */
const startsPerDecision = 4;

/** Begins the scheduled starts whose hour has come, the first few of them. Answers with the rows that it still needs. */
export function beginDue(draft: CpDraft, rows: Rows, feed: FeedRow | undefined): Need | undefined {
  const due = draft.row.retired ? [] : dueOf(draft.row.line, draft.nowMs).slice(0, startsPerDecision);
  const need = unread(rows, due.flatMap(placeKeys));
  if (need) return need;
  for (const place of due) {
    const session = draft.session(place.driver, place.sid);
    if (session?.rank === "SCHEDULED") begin(draft, session, feed, place.startAtMs + scheduleLateMs);
    else givePlaceUp(draft, place);
  }
  return undefined;
}
