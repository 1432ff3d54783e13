// GET /audit: what operators did, when and why, newest first. Lines are added by the handlers and never changed.
import { Hono } from "hono";
import * as z from "zod";
import { Id } from "../../../wire/messages/index.ts";
import { operatorPartitions } from "../../tables/operator-rows.ts";
import type { AuditRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { instant } from "../charge-point.view.ts";
import type { Parts } from "../parts.ts";
import { route } from "../route.ts";
import { CpId, Instant, SessionId } from "../schemas.ts";
import { ofDays, pageOfDays } from "./day-index.ts";

const Acts = z.object({
  ...ofDays,
  operator: Id.optional().describe("By this operator"),
  cp: Id.optional().describe("About this charge point"),
  action: z.string().max(40).optional(),
});

const Act = z.object({
  request_id: z.string(),
  operator_id: z.string(),
  action: z.string().describe("stop-cp, settle-review, tariff …"),
  cp_id: CpId.nullable(),
  session_id: SessionId.nullable(),
  reason: z.string().nullable().describe("The operator's"),
  detail: z.record(z.string(), z.unknown()).describe("The request's own fields"),
  outcome: z.enum(["done", "refused"]),
  refused_because: z.string().nullable(),
  requested_at: Instant.nullable(),
  decided_at: Instant.nullable(),
});

export function auditRoutes(parts: Parts) {
  return new Hono<ApiEnv>().get(
    "/audit",
    route({
      summary: "Lists what operators did, newest first",
      query: Acts,
      answers: { 200: z.array(Act) },
      paged: true,
    }),
    async (c) => {
      const { operator, cp, action, ...asked } = c.req.valid("query");
      const fits = (row: AuditRow) =>
        (operator === undefined || row.operator === operator) &&
        (cp === undefined || row.cp === cp) &&
        (action === undefined || row.type === action);
      const acts = await pageOfDays<AuditRow, AuditRow>(
        c,
        { table: parts.table, nowMs: parts.now() },
        asked,
        operatorPartitions.audit,
        async (rows) => rows.map((row) => (fits(row) ? row : undefined)),
      );
      return c.json(acts.map(actView));
    },
  );
}

function actView(row: AuditRow): z.infer<typeof Act> {
  const fields = JSON.parse(row.detail) as Record<string, unknown>;
  const { id: _id, operator: _operator, type: _type, requestedAt: _at, reason, ...detail } = fields;
  return {
    request_id: row.id,
    operator_id: row.operator,
    action: row.type,
    cp_id: row.cp,
    session_id: row.sid,
    reason: typeof reason === "string" ? reason : null,
    detail,
    outcome: row.outcome,
    refused_because: row.reason,
    requested_at: instant(row.requestedAtMs),
    decided_at: instant(row.atMs),
  };
}
