// What an operator asks of a charge point or a session; each request leaves one audit row, whose presence makes
// a repeated record free of effect.
import type { OperatorRequest } from "../../wire/messages/index.ts";
import { isOver } from "../rules/session.ts";
import type { Key } from "../tables/port.ts";
import { type AuditRow, type CpRow, keys } from "../tables/rows.ts";
import { closeSession, dropCommandsOf, openReview } from "./closing.ts";
import { command, dropCommands } from "./commands.ts";
import { CpDraft, claimKeys, newCpRow, sessionKeys } from "./draft.ts";
import { stopSession } from "./driver-stop.ts";
import { type Plan, type Rows, unread } from "./plan.ts";
import { unpublished } from "./published.ts";
import { settleQuarantine } from "./quarantine.ts";
import { closeReview, settleReview } from "./settle-review.ts";

type Of<T extends OperatorRequest["type"]> = Extract<OperatorRequest, { type: T }>;
/** Why it was refused; undefined: done. */
export type Refused = string | undefined;

const watchEveryMs = 1_000;

export function planOperator(rows: Rows, request: OperatorRequest, nowMs: number): Plan {
  const cpKey = keys.cp(request.cp);
  const auditKey = keys.audit(request.requestedAt, request.id);
  const need = unread(rows, [cpKey, auditKey]);
  if (need) return need;
  const row = rows.get<CpRow>(cpKey)?.value ?? newCpRow(request.cp);
  const needMore = unread(rows, keysOf(request, row));
  if (needMore) return needMore;
  const draft = new CpDraft(rows, nowMs, request.cp);
  if (rows.get(auditKey)) {
    for (const send of unpublished(row)) draft.send(send);
    return draft.decision();
  }
  const known = rows.get(cpKey) !== undefined;
  const refused = known ? apply(draft, request) : "unknown charging point";
  draft.create(auditKey, auditOf(request, refused, nowMs));
  const outcome = refused ? `refused: ${refused}` : "done";
  draft.info(`operator ${request.operator}: ${request.type} ${request.cp} ${outcome}`);
  return draft.decision();
}

function keysOf(request: OperatorRequest, row: CpRow): Key[] {
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
      return [];
  }
}

function apply(draft: CpDraft, request: OperatorRequest): Refused {
  switch (request.type) {
    case "stop-cp":
    case "resume-cp":
      return service(draft, request);
    case "watch":
      return watch(draft, request);
    case "stop-session":
      return stopSession(draft, request.driver, request.sid) ? undefined : "no such running session";
    case "tariff":
      return price(draft, request);
    case "retire-cp":
      return retire(draft, request);
    case "settle-review":
      return settleReview(draft, request);
    case "close-review":
      return closeReview(draft, request);
  }
}

function commandIdOf(request: OperatorRequest): string {
  return `${request.cp}-${request.id.replaceAll(/[^A-Za-z0-9-]/g, "-")}`.slice(0, 96);
}

function service(draft: CpDraft, request: Of<"stop-cp" | "resume-cp">): Refused {
  if (request.type === "resume-cp") settleQuarantine(draft);
  // The last word holds: an older one that is still open must not be published after it.
  dropCommands(draft, (open) => open.op === "stop-cp" || open.op === "resume-cp");
  command(draft, { op: request.type, cmdId: commandIdOf(request) }, { sid: null, driver: null });
  return undefined;
}

function watch(draft: CpDraft, request: Of<"watch">): Refused {
  dropCommands(draft, (open) => open.op === "watch");
  const cmdId = commandIdOf(request);
  command(
    draft,
    { op: "watch", cmdId, everyMs: watchEveryMs, forMs: request.forMs },
    { sid: null, driver: null },
  );
  return undefined;
}

function price(draft: CpDraft, request: Of<"tariff">): Refused {
  const { tariff } = draft.row;
  if (tariff?.priceE5PerKwh === request.priceE5PerKwh) return undefined;
  const version = (tariff?.version ?? 0) + 1;
  draft.change({ tariff: { version, priceE5PerKwh: request.priceE5PerKwh, currency: "EUR" } });
  return undefined;
}

/** The charge point never comes back: what it charged last goes to a review at the last reported register. */
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
  draft.change({ retired: true, claim: null, commands: [] });
  return undefined;
}

function auditOf(request: OperatorRequest, refused: Refused, nowMs: number): AuditRow {
  const { id, operator, type, cp, requestedAt } = request;
  const { v: _v, trace: _trace, ...fields } = request;
  return {
    id,
    operator,
    type,
    cp,
    sid: "sid" in request ? request.sid : null,
    detail: JSON.stringify(fields),
    outcome: refused ? "refused" : "done",
    reason: refused ?? null,
    requestedAtMs: requestedAt,
    atMs: nowMs,
  };
}
