// Lists over UTC days, newest first, page by page: what happened from one day to another, by an index per day.
import type { Context } from "hono";
import * as z from "zod";
import type { Table } from "../../tables/port.ts";
import { dayOf } from "../../tables/rows.ts";
import { linkNext, type PageAsked, paged, placeOf } from "../paging.ts";
import { Problem } from "../problem.ts";

/** The query's part that says which days; without any, the last seven. */
export const ofDays = {
  ...paged,
  day: z.iso.date().optional().describe("One UTC day; not together with from and to"),
  from: z.iso.date().optional().describe("First UTC day; default: six days before the last"),
  to: z.iso.date().optional().describe("Last UTC day; default: today"),
};

export interface Days extends PageAsked {
  day?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

const dayMs = 86_400_000;
const daysByDefault = 7;
const daysAtMost = 366;
/** Entries looked at for one page: a filter that fits few gives short pages, not slow ones. */
const entriesAtMost = 5_000;

/** First and last day; 400 when they are none. */
export function daysOf({ day, from, to }: Days, nowMs: number): { from: string; to: string } {
  if (day !== undefined && (from !== undefined || to !== undefined))
    throw new Problem(400, "query: day: it does not go together with from and to");
  const last = day ?? to ?? dayOf(from === undefined ? nowMs : Math.max(nowMs, Date.parse(from)));
  const first = day ?? from ?? dayOf(Date.parse(last) - (daysByDefault - 1) * dayMs);
  const days = (Date.parse(last) - Date.parse(first)) / dayMs + 1;
  if (days < 1) throw new Problem(400, "query: from: it lies after to");
  if (days > daysAtMost) throw new Problem(400, `query: from: at most ${daysAtMost} days at once`);
  return { from: first, to: last };
}

/**
 * One page. `partition` is a day's index, `load` gives the entries' values in their order, undefined for those that do
 * not belong here. The last page may be empty.
 */
export async function pageOfDays<E, T>(
  c: Context,
  { table, nowMs }: { table: Table; nowMs: number },
  asked: Days,
  partition: (day: string) => string,
  load: (entries: E[]) => Promise<(T | undefined)[]>,
): Promise<T[]> {
  const { from, to } = daysOf(asked, nowMs);
  const [afterDay = to, afterSk] = placeOf(asked)?.split("|") ?? [];
  if (Number.isNaN(Date.parse(afterDay)) || dayOf(Date.parse(afterDay)) !== afterDay)
    throw new Problem(400, "query: cursor: it is of no page");
  const page: T[] = [];
  let looked = 0;
  // Where few entries belong to the page, more of them are read at a time.
  let share = 1;
  for (let day = afterDay < to ? afterDay : to; day >= from; day = dayOf(Date.parse(day) - dayMs)) {
    let before = day === afterDay ? afterSk : undefined;
    for (;;) {
      const wanted = Math.min(1_000, (asked.limit - page.length + 1) * share);
      const range = { newestFirst: true, limit: wanted, ...(before === undefined ? {} : { to: before }) };
      const rows = await table.query<E>(partition(day), range);
      const fresh = rows.filter(({ sk }) => sk !== before);
      const values = await load(fresh.map(({ value }) => value));
      for (const [i, { sk }] of fresh.entries()) {
        looked += 1;
        const value = values[i];
        if (value !== undefined) page.push(value);
        if (page.length < asked.limit && looked < entriesAtMost) continue;
        linkNext(c, `${day}|${sk}`);
        return page;
      }
      if (values.includes(undefined)) share *= 4;
      before = fresh.at(-1)?.sk;
      if (rows.length < wanted || before === undefined) break;
    }
  }
  return page;
}
