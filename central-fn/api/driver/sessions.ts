// /drivers/{driver_id}/sessions: the current one, any own one, its stop, the past ones with their bills.
import { Hono } from "hono";
import * as z from "zod";
import { cpOfSid, partitionOf } from "../../../wire/messages/index.ts";
import {
  type CdrRow,
  type DriverRow,
  type IndexRow,
  keys,
  partitions,
  type SessionRow,
} from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { readAll } from "../fleet.ts";
import { linkNext, paged, placeOf } from "../paging.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { ownSession, viewOf } from "./own-session.ts";
import { OwnSession } from "./own-session.view.ts";
import { PastSession, pastSessionView, Receipt, receiptView } from "./past-session.view.ts";
import { receiptPage } from "./receipt.page.ts";

export function sessionRoutes(parts: Parts) {
  const { table } = parts;
  return new Hono<ApiEnv>()
    .get(
      "/drivers/:driver_id/sessions/current",
      route({
        summary: "Shows the session that occupies the driver",
        detail: "204: none does. One whose charging point is not heard occupies nobody.",
        answers: { 200: OwnSession, 204: null },
        polled: true,
      }),
      async (c) => {
        const driver = c.req.param("driver_id");
        const row = await table.get<DriverRow>(keys.driver(driver));
        const sid = row?.value.activeSid;
        const session = sid ? await ownSession(parts, driver, sid) : undefined;
        if (!sid || !session) return c.body(null, 204);
        return c.json(await viewOf(parts, sid, session), 200);
      },
    )
    .get(
      "/drivers/:driver_id/sessions/history",
      route({
        summary: "Lists the driver's sessions, newest first, with the figures of their bills",
        query: z.object(paged),
        answers: { 200: z.array(PastSession) },
        paged: true,
        polled: true,
      }),
      async (c) => {
        const driver = c.req.param("driver_id");
        const asked = c.req.valid("query");
        const before = placeOf(asked);
        if (before !== undefined && !before.startsWith("past#"))
          throw new Problem(400, "query: cursor: it is of no page");
        // One more than asked for tells whether there is a next page; the bound itself was given before.
        const entries = await table.query<IndexRow>(partitions.ofDriver(driver), {
          from: "past#",
          to: before ?? "past#~",
          newestFirst: true,
          limit: asked.limit + 2,
        });
        const after = entries.filter(({ sk }) => sk !== before);
        const page = after.slice(0, asked.limit);
        const last = page.at(-1);
        if (last && after.length > page.length) linkNext(c, last.sk);
        const values = await readAll(
          table,
          page.flatMap(({ value: { sid } }) => [keys.session(driver, sid), keys.cdr(driver, sid)]),
        );
        const views = page.flatMap((_, i) => {
          const session = values[2 * i] as SessionRow | undefined;
          return session ? [pastSessionView(session, values[2 * i + 1] as CdrRow | undefined)] : [];
        });
        return c.json(views, 200);
      },
    )
    .get(
      "/drivers/:driver_id/sessions/:session_id",
      route({
        summary: "Shows a session of the driver",
        answers: { 200: OwnSession },
        problems: [404],
        polled: true,
      }),
      async (c) => {
        const { driver_id: driver, session_id: sid } = c.req.param();
        return c.json(await viewOf(parts, sid, await ownSession(parts, driver, sid, "or 404")), 200);
      },
    )
    .get(
      "/drivers/:driver_id/sessions/:session_id/receipt",
      route({
        summary: "Gives the receipt of a billed session",
        answers: { 200: Receipt },
        problems: [404],
        polled: true,
      }),
      async (c) => {
        const { driver_id: driver, session_id: sid } = c.req.param();
        return c.json(receiptView(await billOf(driver, sid)), 200);
      },
    )
    .get(
      "/drivers/:driver_id/receipts/:session_id",
      route({
        summary: "Gives the receipt of a billed session as a page to print",
        answers: { 200: { media: "text/html" } },
        problems: [404],
      }),
      async (c) => {
        const { driver_id: driver, session_id: sid } = c.req.param();
        const bill = await billOf(driver, sid);
        const facts = await parts.fleet.one(bill.cp);
        return c.html(receiptPage(bill, facts?.cp.registration ?? null), 200, {
          "cache-control": "private, no-cache",
        });
      },
    )
    .post(
      "/drivers/:driver_id/sessions/:session_id/stop",
      route({
        summary: "Asks the charging point to end a session",
        detail: "The answer shows the session as it was; it is over when the charging point says so.",
        answers: { 200: OwnSession },
        problems: [404, 503],
        idempotent: true,
      }),
      async (c) => {
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
        return c.json(await viewOf(parts, sid, session), 200);
      },
    );

  async function billOf(driver: string, sid: string): Promise<CdrRow> {
    const cdr = await table.get<CdrRow>(keys.cdr(driver, sid));
    if (!cdr) throw new Problem(404, `no bill for session ${sid}`);
    return cdr.value;
  }
}
