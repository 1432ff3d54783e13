// What operators ask of one charge point, or of a session there.
import type { ChargePointRequest, OperatorRequest } from "../../wire/messages/index.ts";
import { isOver } from "../rules/session.ts";
import type { Key } from "../tables/port.ts";
import { type CpRow, keys } from "../tables/rows.ts";
import { closeSession, dropCommandsOf, openReview, untilItsCarLeft } from "./closing.ts";
import { command, dropCommands } from "./commands.ts";
import { type CpDraft, claimKeys, sessionKeys } from "./draft.ts";
import { stopSession } from "./driver-stop.ts";
import type { Refused } from "./operator-requests.ts";
import { settleQuarantine } from "./quarantine.ts";
import { closeReview, settleReview } from "./settle-review.ts";
import { setPrice } from "./tariff.ts";

type Of<T extends OperatorRequest["type"]> = Extract<OperatorRequest, { type: T }>;

const watchEveryMs = 1_000;
const retiredRefusal = "the charging point is retired";

/** Rows beside the charge point's own. */
export function keysOfCp(request: ChargePointRequest, row: CpRow): Key[] {
  switch (request.type) {
    case "stop-session":
      return sessionKeys(request.driver, request.sid);
    case "settle-review":
      return [...sessionKeys(request.driver, request.sid), keys.cdr(request.driver, request.sid)];
    case "close-review":
      return [keys.review(request.review)];
    case "retire-cp":
      return [...claimKeys(row.claim), keys.live(request.cp)];
    case "resume-cp":
      return claimKeys(row.claim);
    case "stop-cp":
    case "watch":
    case "tariff":
    case "reinstate-cp":
      return [];
  }
}

export function applyToCp(draft: CpDraft, request: ChargePointRequest): Refused {
  switch (request.type) {
    case "stop-cp":
    case "resume-cp":
      return service(draft, request);
    case "watch":
      return watch(draft, request);
    case "stop-session":
      return stopSession(draft, request.driver, request.sid) ? undefined : "no such running session";
    case "tariff":
      return newest(draft, "price", request) ?? price(draft, request);
    case "retire-cp":
      return newest(draft, "use", request) ?? retire(draft, request);
    case "reinstate-cp":
      return newest(draft, "use", request) ?? reinstate(draft);
    case "settle-review":
      return settleReview(draft, request);
    case "close-review":
      return closeReview(draft, request);
  }
}

/** The command that a request becomes where it is done; null: none. */
export function commandOf(request: OperatorRequest): string | null {
  switch (request.type) {
    case "stop-cp":
    case "resume-cp":
    case "watch":
      return `${request.cp}-${request.id.replaceAll(/[^A-Za-z0-9-]/g, "-")}`.slice(0, 96);
    case "stop-session":
      return `${request.sid}-stop`;
    default:
      return null;
  }
}

const newerOrder = {
  service: "a newer order to stop or resume it was given",
  use: "a newer order to retire or reinstate it was given",
  price: "a newer price was set",
} as const;

/** Orders of several pages, or of one that had to try again, may come in another order than they were given. */
function newest(
  draft: CpDraft,
  about: keyof typeof newerOrder,
  { requestedAt }: ChargePointRequest,
): Refused {
  const { orderedMs = {} } = draft.row;
  if ((orderedMs[about] ?? 0) > requestedAt) return newerOrder[about];
  draft.change({ orderedMs: { ...orderedMs, [about]: requestedAt } });
  return undefined;
}

function service(draft: CpDraft, request: Of<"stop-cp" | "resume-cp">): Refused {
  if (draft.row.retired) return retiredRefusal;
  const outdated = newest(draft, "service", request);
  if (outdated) return outdated;
  if (request.type === "resume-cp") settleQuarantine(draft);
  // The last word holds: an older one that is still open must not be published after it.
  dropCommands(draft, (open) => open.op === "stop-cp" || open.op === "resume-cp");
  order(draft, request, { op: request.type });
  return undefined;
}

function watch(draft: CpDraft, request: Of<"watch">): Refused {
  if (draft.row.retired) return retiredRefusal;
  dropCommands(draft, (open) => open.op === "watch");
  order(draft, request, { op: "watch", everyMs: watchEveryMs, forMs: request.forMs });
  return undefined;
}

type Order = { op: "stop-cp" } | { op: "resume-cp" } | { op: "watch"; everyMs: number; forMs: number };

function order(draft: CpDraft, request: Of<"stop-cp" | "resume-cp" | "watch">, body: Order): void {
  const cmdId = commandOf(request) ?? "";
  command(draft, { ...body, cmdId }, { sid: null, driver: null, operation: request.id });
}

function price(draft: CpDraft, request: Of<"tariff">): Refused {
  const { operator, priceE5PerKwh, reason = null } = request;
  if (draft.row.tariff?.priceE5PerKwh === priceE5PerKwh) return undefined;
  setPrice(draft, priceE5PerKwh, { source: "operator", by: operator, reason });
  return undefined;
}

/** Whatever it does meanwhile it says itself: its events were taken in all the time. */
function reinstate(draft: CpDraft): undefined {
  if (draft.row.retired) draft.change({ retired: false });
}

/** The charge point is not expected back: what it charged last goes to a review at the last reported register. */
function retire(draft: CpDraft, request: Of<"retire-cp">): Refused {
  const { claim, engine, retired } = draft.row;
  if (retired) return undefined;
  const session = claim ? draft.session(claim.driver, claim.sid) : undefined;
  if (claim && session && !isOver(session.rank)) {
    const live = draft.get<{ sid: string | null; registerWh: number }>(keys.live(draft.cp));
    const lastWh = live?.sid === claim.sid ? live.registerWh : (engine?.registerWh ?? null);
    const registerEndWh = session.registerStartWh === null ? null : lastWh;
    openReview(draft, claim.sid, "charging point retired", {
      driver: claim.driver,
      registerStartWh: session.registerStartWh,
      registerEndWh,
      tariff: session.tariff,
    });
    closeSession(draft, session, "NEEDS_REVIEW", `charging point retired: ${request.reason}`, {
      registerEndWh,
    });
    dropCommandsOf(draft, claim.sid);
  }
  // Should it be back, with a new disk perhaps, the car that stood there must not be the next driver's.
  const left =
    claim?.state === "finishing" ? claim : claim && untilItsCarLeft(draft, claim, engine?.plugged ?? false);
  draft.change({ retired: true, claim: left, commands: [] });
  return undefined;
}
