// GET /cdrs: bills by the day of their end, newest first, as JSON; /cdrs.csv: the same for a spreadsheet;
// /cdrs/{cdr_id}: one with the explanation of each cent.
import { Hono } from "hono";
import * as z from "zod";
import { Id } from "../../../wire/messages/index.ts";
import { operatorKeys, type TariffRow } from "../../tables/operator-rows.ts";
import { type CdrRow, dayOf, type IndexRow, keys, type ReviewRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { Receipt, receiptView } from "../driver/past-session.view.ts";
import { readAll } from "../fleet.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { csvHead, csvLine, ExplainedCdr, explainedCdr } from "./cdr.view.ts";
import { type Days, daysOf, ofDays, pageOfDays } from "./day-index.ts";
import { driverOf } from "./sessions.ts";

const filter = {
  cp: Id.optional().describe("Of this charge point"),
  driver: Id.optional().describe("Of this driver"),
};
const Bills = z.object({ ...ofDays, ...filter });
const { cursor: _cursor, limit: _limit, ...days } = ofDays;
const Export = z.object({ ...days, ...filter });

type Filter = { cp?: string | undefined; driver?: string | undefined };
const dayMs = 86_400_000;
const linesAtOnce = 500;

export function cdrRoutes(parts: Parts) {
  const { table } = parts;
  const bills = async (entries: readonly IndexRow[], { cp, driver }: Filter) => {
    const own = (entry: IndexRow) =>
      (cp === undefined || entry.cp === cp) && (driver === undefined || entry.driver === driver);
    const rows = (await readAll(
      table,
      entries.filter(own).map((entry) => keys.cdr(entry.driver, entry.sid)),
    )) as (CdrRow | undefined)[];
    const bySid = new Map(rows.map((row) => [row?.sid, row]));
    return entries.map((entry) => bySid.get(entry.sid));
  };
  const indexOf = (day: string) => keys.cdrOfDay(Date.parse(day), "").pk;

  /** Lines of all days, oldest first, read as they are taken. */
  async function* lines(asked: Omit<Days, "limit">, of: Filter): AsyncGenerator<string> {
    const { from, to } = daysOf({ ...asked, limit: 0 }, parts.now());
    yield csvHead;
    for (let day = from; day <= to; day = dayOf(Date.parse(day) + dayMs))
      for (let after: string | undefined; ; ) {
        const range = { limit: linesAtOnce, ...(after === undefined ? {} : { from: after }) };
        const rows = await table.query<IndexRow>(indexOf(day), range);
        const fresh = rows.filter(({ sk }) => sk !== after);
        const found = await bills(
          fresh.map(({ value }) => value),
          of,
        );
        yield found.map((cdr) => (cdr ? csvLine(cdr) : "")).join("");
        after = fresh.at(-1)?.sk;
        if (rows.length < linesAtOnce || after === undefined) break;
      }
  }

  return new Hono<ApiEnv>()
    .get(
      "/cdrs",
      route({
        summary: "Lists bills, newest end first",
        query: Bills,
        answers: { 200: z.array(Receipt) },
        paged: true,
      }),
      async (c) => {
        const { cp, driver, ...asked } = c.req.valid("query");
        const page = await pageOfDays<IndexRow, CdrRow>(
          c,
          { table, nowMs: parts.now() },
          asked,
          indexOf,
          (entries) => bills(entries, { cp, driver }),
        );
        return c.json(page.map(receiptView));
      },
    )
    .get(
      "/cdrs.csv",
      route({
        summary: "Exports bills as comma-separated values, oldest end first",
        query: Export,
        answers: { 200: { media: "text/csv" } },
      }),
      async (c) => {
        const { cp, driver, ...asked } = c.req.valid("query");
        const { from, to } = daysOf({ ...asked, limit: 0 }, parts.now());
        const text = lines(asked, { cp, driver });
        const encoder = new TextEncoder();
        const body = new ReadableStream<Uint8Array>({
          async pull(controller) {
            const next = await text.next();
            if (next.done) controller.close();
            else controller.enqueue(encoder.encode(next.value));
          },
          cancel: async () => {
            await text.return(undefined);
          },
        });
        return c.body(body, 200, {
          "content-type": "text/csv; charset=utf-8; header=present",
          "content-disposition": `attachment; filename="cdrs-${from}-${to}.csv"`,
          "cache-control": "no-store",
        });
      },
    )
    .get(
      "/cdrs/:cdr_id",
      route({ summary: "Shows a bill with the explanation of each cent", answers: { 200: ExplainedCdr } }),
      async (c) => {
        const id = c.req.param("cdr_id");
        const sid = `S-${id.slice("CDR-".length)}`;
        const driver = await driverOf(table, sid);
        const cdr = driver && (await table.get<CdrRow>(keys.cdr(driver, sid)))?.value;
        if (!cdr) throw new Problem(404, `no bill ${id}`);
        const [tariff, review] = await Promise.all([
          table.get<TariffRow>(operatorKeys.tariff(cdr.cp, cdr.tariff.version)),
          table.get<ReviewRow>(keys.review(sid)),
        ]);
        return c.json(explainedCdr(cdr, tariff?.value, review?.value));
      },
    );
}
