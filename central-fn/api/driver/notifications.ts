// /drivers/{driver_id}/notifications: the inbox, gapless by sequence; /alerts: an operator's announcements.
import { Hono } from "hono";
import * as z from "zod";
import { type DriverRow, type InboxRow, keys, partitions } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { json, query } from "../body.ts";
import { instant } from "../charge-point.view.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { driverPartition } from "./favorites.ts";

const After = z.object({
  after: z.coerce.number().int().min(0).max(999_999_999_999).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const ReadBody = z.strictObject({ up_to: z.number().int().min(0) });

export interface AlertView {
  alert_id: string;
  title: string;
  message: string;
  severity: "INFO" | "WARN" | "CRITICAL";
  effective_at: string;
  expires_at: string | null;
}

export function notificationRoutes(parts: Parts) {
  const { table } = parts;
  return (
    new Hono<ApiEnv>()
      .get("/drivers/:driver_id/notifications", async (c) => {
        const driver = c.req.param("driver_id");
        const { after, limit } = query(c, After);
        const pk = partitions.ofDriver(driver);
        const [inbox, own] = await Promise.all([
          // From a place on: what follows it. Without one: the newest. Oldest first either way.
          after === undefined
            ? table
                .query<InboxRow>(pk, { prefix: "inbox#", newestFirst: true, limit })
                .then((rows) => rows.reverse())
            : table.query<InboxRow>(pk, {
                from: keys.inbox(driver, after + 1).sk,
                to: keys.inbox(driver, 999_999_999_999).sk,
                limit,
              }),
          table.get<DriverRow>(keys.driver(driver)),
        ]);
        const readUpTo = own?.value.inboxRead ?? 0;
        return c.json(
          inbox.map(({ value }) => ({
            notification_id: `${driver}-${value.sequence}`,
            created_at: instant(value.createdAtMs),
            message: value.message,
            type: value.type,
            read: value.sequence <= readUpTo,
            sequence: value.sequence,
          })),
        );
      })
      .post("/drivers/:driver_id/notifications/read", json(ReadBody), async (c) => {
        const driver = c.req.param("driver_id");
        await appendRequest(parts, "driver.requests", driver, driverPartition(driver, parts), {
          v: 1,
          type: "read",
          driver,
          upTo: c.req.valid("json").up_to,
          requestedAt: parts.now(),
        });
        return c.body(null, 204);
      })
      // Operators cannot announce anything yet: no message, handler or row for it exists, so none is in effect.
      .get("/drivers/:driver_id/alerts", (c) => c.json([] as AlertView[]))
  );
}
