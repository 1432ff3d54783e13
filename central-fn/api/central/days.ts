// GET /sessions?day=, /cdrs?day=: the sessions requested and the bills made on a UTC day, newest first.
import { type Context, Hono } from "hono";
import * as z from "zod";
import type { Key } from "../../tables/port.ts";
import { type CdrRow, dayOf, type IndexRow, keys, type SessionRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { Count, query } from "../body.ts";
import { instant } from "../charge-point.view.ts";
import { readAll } from "../fleet.ts";
import type { Parts } from "../parts.ts";
import { cdrView, pastSessionView } from "../session.view.ts";

const OfDay = z.object({ day: z.iso.date().optional(), limit: Count });

export function dayRoutes(parts: Parts) {
  const { table } = parts;
  /** The rows that the index of a day names, newest first. */
  const ofDay = async <V>(
    c: Context,
    index: (atMs: number, sid: string) => Key,
    row: (i: IndexRow) => Key,
  ) => {
    const { day = dayOf(parts.now()), limit } = query(c, OfDay);
    const { pk } = index(Date.parse(day), "");
    const entries = await table.query<IndexRow>(pk, { newestFirst: true, limit });
    const rows = await readAll(
      table,
      entries.map(({ value }) => row(value)),
    );
    return rows.filter((found) => found !== undefined) as V[];
  };
  return new Hono<ApiEnv>()
    .get("/sessions", async (c) => {
      const sessions = await ofDay<SessionRow>(c, keys.sessionOfDay, ({ driver, sid }) =>
        keys.session(driver, sid),
      );
      return c.json(
        sessions.map((session) => ({
          ...pastSessionView(session, undefined),
          driver_id: session.driver,
          requested_at: instant(session.requestedAtMs),
          interrupted: session.interrupted,
          overdue: session.overdue,
          command: session.command,
        })),
      );
    })
    .get("/cdrs", async (c) => {
      const cdrs = await ofDay<CdrRow>(c, keys.cdrOfDay, ({ driver, sid }) => keys.cdr(driver, sid));
      return c.json(cdrs.map(cdrView));
    });
}
