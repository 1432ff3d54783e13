// /drivers/{driver_id}/queue: where a driver waits; POST …/requests/{request_id}/confirm: the offer at the head is
// taken.
import { Hono } from "hono";
import * as z from "zod";
import { cpOfSid, partitionOf } from "../../../wire/messages/index.ts";
import { isOver, isWaiting } from "../../rules/session.ts";
import { type DriverRow, keys, type SessionRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { ownSession, viewOf, waitFor } from "./own-session.ts";
import { OwnSession } from "./own-session.view.ts";
import { requestLivesMs } from "./requests.ts";

export function queueRoutes(parts: Parts) {
  const { table } = parts;
  return new Hono<ApiEnv>()
    .get(
      "/drivers/:driver_id/queue",
      route({
        summary: "Lists where the driver waits: in line, with an offer, or for a later hour",
        answers: { 200: z.array(OwnSession) },
        polled: true,
      }),
      async (c) => {
        const driver = c.req.param("driver_id");
        const row = await table.get<DriverRow>(keys.driver(driver));
        const views = await Promise.all(
          (row?.value.places ?? []).map(async ({ sid }) => {
            const session = await ownSession(parts, driver, sid);
            return session && isWaiting(session.rank) ? [await viewOf(parts, sid, session)] : [];
          }),
        );
        return c.json(views.flat(), 200);
      },
    )
    .post(
      "/drivers/:driver_id/requests/:request_id/confirm",
      route({
        summary: "Takes the offer at the head of the line: charging starts",
        detail: "A repeat is the same confirmation. 409 tells why there is nothing to confirm.",
        answers: { 202: OwnSession },
        problems: [404, 409, 503],
        idempotent: true,
        waits: true,
        cost: "start",
      }),
      async (c) => {
        const { driver_id: driver, request_id: sid } = c.req.param();
        const session = await ownSession(parts, driver, sid, "or 404");
        const own = await table.get<DriverRow>(keys.driver(driver));
        const refused = refusalOf(session, own?.value);
        if (refused) throw new Problem(409, refused);
        if (session?.rank === "OFFERED") {
          const cp = cpOfSid(sid) ?? "";
          const requestedAt = parts.now();
          await appendRequest(parts, "driver.requests", cp, partitionOf(cp, parts.partitions), {
            v: 1,
            type: "confirm",
            sid,
            driver,
            cp,
            requestedAt,
            expiresAt: requestedAt + requestLivesMs,
          });
        }
        const before = session?.reason;
        const decided = (row: SessionRow | undefined) => row?.rank !== "OFFERED" || row.reason !== before;
        const now = await waitFor(c, parts, { driver, sid, session }, decided);
        return c.json(await viewOf(parts, sid, now), 202);
      },
    );
}

/** Why there is nothing to confirm; undefined: there is, or it was confirmed already. */
function refusalOf(session: SessionRow | undefined, driver: DriverRow | undefined): string | undefined {
  if (!session) return "the request is not decided yet";
  if (isOver(session.rank)) return `it is over: ${session.reason ?? session.rank.toLowerCase()}`;
  if (session.rank === "SCHEDULED") return "its hour has not come: it starts by itself";
  if (session.rank === "QUEUED")
    return "the charging point is not free for you yet: the inbox tells when it is";
  if (session.rank === "OFFERED" && driver?.activeSid) return "you have another session: end it first";
  return undefined;
}
