// GET /cp/{cp_id}/faults: when a charge point was not On, and why, newest first.
import { Hono } from "hono";
import * as z from "zod";
import { faultsOf, type Interval, intervalsOf } from "../../rules/history.ts";
import { keys, partitions, type TransitionRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { Count, query } from "../body.ts";
import { instant } from "../charge-point.view.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";

const Newest = z.object({ limit: Count });

export function faultRoutes({ table, now }: Parts) {
  return new Hono<ApiEnv>().get("/cp/:cp_id/faults", async (c) => {
    const cp = c.req.param("cp_id");
    if (!(await table.get(keys.cp(cp)))) throw new Problem(404, `no charge point ${cp}`);
    const { limit } = query(c, Newest);
    // A fault and its end are two transitions, so twice as many hold what is asked for.
    const rows = await table.query<TransitionRow>(partitions.history(cp), {
      newestFirst: true,
      limit: limit * 2,
    });
    const faults = faultsOf(intervalsOf(rows.map(({ value }) => value).reverse()));
    return c.json(
      faults
        .reverse()
        .slice(0, limit)
        .map((fault) => faultView(cp, fault, now())),
    );
  });
}

function faultView(cp: string, { state, from, cause, startMs, endMs }: Interval, nowMs: number) {
  return {
    cp_id: cp,
    state,
    from,
    cause,
    start: instant(startMs),
    end: instant(endMs),
    duration_s: Math.round(Math.max(0, (endMs ?? nowMs) - startMs) / 1_000),
  };
}
