// A session's row as it begins, and where it is found again by time.
import type { StartRequest } from "../../wire/messages/index.ts";
import { operatorKeys } from "../tables/operator-rows.ts";
import { type IndexRow, keys, type SessionRow } from "../tables/rows.ts";
import type { CpDraft } from "./draft.ts";

/** The session and its entries in the indexes of its day, its driver and its id. */
export function writeSession(draft: CpDraft, session: SessionRow): void {
  const { sid, driver, cp, requestedAtMs } = session;
  draft.put(keys.session(driver, sid), session);
  const index: IndexRow = { sid, driver, cp };
  draft.overwrite(keys.sessionOfDay(requestedAtMs, sid), index);
  draft.overwrite(keys.past(driver, requestedAtMs, sid), index);
  draft.overwrite(operatorKeys.sessionOwner(sid), index);
}

type Requested = Pick<StartRequest, "sid" | "driver" | "cp" | "requestedAt"> &
  Partial<Pick<StartRequest, "vehicleId" | "limit" | "expiresAt" | "costLimitMinor" | "queue">>;

export function newSession(request: Requested): SessionRow {
  const { costLimitMinor, queue } = request;
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
    ...(costLimitMinor !== undefined && { costLimitMinor }),
    ...(queue !== undefined && { queue }),
  };
}
