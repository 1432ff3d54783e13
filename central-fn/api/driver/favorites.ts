// /drivers/{driver_id}/favorites: the charging points that a driver marked.
import { Hono } from "hono";
import * as z from "zod";
import { partitionOf } from "../../../wire/messages/index.ts";
import { type DriverRow, keys } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { ChargingPoint, chargingPointView } from "../charging-point.view.ts";
import { appendRequest, type Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { CpId } from "../schemas.ts";

const FavoriteBody = z.strictObject({ cp_id: CpId });

/** What a driver keeps for himself is ordered by driver, whichever charge point it names. */
export function driverPartition(driver: string, { partitions }: Pick<Parts, "partitions">): number {
  return partitionOf(driver, partitions);
}

export function favoriteRoutes(parts: Parts) {
  const mark = (driver: string, cp: string, on: boolean) =>
    appendRequest(parts, "driver.requests", driver, driverPartition(driver, parts), {
      v: 1,
      type: "favorite",
      driver,
      cp,
      on,
      requestedAt: parts.now(),
    });
  return new Hono<ApiEnv>()
    .get(
      "/drivers/:driver_id/favorites",
      route({
        summary: "Lists the driver's favourite charging points, in the order in which they were marked",
        answers: { 200: z.array(ChargingPoint) },
        polled: true,
      }),
      async (c) => {
        const [row, { cps }] = await Promise.all([
          parts.table.get<DriverRow>(keys.driver(c.req.param("driver_id"))),
          parts.fleet.all(),
        ]);
        const favorites = row?.value.favorites ?? [];
        const known = new Map(cps.map((facts) => [facts.cp.cp, facts]));
        const points = favorites.flatMap((cp) => {
          const facts = known.get(cp);
          return (facts && chargingPointView(facts, favorites, undefined, parts.now())) ?? [];
        });
        return c.json(points, 200);
      },
    )
    .post(
      "/drivers/:driver_id/favorites",
      route({
        summary: "Marks a charging point as a favourite",
        json: FavoriteBody,
        answers: { 204: null },
        problems: [404, 503],
        idempotent: true,
      }),
      async (c) => {
        const { cp_id: cp } = c.req.valid("json");
        if (!(await parts.fleet.one(cp))?.cp.registration) throw new Problem(404, `no charging point ${cp}`);
        await mark(c.req.param("driver_id"), cp, true);
        return c.body(null, 204);
      },
    )
    .delete(
      "/drivers/:driver_id/favorites/:cp_id",
      route({ summary: "Unmarks a favourite", answers: { 204: null }, problems: [503] }),
      async (c) => {
        await mark(c.req.param("driver_id"), c.req.param("cp_id"), false);
        return c.body(null, 204);
      },
    );
}
