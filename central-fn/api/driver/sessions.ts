// /drivers/{driver_id}/sessions: the current one, any own one, its stop, the past ones with their bills.
import { Hono } from "hono";
import * as z from "zod";
import { cpOfSid, partitionOf } from "../../../wire/messages/index.ts";
import { type CdrRow, type DriverRow, keys, partitions, type SessionRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { query } from "../body.ts";
import { readAll } from "../fleet.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { cdrView, pastSessionView } from "../session.view.ts";
import { ownSession, viewOf } from "./own-session.ts";

const HistoryQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) });

export function sessionRoutes(parts: Parts) {
  const { table } = parts;
  return new Hono<ApiEnv>()
    .get("/drivers/:driver_id/sessions/current", async (c) => {
      const driver = c.req.param("driver_id");
      const row = await table.get<DriverRow>(keys.driver(driver));
      const sid = row?.value.activeSid;
      const session = sid ? await ownSession(parts, driver, sid) : undefined;
      if (!sid || !session) return c.body(null, 204);
      return c.json({ ...(await viewOf(parts, sid, session)), command: session.command }, 200);
    })
    .get("/drivers/:driver_id/sessions/history", async (c) => {
      const driver = c.req.param("driver_id");
      const { limit } = query(c, HistoryQuery);
      const rows = await table.query<SessionRow>(partitions.ofDriver(driver), { prefix: "session#" });
      const newest = rows
        .map(({ value }) => value)
        .sort((a, b) => b.requestedAtMs - a.requestedAtMs)
        .slice(0, limit);
      const cdrs = (await readAll(
        table,
        newest.map(({ sid }) => keys.cdr(driver, sid)),
      )) as (CdrRow | undefined)[];
      return c.json(newest.map((session, i) => pastSessionView(session, cdrs[i])));
    })
    .get("/drivers/:driver_id/sessions/:session_id", async (c) => {
      const { driver_id: driver, session_id: sid } = c.req.param();
      return c.json(await viewOf(parts, sid, await ownSession(parts, driver, sid, "or 404")));
    })
    .get("/drivers/:driver_id/sessions/:session_id/receipt", async (c) => {
      const { driver_id: driver, session_id: sid } = c.req.param();
      const cdr = await table.get<CdrRow>(keys.cdr(driver, sid));
      if (!cdr) throw new Problem(404, `no bill for session ${sid}`);
      return c.json(cdrView(cdr.value));
    })
    .post("/drivers/:driver_id/sessions/:session_id/stop", async (c) => {
      const { driver_id: driver, session_id: sid } = c.req.param();
      const session = await ownSession(parts, driver, sid, "or 404");
      const cp = cpOfSid(sid) ?? "";
      await appendRequest(parts, "driver.requests", cp, partitionOf(cp, parts.partitions), {
        v: 1,
        type: "stop",
        sid,
        driver,
        cp,
        requestedAt: parts.now(),
      });
      return c.json(await viewOf(parts, sid, session));
    });
}
