// A driver's start request: refused with a reason, put in line or on its hour, or accepted in one commit that holds
// the claim, the command, the session and the driver's word.
//
// 1. A request that was decided once is answered from its row: repeated records have no second effect.
// 2. The claim raises the fence; only the holder of that fence releases it.
// 3. While a line waits for a point, nobody gets it past the line.
import { cpOfSid, partitionOf, type StartRequest } from "../../wire/messages/index.ts";
import { feedIn } from "../rules/feeds.ts";
import { limitUnder } from "../rules/limit.rules.ts";
import { isOutOfService } from "../rules/out-of-service.ts";
import { isWaiting } from "../rules/session.ts";
import { shownState } from "../rules/status.ts";
import {
  type Claim,
  type CpRow,
  type FeedRow,
  type FeedsRow,
  keys,
  type SessionRow,
} from "../tables/rows.ts";
import { command, plugInTimeoutS, startTtlMs } from "./commands.ts";
import { CpDraft } from "./draft.ts";
import { driverOf, tell } from "./inbox.ts";
import { type Plan, type Rows, unread } from "./plan.ts";
import { unpublished } from "./published.ts";
import { givePlaceUp, joinLine, refusedPlace, scheduleStart, settleLine } from "./queue.ts";
import { newSession, writeSession } from "./session-row.ts";

export function planStart(rows: Rows, request: StartRequest, partitions: number, nowMs: number): Plan {
  const { cp, driver, sid, startAt } = request;
  const feed = partitionOf(cp, partitions);
  const feedKey = keys.feeds(feed);
  const need = unread(rows, [keys.cp(cp), keys.session(driver, sid), keys.driver(driver), feedKey]);
  if (need) return need;
  const draft = new CpDraft(rows, nowMs, cp);
  const before = rows.get<CpRow>(keys.cp(cp))?.value;
  if (draft.session(driver, sid)) {
    for (const send of before ? unpublished(before) : []) draft.send(send);
    return draft.decision();
  }
  const session = newSession(request);
  if (startAt !== undefined && startAt > nowMs) later(draft, session, startAt, request.expiresAt);
  else begin(draft, session, feedIn(rows.get<FeedsRow>(feedKey)?.value, feed), request.expiresAt);
  return settleLine(draft, rows) ?? draft.decision();
}

type Verdict =
  | { is: "go" }
  /** Somebody else has the point or comes before. */
  | { is: "taken"; reason: string }
  | { is: "no"; rank: "REJECTED" | "EXPIRED"; reason: string };

const no = (reason: string): Verdict => ({ is: "no", rank: "REJECTED", reason });
const expired: Verdict = { is: "no", rank: "EXPIRED", reason: "it was not decided in time" };

/** Starts it now, puts it in line, or refuses it. `expiresAtMs` bounds this decision. Needs the place's rows. */
export function begin(
  draft: CpDraft,
  session: SessionRow,
  feed: FeedRow | undefined,
  expiresAtMs: number,
): void {
  const verdict = draft.nowMs > expiresAtMs ? expired : verdictOf(draft, session, feed);
  switch (verdict.is) {
    case "go":
      return accept(draft, session);
    case "taken": {
      if (!session.queue) return refuse(draft, session, "REJECTED", verdict.reason);
      // Whoever waited for his hour keeps his place among the driver's for the line.
      if (session.rank === "SCHEDULED") givePlaceUp(draft, session);
      const refused = refusedPlace(draft, "queue", session.driver);
      return refused ? refuse(draft, session, "REJECTED", refused) : joinLine(draft, session);
    }
    case "no":
      return refuse(draft, session, verdict.rank, verdict.reason);
  }
}

function later(draft: CpDraft, session: SessionRow, startAtMs: number, expiresAtMs: number): void {
  const unfit = draft.nowMs > expiresAtMs ? expired : strangeness(draft.row, session);
  if (unfit?.is === "no") return refuse(draft, session, unfit.rank, unfit.reason);
  const refused = refusedPlace(draft, "scheduled", session.driver);
  if (refused) return refuse(draft, session, "REJECTED", refused);
  // When its hour has come and the point is busy it waits in line.
  scheduleStart(draft, { ...session, queue: true }, startAtMs);
}

function strangeness(row: CpRow, session: SessionRow): Verdict | undefined {
  if (cpOfSid(session.sid) !== session.cp || !row.registration || !row.tariff)
    return no("unknown charging point");
  return row.retired ? no("the charging point is retired") : undefined;
}

/** Whether the session may have the point now; an offer to it counts for it. */
export function verdictOf(draft: CpDraft, session: SessionRow, feed: FeedRow | undefined): Verdict {
  const { row } = draft;
  const strange = strangeness(row, session);
  if (strange) return strange;
  const { state } = shownState(row, feed);
  if (state === "BROKEN") return no("the charging point is broken");
  if (state === "DISCONNECTED") return no("the charging point is disconnected");
  if (row.quarantine) return no("the charging point needs attention");
  if (isOutOfService(row)) return no("the charging point is out of service");
  if (!row.engine) return no("the charging point is not ready");
  const { claim, line } = row;
  const taken = (reason: string): Verdict =>
    claim?.driver === session.driver ? no(reason) : { is: "taken", reason };
  if (claim?.state === "finishing") return taken("the last car is still plugged in");
  if (claim) return taken("the charging point is occupied");
  const first = line?.queue[0];
  if (first && first.sid !== session.sid) {
    if (first.driver === session.driver) return no("you are first in line there already: confirm the offer");
    return taken(line.offer ? "it is offered to the next in line" : "others are waiting in line");
  }
  if (driverOf(draft, session.driver).activeSid) return no("you have another session");
  return { is: "go" };
}

function refuse(draft: CpDraft, session: SessionRow, rank: "REJECTED" | "EXPIRED", reason: string): void {
  const { cp, driver, sid } = session;
  givePlaceUp(draft, session);
  writeSession(draft, { ...session, rank, reason, decidedAtMs: draft.nowMs });
  tell(draft, driver, {
    event: rank.toLowerCase(),
    type: isWaiting(session.rank) ? "QUEUE" : "SESSION",
    message:
      rank === "REJECTED"
        ? `Charging at ${cp} was refused: ${reason}.`
        : `Your request for ${cp} expired: ${reason}.`,
    sid,
    cp,
  });
  draft.info(`request of ${driver} for ${cp} ${rank.toLowerCase()}: ${reason} (session ${sid})`);
}

/** Gives the point to the session, whose place in line is given up. */
export function accept(draft: CpDraft, session: SessionRow): void {
  const { cp, driver, sid, vehicleId } = session;
  const row = draft.row;
  const { tariff } = row;
  if (!tariff) throw new Error(`accepting ${sid} without a tariff`);
  const limit = limitUnder(session.limit, session.costLimitMinor, tariff.priceE5PerKwh);
  if (limit === "buys nothing")
    return refuse(draft, session, "REJECTED", "the cost limit buys less than 1 Wh there");
  const fence = row.fence + 1;
  const cmdId = `${sid}-start`;
  const claim: Claim = {
    sid,
    driver,
    cmdId,
    fence,
    state: "claimed",
    sinceMs: draft.nowMs,
    expiresAtMs: draft.nowMs + startTtlMs,
  };
  givePlaceUp(draft, session);
  draft.change({ fence, claim });
  command(
    draft,
    {
      op: "start-supply",
      cmdId,
      sid,
      driver,
      ...(vehicleId !== null && { vehicleId }),
      tariff,
      plugInTimeoutS,
      ...(limit ? { limit } : {}),
    },
    { sid, driver },
  );
  writeSession(draft, {
    ...session,
    rank: "ACCEPTED",
    reason: null,
    limit: limit ?? null,
    decidedAtMs: draft.nowMs,
    fence,
    cmdId,
    command: { state: "sent", reason: null },
    tariff,
  });
  draft.put(keys.driver(driver), { ...driverOf(draft, driver), activeSid: sid });
  tell(draft, driver, {
    event: "accepted",
    message: `Your request for ${cp} is accepted: plug in within ${plugInTimeoutS} s.`,
    sid,
    cp,
  });
  draft.info(`START_SUPPLY sent to ${cp} for ${driver} (session ${sid})`);
}
