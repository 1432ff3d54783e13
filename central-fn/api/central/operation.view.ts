// What became of an operator's request: stored, decided, sent to the device, answered by it.
import * as z from "zod";
import { isOver } from "../../rules/session.ts";
import type { OperationRow } from "../../tables/operator-rows.ts";
import type { CpRow, SessionRow } from "../../tables/rows.ts";
import { instant } from "../charge-point.view.ts";
import { CpId, Instant, SessionId } from "../schemas.ts";

export const OperationView = z.object({
  request_id: z.string(),
  type: z.string().nullable().describe("Null: not decided yet"),
  operator_id: z.string(),
  cp_id: CpId.nullable(),
  session_id: SessionId.nullable(),
  state: z
    .enum(["queued", "sent", "applied", "refused"])
    .describe("queued: stored, not given out yet; sent: the device has not answered yet"),
  reason: z.string().nullable().describe("Why it was refused"),
  charge_points: z.int().nullable().describe("How many an order to all of them reached"),
  requested_at: Instant.nullable(),
  decided_at: Instant.nullable(),
  answered_at: Instant.nullable().describe("When the device's answer came"),
});
export type OperationView = z.infer<typeof OperationView>;

/** `cp` and `session` are those that the request is about, where it is about any. */
export function operationView(
  row: OperationRow,
  cp: CpRow | undefined,
  session: SessionRow | undefined,
): OperationView {
  return {
    request_id: row.id,
    type: row.type,
    operator_id: row.operator,
    cp_id: row.cp,
    session_id: row.sid,
    ...stateOf(row, cp, session),
    charge_points: row.reached ?? null,
    requested_at: instant(row.requestedAtMs),
    decided_at: instant(row.decidedAtMs),
    answered_at: instant(row.answer?.atMs ?? null),
  };
}

/** One that is stored and not decided yet; of another process's requests nothing but the id is known. */
export function undecidedView(
  id: string,
  operator: string,
  known?: { type: string; requestedAt: number; cp?: string; sid?: string },
): OperationView {
  return {
    request_id: id,
    type: known?.type ?? null,
    operator_id: operator,
    cp_id: known?.cp ?? null,
    session_id: known?.sid ?? null,
    state: "queued",
    reason: null,
    charge_points: null,
    requested_at: instant(known?.requestedAt ?? null),
    decided_at: null,
    answered_at: null,
  };
}

function stateOf(
  row: OperationRow,
  cp: CpRow | undefined,
  session: SessionRow | undefined,
): Pick<OperationView, "state" | "reason"> {
  if (row.outcome === "refused") return { state: "refused", reason: row.reason };
  if (row.cmdId === null) return { state: "applied", reason: null };
  if (row.answer) return { state: row.answer.result, reason: row.answer.reason };
  if (session && isOver(session.rank)) return { state: "applied", reason: null };
  const open = cp?.commands.find(({ cmdId }) => cmdId === row.cmdId);
  if (open) return { state: open.publishedAtMs === null ? "queued" : "sent", reason: null };
  // A session's stop is answered to whoever asked first; any other command that is gone gave way to a later order.
  if (row.sid !== null) return { state: "applied", reason: null };
  return { state: "refused", reason: "it gave way to a later order" };
}
