// GET /cp/{cp_id}/faults: when a charge point was not On, and why, newest first.
import { Hono } from "hono";
import * as z from "zod";
import { faultsOf, type Interval, intervalsOf } from "../../rules/history.ts";
import { keys, partitions, type TransitionRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { instant } from "../charge-point.view.ts";
import { linkNext, paged, placeOf } from "../paging.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { CpId, Instant } from "../schemas.ts";

const State = z.enum(["ON", "BROKEN", "DISCONNECTED"]);
const Fault = z.object({
  cp_id: CpId,
  state: State,
  from: State.nullable().describe("The state before; null: it was never seen before"),
  cause: z.string(),
  start: Instant.nullable(),
  end: Instant.nullable().describe("Null while it lasts"),
  duration_s: z.int(),
});
type Fault = z.infer<typeof Fault>;

export function faultRoutes({ table, now }: Parts) {
  return new Hono<ApiEnv>().get(
    "/cp/:cp_id/faults",
    route({
      summary: "Lists when a charge point was not On, and why, newest first",
      query: z.object(paged),
      answers: { 200: z.array(Fault) },
      paged: true,
    }),
    async (c) => {
      const cp = c.req.param("cp_id");
      if (!(await table.get(keys.cp(cp)))) throw new Problem(404, `no charge point ${cp}`);
      const asked = c.req.valid("query");
      const { limit } = asked;
      const before = placeOf(asked);
      // A fault and its end are two transitions, and the one before a fault tells nothing new: so many hold a page.
      const rows = await table.query<TransitionRow>(partitions.history(cp), {
        ...(before === undefined ? {} : { to: before }),
        newestFirst: true,
        limit: limit * 2 + 2,
      });
      const whole = rows.length < limit * 2 + 2;
      const oldestFirst = rows.reverse();
      const intervals = intervalsOf(oldestFirst.map(({ value }) => value)).map((interval, i) => ({
        ...interval,
        sk: oldestFirst[i]?.sk ?? "",
      }));
      const faults = (faultsOf(intervals) as typeof intervals)
        .filter(({ sk }) => before === undefined || sk < before)
        .reverse();
      const page = faults.slice(0, limit);
      const last = page.at(-1);
      if (last && (faults.length > limit || !whole)) linkNext(c, last.sk);
      return c.json(page.map((fault) => faultView(cp, fault, now())));
    },
  );
}

function faultView(cp: string, { state, from, cause, startMs, endMs }: Interval, nowMs: number): Fault {
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
