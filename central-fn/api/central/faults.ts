// GET /cp/{cp_id}/faults: how a charge point's state changed, and why, newest first.
import { Hono } from "hono";
import { z } from "zod";
import { keys, partitions, type TransitionRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { Count, query } from "../body.ts";
import { instant } from "../charge-point.view.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";

const Newest = z.object({ limit: Count });

export function faultRoutes({ table }: Parts) {
  return new Hono<ApiEnv>().get("/cp/:cp_id/faults", async (c) => {
    const cp = c.req.param("cp_id");
    if (!(await table.get(keys.cp(cp)))) throw new Problem(404, `no charge point ${cp}`);
    const { limit } = query(c, Newest);
    const rows = await table.query<TransitionRow>(partitions.history(cp), { newestFirst: true, limit });
    return c.json(
      rows.map(({ value }) => ({
        cp_id: value.cp,
        at: instant(value.atMs),
        from: value.from,
        to: value.to,
        cause: value.cause,
      })),
    );
  });
}
