// A driver's start request: refused with a reason, or accepted in one commit that holds the claim, the command,
// the session and the driver's word.
//
// 1. A request that was decided once is answered from its row: repeated records have no second effect.
// 2. The claim raises the fence; only the holder of that fence releases it.
import { cpOfSid, partitionOf, type StartRequest } from "../../wire/messages/index.ts";
import { isOutOfService } from "../rules/out-of-service.ts";
import { shownState } from "../rules/status.ts";
import {
  type Claim,
  type CpRow,
  type DriverRow,
  type FeedRow,
  type IndexRow,
  keys,
  type SessionRow,
} from "../tables/rows.ts";
import { command, plugInTimeoutS, startTtlMs } from "./commands.ts";
import { CpDraft } from "./draft.ts";
import { driverOf, tell } from "./inbox.ts";
import { type Plan, type Rows, unread } from "./plan.ts";
import { unpublished } from "./published.ts";

export function planStart(rows: Rows, request: StartRequest, partitions: number, nowMs: number): Plan {
  const { cp, driver, sid } = request;
  const feedKey = keys.feed(partitionOf(cp, partitions));
  const need = unread(rows, [keys.cp(cp), keys.session(driver, sid), keys.driver(driver), feedKey]);
  if (need) return need;
  const draft = new CpDraft(rows, nowMs, cp);
  const before = rows.get<CpRow>(keys.cp(cp))?.value;
  if (draft.session(driver, sid)) {
    for (const send of before ? unpublished(before) : []) draft.send(send);
    return draft.decision();
  }
  const feed = rows.get<FeedRow>(feedKey)?.value;
  const refusal = refusalOf(request, before, feed, rows.get<DriverRow>(keys.driver(driver))?.value, nowMs);
  if (refusal) refuse(draft, request, refusal);
  else accept(draft, request);
  return draft.decision();
}

interface Refusal {
  rank: "REJECTED" | "EXPIRED";
  reason: string;
}

const rejected = (reason: string): Refusal => ({ rank: "REJECTED", reason });

function refusalOf(
  request: StartRequest,
  row: CpRow | undefined,
  feed: FeedRow | undefined,
  driver: DriverRow | undefined,
  nowMs: number,
): Refusal | undefined {
  if (nowMs > request.expiresAt) return { rank: "EXPIRED", reason: "it was not decided in time" };
  if (cpOfSid(request.sid) !== request.cp || !row?.registration || !row.tariff)
    return rejected("unknown charging point");
  if (row.retired) return rejected("the charging point is retired");
  const { state } = shownState(row.health, feed?.heard[request.cp], feed?.canaryMs ?? null);
  if (state === "BROKEN") return rejected("the charging point is broken");
  if (state === "DISCONNECTED") return rejected("the charging point is disconnected");
  if (row.quarantine) return rejected("the charging point needs attention");
  if (isOutOfService(row)) return rejected("the charging point is out of service");
  if (!row.engine) return rejected("the charging point is not ready");
  if (row.claim?.state === "finishing") return rejected("the last car is still plugged in");
  if (row.claim) return rejected("the charging point is occupied");
  if (driver?.activeSid) return rejected("you have another session");
  return undefined;
}

function refuse(draft: CpDraft, request: StartRequest, { rank, reason }: Refusal): void {
  const { cp, driver, sid } = request;
  writeSession(draft, { ...newSession(request), rank, reason, decidedAtMs: draft.nowMs });
  tell(draft, driver, {
    event: rank.toLowerCase(),
    message:
      rank === "REJECTED"
        ? `Charging at ${cp} was refused: ${reason}.`
        : `Your request for ${cp} expired: ${reason}.`,
    sid,
    cp,
  });
  draft.info(`request of ${driver} for ${cp} ${rank.toLowerCase()}: ${reason} (session ${sid})`);
}

function accept(draft: CpDraft, request: StartRequest): void {
  const { cp, driver, sid } = request;
  const row = draft.row;
  const { tariff } = row;
  if (!tariff) throw new Error(`accepting ${sid} without a tariff`);
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
  draft.change({ fence, claim });
  const { vehicleId, limit } = request;
  command(
    draft,
    {
      op: "start-supply",
      cmdId,
      sid,
      driver,
      vehicleId,
      tariff,
      plugInTimeoutS,
      ...(limit ? { limit } : {}),
    },
    { sid, driver },
  );
  writeSession(draft, {
    ...newSession(request),
    rank: "ACCEPTED",
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

/** The session and its entry in the index of its day. */
export function writeSession(draft: CpDraft, session: SessionRow): void {
  draft.put(keys.session(session.driver, session.sid), session);
  const index: IndexRow = { sid: session.sid, driver: session.driver, cp: session.cp };
  draft.overwrite(keys.sessionOfDay(session.requestedAtMs, session.sid), index);
}

type Requested = Pick<StartRequest, "sid" | "driver" | "cp" | "requestedAt"> &
  Partial<Pick<StartRequest, "vehicleId" | "limit" | "expiresAt">>;

export function newSession(request: Requested): SessionRow {
  return {
    sid: request.sid,
    driver: request.driver,
    cp: request.cp,
    vehicleId: request.vehicleId ?? null,
    rank: "REQUESTED",
    interrupted: false,
    overdue: false,
    limit: request.limit ?? null,
    requestedAtMs: request.requestedAt,
    expiresAtMs: request.expiresAt ?? null,
    decidedAtMs: null,
    reason: null,
    fence: null,
    cmdId: null,
    command: { state: "queued", reason: null },
    tariff: null,
    startedAtMs: null,
    endedAtMs: null,
    registerStartWh: null,
    registerEndWh: null,
    energyWh: null,
    costMinor: null,
    stopReason: null,
    cdrId: null,
  };
}
