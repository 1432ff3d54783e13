// What operators ask for. Each request leaves one row that tells what became of it, whose presence makes a repeated
// record free of effect, and one line of the audit log, which nobody changes or removes.
import type { Answer, ChargePointRequest, OtherRequest } from "../../wire/messages/index.ts";
import { type OperationRow, operatorKeys } from "../tables/operator-rows.ts";
import { type AuditRow, type CpRow, keys } from "../tables/rows.ts";
import { CpDraft, Draft, newCpRow } from "./draft.ts";
import { alertKeys, applyAlert } from "./operator-alerts.ts";
import { applyToCp, commandOf, keysOfCp } from "./operator-cp.ts";
import { planLetter, planLetterAgain } from "./operator-letters.ts";
import { type Need, type Plan, type Rows, unread } from "./plan.ts";
import { unpublished } from "./published.ts";
import { settleLine } from "./queue.ts";

/** Why it was refused; undefined: done. */
export type Refused = string | undefined;

/** One order, to one charge point or about something else; orders to the whole fleet come here for each point. */
export type SingleRequest = ChargePointRequest | OtherRequest;

/** `audited` false: part of an order that is audited as a whole. */
export function planOperator(rows: Rows, request: SingleRequest, nowMs: number, audited = true): Plan {
  const operationKey = operatorKeys.operation(request.id);
  const auditKey = keys.audit(request.requestedAt, request.id);
  const need = unread(rows, [operationKey, auditKey]);
  if (need) return need;
  const repeated = rows.get(operationKey) !== undefined || rows.get(auditKey) !== undefined;
  const decided = decide(rows, request, nowMs, repeated);
  if ("need" in decided) return decided;
  const { draft, refused } = decided;
  if (repeated) return draft.decision();
  const operation = operationOf(request, refused, nowMs);
  draft.create(operationKey, operation);
  if (!audited) return draft.decision();
  draft.create(auditKey, auditOf(request, operation));
  const about = "cp" in request ? request.cp : "alert" in request ? request.alert : request.letter;
  const outcome = refused ? `refused: ${refused}` : "done";
  draft.info(`operator ${request.operator}: ${request.type} ${about} ${outcome}`);
  return draft.decision();
}

type Decided = { draft: Draft; refused: Refused };

function decide(rows: Rows, request: SingleRequest, nowMs: number, repeated: boolean): Need | Decided {
  switch (request.type) {
    case "create-alert":
    case "end-alert": {
      const need = unread(rows, alertKeys(request));
      if (need) return need;
      const draft = new Draft(rows, nowMs);
      return { draft, refused: repeated ? undefined : applyAlert(draft, request) };
    }
    case "replay-letter":
    case "dismiss-letter":
      return repeated ? planLetterAgain(rows, request, nowMs) : planLetter(rows, request, nowMs);
    default:
      return decideOnCp(rows, request, nowMs, repeated);
  }
}

function decideOnCp(
  rows: Rows,
  request: ChargePointRequest,
  nowMs: number,
  repeated: boolean,
): Need | Decided {
  const cpKey = keys.cp(request.cp);
  const need = unread(rows, [cpKey]);
  if (need) return need;
  const known = rows.get<CpRow>(cpKey)?.value;
  const draft = new CpDraft(rows, nowMs, request.cp);
  if (repeated) {
    for (const send of known ? unpublished(known) : []) draft.send(send);
    return { draft, refused: undefined };
  }
  const needMore = unread(rows, keysOfCp(request, known ?? newCpRow(request.cp)));
  if (needMore) return needMore;
  if (!known) return { draft, refused: "unknown charging point" };
  const refused = applyToCp(draft, request);
  return settleLine(draft, rows) ?? { draft, refused };
}

/** The device's word on the command that a request became. Needs the operation's row. */
export function noteAnswer(draft: Draft, operation: string, answer: Pick<Answer, "result" | "reason">): void {
  const key = operatorKeys.operation(operation);
  const row = draft.get<OperationRow>(key);
  if (!row || row.answer) return;
  const applied = answer.result === "applied";
  draft.put(key, {
    ...row,
    answer: {
      result: applied ? "applied" : "refused",
      reason: answer.reason ?? (applied ? null : answer.result),
      atMs: draft.nowMs,
    },
  });
}

function operationOf(request: SingleRequest, refused: Refused, nowMs: number): OperationRow {
  const { id, operator, type, requestedAt } = request;
  return {
    id,
    operator,
    type,
    cp: "cp" in request ? request.cp : null,
    sid: "sid" in request ? request.sid : null,
    driver: "driver" in request ? request.driver : null,
    fingerprint: request.fingerprint ?? null,
    outcome: refused ? "refused" : "done",
    reason: refused ?? null,
    requestedAtMs: requestedAt,
    decidedAtMs: nowMs,
    cmdId: refused ? null : commandOf(request),
    answer: null,
  };
}

export function auditOf(
  request: { id: string; operator: string; type: string; requestedAt: number },
  { cp, sid, outcome, reason, decidedAtMs }: OperationRow,
): AuditRow {
  const { id, operator, type, requestedAt } = request;
  return {
    id,
    operator,
    type,
    cp,
    sid,
    detail: JSON.stringify({ ...request, v: undefined, trace: undefined, fingerprint: undefined }),
    outcome,
    reason,
    requestedAtMs: requestedAt,
    atMs: decidedAtMs,
  };
}
