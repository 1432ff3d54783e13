// GET /cp/{cp_id}/statistics: a charge point's faults, time in each state and recoveries over a day and a week, and
// what it sold on each of the last days (UTC).
import { Hono } from "hono";
import { statisticsOf } from "../../rules/history.ts";
import {
  type CdrRow,
  dayOf,
  type IndexRow,
  keys,
  partitions,
  type TransitionRow,
} from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { readAll } from "../fleet.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";

const dayMs = 86_400_000;
const days = 7;
/** A point that changes more often than this in a week is counted from its newest changes. */
const transitionsAtMost = 5_000;

export function statisticsRoutes(parts: Parts) {
  const { table } = parts;
  /** The week's transitions and the one before them, oldest first. */
  const transitionsOf = async (cp: string, fromMs: number) => {
    const { sk } = keys.transition(cp, fromMs, 0);
    const pk = partitions.history(cp);
    const [week, before] = await Promise.all([
      table.query<TransitionRow>(pk, { from: sk, newestFirst: true, limit: transitionsAtMost }),
      table.query<TransitionRow>(pk, { to: sk, newestFirst: true, limit: 1 }),
    ]);
    const rows = week.length < transitionsAtMost ? [...week, ...before] : week;
    return rows.map(({ value }) => value).reverse();
  };
  const billsOf = async (cp: string, day: string) => {
    const { pk } = keys.cdrOfDay(Date.parse(day), "");
    const entries = await table.query<IndexRow>(pk);
    const own = entries.map(({ value }) => value).filter((entry) => entry.cp === cp);
    const rows = await readAll(
      table,
      own.map(({ driver, sid }) => keys.cdr(driver, sid)),
    );
    return rows.filter((row) => row !== undefined) as CdrRow[];
  };
  return new Hono<ApiEnv>().get("/cp/:cp_id/statistics", async (c) => {
    const cp = c.req.param("cp_id");
    if (!(await table.get(keys.cp(cp)))) throw new Problem(404, `no charge point ${cp}`);
    const nowMs = parts.now();
    const lastDays = Array.from({ length: days }, (_, n) => dayOf(nowMs - n * dayMs));
    const [transitions, bills] = await Promise.all([
      transitionsOf(cp, nowMs - days * dayMs),
      Promise.all(lastDays.map((day) => billsOf(cp, day))),
    ]);
    const over = (ms: number) => statisticsView(statisticsOf(transitions, nowMs - ms, nowMs));
    return c.json({
      cp_id: cp,
      last_24_h: over(dayMs),
      last_7_d: over(days * dayMs),
      days: lastDays.map((day, n) => dayView(day, bills[n] ?? [])),
    });
  });
}

function statisticsView({ faults, outages, meanToRecoverMs, inState }: ReturnType<typeof statisticsOf>) {
  return {
    faults: faults.broken + faults.disconnected,
    broken: faults.broken,
    disconnected: faults.disconnected,
    outages,
    mean_time_to_recover_s: meanToRecoverMs === null ? null : Math.round(meanToRecoverMs / 1_000),
    seconds_in_state: {
      ON: Math.round(inState.onMs / 1_000),
      BROKEN: Math.round(inState.brokenMs / 1_000),
      DISCONNECTED: Math.round(inState.disconnectedMs / 1_000),
      unknown: Math.round(inState.unknownMs / 1_000),
    },
  };
}

function dayView(day: string, bills: readonly CdrRow[]) {
  const energyWh = bills.reduce((total, bill) => total + bill.energyWh, 0);
  return {
    day,
    sessions: bills.length,
    energy_wh: energyWh,
    energy_kwh: energyWh / 1_000,
    amount_minor: bills.reduce((total, bill) => total + bill.amountMinor, 0),
    currency: "EUR",
  };
}
