// /drivers/{driver_id}/notifications: the inbox, gapless by sequence.
import { Hono } from "hono";
import * as z from "zod";
import { Sid } from "../../../wire/messages/index.ts";
import type { Table } from "../../tables/port.ts";
import { type DriverRow, type InboxRow, keys, partitions } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { numeral } from "../body.ts";
import { instant } from "../charge-point.view.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { route } from "../route.ts";
import { CpId, Instant } from "../schemas.ts";
import { driverPartition } from "./favorites.ts";

export const lastSequence = 999_999_999_999;

const After = z.object({
  after: numeral(z.number().int().min(0).max(lastSequence))
    .optional()
    .describe("Sequence of the last one known: what follows it is given. Without: the newest"),
  limit: numeral(z.number().int().min(1).max(500)).default(100),
});
const ReadBody = z.strictObject({ up_to: z.number().int().min(0) });

export const Notification = z.object({
  notification_id: z.string(),
  created_at: Instant.nullable(),
  message: z.string(),
  type: z.enum(["SESSION", "QUEUE", "ALERT"]),
  event: z.string().describe("What happened, for programs: started, completed, offered …"),
  session_id: Sid.nullable(),
  cp_id: CpId.nullable(),
  read: z.boolean(),
  sequence: z.int(),
});

export function notificationRoutes(parts: Parts) {
  const { table } = parts;
  return new Hono<ApiEnv>()
    .get(
      "/drivers/:driver_id/notifications",
      route({
        summary: "Reads the driver's inbox, oldest first",
        query: After,
        answers: { 200: z.array(Notification) },
        paged: true,
        polled: true,
      }),
      async (c) => {
        const driver = c.req.param("driver_id");
        const { after, limit } = c.req.valid("query");
        const [inbox, own] = await Promise.all([
          readInbox(table, driver, after, limit),
          table.get<DriverRow>(keys.driver(driver)),
        ]);
        const last = inbox.at(-1)?.value.sequence;
        if (last !== undefined && last < (own?.value.inboxLast ?? 0))
          c.header("link", `<${c.req.path}?after=${last}&limit=${limit}>; rel="next"`);
        const readUpTo = own?.value.inboxRead ?? 0;
        return c.json(
          inbox.map(({ value }) => notificationView(driver, value, readUpTo)),
          200,
        );
      },
    )
    .post(
      "/drivers/:driver_id/notifications/read",
      route({
        summary: "Marks everything up to a sequence as read",
        json: ReadBody,
        answers: { 204: null },
        problems: [503],
        idempotent: true,
      }),
      async (c) => {
        const driver = c.req.param("driver_id");
        await appendRequest(parts, "driver.requests", driver, driverPartition(driver, parts), {
          v: 1,
          type: "read",
          driver,
          upTo: c.req.valid("json").up_to,
          requestedAt: parts.now(),
        });
        return c.body(null, 204);
      },
    );
}

/** From a place on: what follows it. Without one: the newest. Oldest first either way. */
export async function readInbox(table: Table, driver: string, after: number | undefined, limit: number) {
  const pk = partitions.ofDriver(driver);
  if (after === undefined)
    return (await table.query<InboxRow>(pk, { prefix: "inbox#", newestFirst: true, limit })).reverse();
  return table.query<InboxRow>(pk, {
    from: keys.inbox(driver, after + 1).sk,
    to: keys.inbox(driver, lastSequence).sk,
    limit,
  });
}

export function notificationView(
  driver: string,
  entry: InboxRow,
  readUpTo: number,
): z.infer<typeof Notification> {
  return {
    notification_id: `${driver}-${entry.sequence}`,
    created_at: instant(entry.createdAtMs),
    message: entry.message,
    type: entry.type,
    event: entry.event,
    session_id: entry.sid,
    cp_id: entry.cp,
    read: entry.sequence <= readUpTo,
    sequence: entry.sequence,
  };
}
