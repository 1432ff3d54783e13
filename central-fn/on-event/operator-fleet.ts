// An order to every charge point: one record, then a decision of its own for each point.
//
// 1. Each point's part has an id that follows from the order's and the point's, so a repeat goes on where it broke off.
// 2. An order that comes late overrides no newer one: each point knows when its newest was given.
import { createHash } from "node:crypto";
import type { FleetRequest } from "../../wire/messages/index.ts";
import { type OperationRow, operatorKeys } from "../tables/operator-rows.ts";
import type { Row } from "../tables/port.ts";
import { type CpRow, keys, partitions } from "../tables/rows.ts";
import { Draft } from "./draft.ts";
import { carryOut, isEverybodys, queryRows, readRows, type Steps } from "./execute.ts";
import { auditOf, planOperator, type SingleRequest } from "./operator-requests.ts";
import { nothing, type Plan, type Rows, unread } from "./plan.ts";

/** Parts that are asked for together whether they are done: a repeat over thousands goes on within seconds. */
const partsAtOnce = 100;

export function* orderFleet(request: FleetRequest, nowMs: number): Steps<void> {
  let reached = 0;
  let broken: unknown;
  for (const pk of partitions.cps) {
    const rows = (yield* queryRows(pk)) as Row<CpRow>[];
    const parts = rows.flatMap(({ value: { cp, retired } }) => (retired ? [] : [partOf(request, cp)]));
    for (let i = 0; i < parts.length; i += partsAtOnce) {
      const some = parts.slice(i, i + partsAtOnce);
      const done = yield* readRows(some.map(({ id }) => operatorKeys.operation(id)));
      for (const [n, part] of some.entries())
        try {
          if (!done[n]) yield* carryOut((read) => planOperator(read, part, nowMs, false), nowMs);
          reached += 1;
        } catch (error) {
          // One that breaks keeps the order from nobody else; the record is then buried where an operator sees it.
          if (isEverybodys(error)) throw error;
          broken ??= error;
        }
    }
  }
  yield* carryOut((rows) => planWhole(rows, request, reached, nowMs), nowMs);
  if (broken) throw broken;
}

function partOf(request: FleetRequest, cp: string): SingleRequest {
  const id = createHash("sha256")
    .update(JSON.stringify([request.id, cp]))
    .digest("hex")
    .slice(0, 32);
  return { ...request, id, cp, type: request.type === "stop-fleet" ? "stop-cp" : "resume-cp" };
}

function planWhole(rows: Rows, request: FleetRequest, reached: number, nowMs: number): Plan {
  const key = operatorKeys.operation(request.id);
  const need = unread(rows, [key]);
  if (need) return need;
  if (rows.get(key)) return nothing;
  const { id, operator, type, requestedAt } = request;
  const operation: OperationRow = {
    id,
    operator,
    type,
    cp: null,
    sid: null,
    driver: null,
    fingerprint: request.fingerprint ?? null,
    outcome: "done",
    reason: null,
    requestedAtMs: requestedAt,
    decidedAtMs: nowMs,
    cmdId: null,
    answer: null,
    reached,
  };
  const draft = new Draft(rows, nowMs);
  draft.create(key, operation);
  draft.create(keys.audit(requestedAt, id), auditOf(request, operation));
  draft.info(`operator ${operator}: ${type}, ${reached} charge points`);
  return draft.decision();
}
