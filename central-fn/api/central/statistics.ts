// GET /cp/{cp_id}/statistics: a charge point's faults, time in each state and recoveries over a day and a week, and
// what it sold on each of the last days (UTC). GET /statistics: the whole fleet in a few figures.
import { Hono } from "hono";
import * as z from "zod";
import { statisticsOf } from "../../rules/history.ts";
import { isOutOfService } from "../../rules/out-of-service.ts";
import {
  type CdrRow,
  dayOf,
  type IndexRow,
  keys,
  partitions,
  type TransitionRow,
} from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { holdsDriver, isCharging, shownOf } from "../charge-point.view.ts";
import { type CpFacts, readAll } from "../fleet.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { CpId, Instant } from "../schemas.ts";
import { staleSince } from "./health.ts";

const dayMs = 86_400_000;
const days = 7;
const Over = z.object({
  faults: z.int(),
  broken: z.int(),
  disconnected: z.int(),
  outages: z.int().describe("Times from leaving On to being On again"),
  mean_time_to_recover_s: z.int().nullable(),
  seconds_in_state: z.object({ ON: z.int(), BROKEN: z.int(), DISCONNECTED: z.int(), unknown: z.int() }),
});
const Day = z.object({
  day: z.iso.date(),
  sessions: z.int(),
  energy_wh: z.int(),
  energy_kwh: z.number(),
  amount_minor: z.int(),
  currency: z.literal("EUR"),
});
const CpStatistics = z.object({ cp_id: CpId, last_24_h: Over, last_7_d: Over, days: z.array(Day) });
const FleetStatistics = z.object({
  charge_points: z.int(),
  on: z.int(),
  broken: z.int(),
  disconnected: z.int(),
  charging: z.int(),
  stopped: z.int().describe("Taken out of service"),
  needs_attention: z.int(),
  power_kw: z.number(),
  active_requests: z.int(),
  sessions_today: z.int().describe("Requested on this UTC day"),
  stale_since: Instant.nullable(),
});

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
  return new Hono<ApiEnv>()
    .get(
      "/cp/:cp_id/statistics",
      route({
        summary: "Counts a charge point's faults, time in each state and sales",
        detail: "Over the last day and week; sales by UTC day, today first.",
        answers: { 200: CpStatistics },
      }),
      async (c) => {
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
      },
    )
    .get(
      "/statistics",
      route({
        summary: "Counts the fleet as it is now, and today's sessions",
        answers: { 200: FleetStatistics },
        polled: true,
      }),
      async (c) => {
        const [reading, today] = await Promise.all([
          parts.fleet.all(),
          table.query<IndexRow>(keys.sessionOfDay(parts.now(), "").pk),
        ]);
        const count = (is: (facts: CpFacts) => boolean) => reading.cps.filter(is).length;
        const inState = (state: string) => count((facts) => shownOf(facts).state === state);
        const powerW = reading.cps.reduce(
          (total, facts) => total + (isCharging(facts) ? (facts.live?.powerW ?? 0) : 0),
          0,
        );
        return c.json({
          charge_points: reading.cps.length,
          on: inState("ON"),
          broken: inState("BROKEN"),
          disconnected: inState("DISCONNECTED"),
          charging: count(isCharging),
          stopped: count(({ cp }) => isOutOfService(cp)),
          needs_attention: count(({ cp }) => Boolean(cp.quarantine)),
          power_kw: powerW / 1_000,
          active_requests: count(holdsDriver),
          sessions_today: today.length,
          stale_since: staleSince(reading, parts),
        });
      },
    );
}

function statisticsView({
  faults,
  outages,
  meanToRecoverMs,
  inState,
}: ReturnType<typeof statisticsOf>): z.infer<typeof Over> {
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

function dayView(day: string, bills: readonly CdrRow[]): z.infer<typeof Day> {
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
