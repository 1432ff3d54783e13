// /alerts: announcements to all drivers, made and ended by operators; /drivers/{driver_id}/alerts: those in effect.
import { Hono } from "hono";
import * as z from "zod";
import { AlertSeverity } from "../../../wire/messages/index.ts";
import { type AlertRow, operatorKeys, operatorPartitions } from "../../tables/operator-rows.ts";
import { keys } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { instant } from "../charge-point.view.ts";
import { digest } from "../digest.ts";
import { paged, pageOf, placeOfInstant } from "../paging.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { Instant, Reason } from "../schemas.ts";
import { OperationView } from "./operation.view.ts";
import { order } from "./operations.ts";
import { submit } from "./submit.ts";

/** What a driver reads. */
export const AlertView = z.object({
  alert_id: z.string(),
  title: z.string(),
  message: z.string(),
  severity: AlertSeverity,
  effective_at: Instant.nullable(),
  expires_at: Instant.nullable().describe("Null: until it is ended"),
});
export type AlertView = z.infer<typeof AlertView>;

const OperatorAlert = AlertView.extend({
  state: z.enum(["scheduled", "in-effect", "over"]),
  created_by: z.string(),
  created_at: Instant.nullable(),
  ended: z.object({ by: z.string(), reason: z.string().nullable(), at: Instant.nullable() }).nullable(),
});

const At = z.iso.datetime({ offset: true });
const NewAlert = z
  .strictObject({
    title: z.string().trim().min(1).max(80),
    message: z.string().trim().min(1).max(500),
    severity: AlertSeverity,
    effective_at: At.optional().describe("Default: at once"),
    expires_at: At.nullable().optional().describe("Null or left out: until it is ended"),
  })
  .refine(
    ({ effective_at, expires_at }) =>
      !effective_at || !expires_at || Date.parse(expires_at) > Date.parse(effective_at),
    { path: ["expires_at"], message: "it lies before effective_at" },
  );
const Ending = z.strictObject({ reason: Reason.optional() }).prefault({});
const Alerts = z.object({
  ...paged,
  state: z.enum(["scheduled", "in-effect", "over"]).optional(),
});
const Accepted = OperationView.extend({ alert_id: z.string() });

const rankOf: Record<AlertRow["severity"], number> = { CRITICAL: 0, WARN: 1, INFO: 2 };
const inEffectAtMost = 200;

export function alertRoutes(parts: Parts) {
  const { table, now } = parts;
  return new Hono<ApiEnv>()
    .get(
      "/alerts",
      route({
        summary: "Lists announcements to drivers, newest first",
        query: Alerts,
        answers: { 200: z.array(OperatorAlert) },
        paged: true,
      }),
      async (c) => {
        const { state, ...asked } = c.req.valid("query");
        const rows = await table.query<AlertRow>(operatorPartitions.alerts);
        const alerts = rows
          .map(({ value }) => value)
          .filter((alert) => state === undefined || stateOf(alert, now()) === state);
        const page = pageOf(c, alerts, ({ createdAtMs, id }) => placeOfInstant(createdAtMs, id), asked);
        return c.json(page.map((alert) => operatorView(alert, now())));
      },
    )
    .post(
      "/alerts",
      route({
        summary: "Announces something to all drivers",
        json: NewAlert,
        ...order,
        answers: { 202: Accepted },
        problems: [422],
      }),
      async (c) => {
        const { title, message, severity, effective_at, expires_at } = c.req.valid("json");
        const view = await submit(c, parts, (fields) => {
          const effectiveAt = effective_at ? Date.parse(effective_at) : fields.requestedAt;
          const expiresAt = expires_at ? Date.parse(expires_at) : null;
          if (expiresAt !== null && expiresAt <= Math.max(effectiveAt, now()))
            throw new Problem(422, "expires_at: it would have ended before it began");
          const alert = alertIdOf(fields.id);
          return { ...fields, type: "create-alert", alert, title, message, severity, effectiveAt, expiresAt };
        });
        return c.json({ ...view, alert_id: alertIdOf(view.request_id) }, 202);
      },
    )
    .post(
      "/alerts/:alert_id/end",
      route({ summary: "Ends an announcement", json: Ending, ...order, answers: { 202: Accepted } }),
      async (c) => {
        const alert = c.req.param("alert_id");
        const { reason } = c.req.valid("json");
        const view = await submit(c, parts, async (fields) => {
          if (!(await table.get(keys.alert(alert)))) throw new Problem(404, `no alert ${alert}`);
          return { ...fields, type: "end-alert", alert, ...(reason === undefined ? {} : { reason }) };
        });
        return c.json({ ...view, alert_id: alert }, 202);
      },
    )
    .get(
      "/drivers/:driver_id/alerts",
      route({
        summary: "Lists the operators' announcements that are in effect, the gravest first",
        answers: { 200: z.array(AlertView) },
        polled: true,
      }),
      async (c) => {
        const nowMs = now();
        const rows = await table.query<AlertRow>(operatorPartitions.alertsUntil, {
          from: operatorKeys.alertUntil(nowMs + 1, "").sk,
        });
        const alerts = rows
          .map(({ value }) => value)
          .filter(({ effectiveAtMs }) => effectiveAtMs <= nowMs)
          .sort((a, b) => rankOf[a.severity] - rankOf[b.severity] || b.effectiveAtMs - a.effectiveAtMs);
        return c.json(alerts.slice(0, inEffectAtMost).map(alertView));
      },
    );
}

/** Follows from the request's id, so that a repeat is the same announcement. */
function alertIdOf(requestId: string): string {
  return `A-${digest("alert", requestId).slice(0, 16)}`;
}

function stateOf({ effectiveAtMs, expiresAtMs, ended }: AlertRow, nowMs: number) {
  if (ended || (expiresAtMs !== null && expiresAtMs <= nowMs)) return "over";
  return effectiveAtMs > nowMs ? "scheduled" : "in-effect";
}

function alertView(alert: AlertRow): AlertView {
  return {
    alert_id: alert.id,
    title: alert.title,
    message: alert.message,
    severity: alert.severity,
    effective_at: instant(alert.effectiveAtMs),
    expires_at: instant(alert.expiresAtMs),
  };
}

function operatorView(alert: AlertRow, nowMs: number): z.infer<typeof OperatorAlert> {
  const { ended } = alert;
  return {
    ...alertView(alert),
    state: stateOf(alert, nowMs),
    created_by: alert.by,
    created_at: instant(alert.createdAtMs),
    ended: ended && { by: ended.by, reason: ended.reason, at: instant(ended.atMs) },
  };
}
