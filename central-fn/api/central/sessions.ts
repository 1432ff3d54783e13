// GET /sessions: sessions by the day of their request, newest first; GET /sessions/{session_id}: one with its time line.
import { Hono } from "hono";
import * as z from "zod";
import { cpOfSid, Id } from "../../../wire/messages/index.ts";
import { statusOf } from "../../rules/session.ts";
import { type OwnerRow, operatorKeys } from "../../tables/operator-rows.ts";
import type { Table } from "../../tables/port.ts";
import {
  type CdrRow,
  type CpRow,
  type InboxRow,
  type IndexRow,
  keys,
  partitions,
  type ReviewRow,
  type SessionRow,
  type TransitionRow,
} from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { Status } from "../driver/own-session.view.ts";
import { readAll } from "../fleet.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { ofDays, pageOfDays } from "./day-index.ts";
import { Moment, SessionRecord, sessionRecord, timeLine } from "./session-record.view.ts";

const Sessions = z.object({
  ...ofDays,
  cp: Id.optional().describe("At this charge point"),
  driver: Id.optional().describe("Of this driver"),
  status: Status.optional(),
  flag: z.enum(["interrupted", "overdue"]).optional(),
});

/** A long session's charge point changes its state more often than this only when it is broken anyway. */
const transitionsAtMost = 200;

export function sessionRecordRoutes(parts: Parts) {
  const { table } = parts;
  return new Hono<ApiEnv>()
    .get(
      "/sessions",
      route({
        summary: "Lists sessions, newest request first",
        query: Sessions,
        answers: { 200: z.array(SessionRecord) },
        paged: true,
      }),
      async (c) => {
        const { cp, driver, status, flag, ...asked } = c.req.valid("query");
        const fits = (session: SessionRow | undefined) =>
          session &&
          (status === undefined || statusOf(session.rank) === status) &&
          (flag === undefined || session[flag])
            ? session
            : undefined;
        const sessions = await pageOfDays<IndexRow, SessionRow>(
          c,
          { table, nowMs: parts.now() },
          asked,
          (day) => keys.sessionOfDay(Date.parse(day), "").pk,
          async (entries) => {
            const own = (entry: IndexRow) =>
              (cp === undefined || entry.cp === cp) && (driver === undefined || entry.driver === driver);
            const rows = (await readAll(
              table,
              entries.filter(own).map((entry) => keys.session(entry.driver, entry.sid)),
            )) as (SessionRow | undefined)[];
            const bySid = new Map(rows.map((row) => [row?.sid, row]));
            return entries.map((entry) => (own(entry) ? fits(bySid.get(entry.sid)) : undefined));
          },
        );
        const cdrs = (await readAll(
          table,
          sessions.map((session) => keys.cdr(session.driver, session.sid)),
        )) as (CdrRow | undefined)[];
        return c.json(sessions.map((session, i) => sessionRecord(session, cdrs[i])));
      },
    )
    .get(
      "/sessions/:session_id",
      route({
        summary: "Shows a session with its time line",
        detail: "What the driver was told is in it as long as his inbox keeps it.",
        answers: {
          200: SessionRecord.extend({ time_line: z.array(Moment), review_id: z.string().nullable() }),
        },
        polled: true,
      }),
      async (c) => {
        const sid = c.req.param("session_id");
        const driver = await driverOf(table, sid);
        const session = driver && (await table.get<SessionRow>(keys.session(driver, sid)))?.value;
        if (!session) throw new Problem(404, `no session ${sid}`);
        const [[cdr, review], inbox, transitions] = await Promise.all([
          readAll(table, [keys.cdr(driver, sid), keys.review(sid)]) as Promise<
            [CdrRow | undefined, ReviewRow | undefined]
          >,
          table.query<InboxRow>(partitions.ofDriver(driver), { prefix: "inbox#" }),
          table.query<TransitionRow>(partitions.history(session.cp), {
            from: keys.transition(session.cp, session.requestedAtMs, 0).sk,
            ...(session.endedAtMs === null
              ? {}
              : { to: keys.transition(session.cp, session.endedAtMs, 99_999_999).sk }),
            limit: transitionsAtMost,
          }),
        ]);
        return c.json({
          ...sessionRecord(session, cdr),
          review_id: review?.id ?? null,
          time_line: timeLine({
            session,
            inbox: inbox.map(({ value }) => value),
            transitions: transitions.map(({ value }) => value),
            cdr,
            review,
          }),
        });
      },
    );
}

/** Whose session it is; undefined for one that nobody asked for. */
export async function driverOf(table: Table, sid: string): Promise<string | undefined> {
  const owner = await table.get<OwnerRow>(operatorKeys.sessionOwner(sid));
  if (owner) return owner.value.driver;
  // A session that was never granted here has a review at most.
  const review = await table.get<ReviewRow>(keys.review(sid));
  if (review?.value.driver) return review.value.driver;
  const claim = (await table.get<CpRow>(keys.cp(cpOfSid(sid) ?? "")))?.value.claim;
  return claim?.sid === sid ? claim.driver : undefined;
}
