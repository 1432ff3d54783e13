// The one way by which an operator changes something: one record in Kafka, durable before the answer; 202 says that it
// is stored, and tells where to see what becomes of it.
import { setTimeout as pause } from "node:timers/promises";
import type { Context } from "hono";
import { type OperatorRequest, partitionOf } from "../../../wire/messages/index.ts";
import { type OperationRow, operatorKeys } from "../../tables/operator-rows.ts";
import { type CpRow, keys, type SessionRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { digest } from "../digest.ts";
import { mintOperationId } from "../operation-id.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { idempotencyKey, waitSeconds } from "../request-headers.ts";
import { type OperationView, operationView, undecidedView } from "./operation.view.ts";

export interface OperatorFields {
  v: 1;
  id: string;
  operator: string;
  requestedAt: number;
  fingerprint: string;
}

const pollMs = 50;

/**
 * Stores what `make` asks for and answers with its state; with `Prefer: wait=N` after the decision, or N seconds.
 * Under an Idempotency-Key a repeat is the same request, and another request is refused (422). Nothing is stored
 * when `make` throws; a repeat of what is decided does not come to it.
 */
export async function submit(
  c: Context<ApiEnv>,
  parts: Parts,
  make: (fields: OperatorFields) => Promise<OperatorRequest> | OperatorRequest,
): Promise<OperationView> {
  const operator = c.get("caller")?.sub ?? "";
  const { method, path } = c.req;
  const key = idempotencyKey(c);
  const waitS = waitSeconds(c);
  const id = mintOperationId(operator, key && digest(method, path, key));
  const fingerprint = digest(method, path, await c.req.text()).slice(0, 32);
  const accepted = (view: OperationView) => {
    c.header("location", `/operations/${id}`);
    if (waitS > 0) c.header("preference-applied", `wait=${waitS}`);
    return view;
  };
  const known = key === undefined ? undefined : await readOperation(parts, id);
  if (known) {
    if (known.fingerprint !== fingerprint)
      throw new Problem(422, "this Idempotency-Key was used for another request");
    return accepted(await viewOf(parts, known));
  }
  const request = await make({ v: 1, id, operator, requestedAt: parts.now(), fingerprint });
  const about = "cp" in request ? request.cp : "alert" in request ? request.alert : undefined;
  const kafkaKey = about ?? ("letter" in request ? request.letter : "fleet");
  await appendRequest(parts, "operator.requests", kafkaKey, partitionOf(kafkaKey, parts.partitions), request);
  const deadlineMs = performance.now() + waitS * 1_000;
  while (performance.now() < deadlineMs && !c.req.raw.signal.aborted) {
    const decided = await readOperation(parts, id);
    if (decided) return accepted(await viewOf(parts, decided));
    await pause(pollMs);
  }
  return accepted(undecidedView(id, operator, request));
}

export async function readOperation({ table }: Parts, id: string): Promise<OperationRow | undefined> {
  return (await table.get<OperationRow>(operatorKeys.operation(id)))?.value;
}

/** The request as of now, with what its charge point and session say. */
export async function viewOf({ table }: Parts, row: OperationRow): Promise<OperationView> {
  const { cp, sid, driver } = row;
  const [cpRow, session] = await Promise.all([
    cp === null ? undefined : table.get<CpRow>(keys.cp(cp)),
    sid === null || driver === null ? undefined : table.get<SessionRow>(keys.session(driver, sid)),
  ]);
  return operationView(row, cpRow?.value, session?.value);
}
