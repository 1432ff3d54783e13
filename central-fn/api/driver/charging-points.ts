// GET /charging-points and /charging-points/{cp_id}: where a driver may charge, how far, at what price.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { ConnectorType } from "../../../wire/messages/index.ts";
import { type DriverRow, keys } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { query } from "../body.ts";
import { chargePointView } from "../charge-point.view.ts";
import { type ChargingPointView, chargingPointView } from "../charging-point.view.ts";
import { answerWithEtag, etagOf } from "../etag.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";

const Filter = z
  .object({
    city: z.string().max(60).optional(),
    connector_type: ConnectorType.optional(),
    min_power_kw: z.coerce.number().min(0).optional(),
    only_available: z.enum(["true", "false", "1", "0"]).optional(),
    lat: z.coerce.number().min(-90).max(90).optional(),
    lon: z.coerce.number().min(-180).max(180).optional(),
  })
  .refine((f) => (f.lat === undefined) === (f.lon === undefined), {
    path: ["lat"],
    message: "lat and lon come together",
  });

export function chargingPointRoutes(parts: Parts) {
  return new Hono<ApiEnv>()
    .get("/charging-points", async (c) => {
      const filter = query(c, Filter);
      const from = placeOf(filter);
      const [reading, favorites] = await Promise.all([parts.fleet.all(), favoritesOf(parts, c)]);
      const points = reading.cps
        .flatMap((facts) => chargingPointView(facts, favorites, from) ?? [])
        .filter((point) => matches(point, filter));
      if (from) points.sort((a, b) => (a.location.distance_km ?? 0) - (b.location.distance_km ?? 0));
      const body = JSON.stringify(points);
      return answerWithEtag<ChargingPointView[]>(c, body, etagOf(body));
    })
    .get("/charging-points/:cp_id", async (c) => {
      const [facts, favorites] = await Promise.all([
        parts.fleet.one(c.req.param("cp_id")),
        favoritesOf(parts, c),
      ]);
      const point = facts && chargingPointView(facts, favorites, placeOf(query(c, Filter)));
      if (!facts || !point) throw new Problem(404, `no charging point ${c.req.param("cp_id")}`);
      return c.json({
        ...point,
        amenities: facts.cp.registration?.amenities ?? [],
        last_updated: chargePointView(facts, false).last_update,
      });
    });
}

type Filter = z.output<typeof Filter>;

function placeOf({ lat, lon }: Filter): { lat: number; lon: number } | undefined {
  return lat === undefined || lon === undefined ? undefined : { lat, lon };
}

function matches(point: ChargingPointView, filter: Filter): boolean {
  const { city, connector_type, min_power_kw, only_available } = filter;
  if (city !== undefined && fold(point.location.city) !== fold(city)) return false;
  if (connector_type !== undefined && point.connector_type !== connector_type) return false;
  if (min_power_kw !== undefined && point.power_kw < min_power_kw) return false;
  return only_available === "true" || only_available === "1" ? point.status === "FREE" : true;
}

/** Cities are compared without case and accents: "malaga" finds Málaga. */
function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

async function favoritesOf(parts: Parts, c: Context<ApiEnv>): Promise<string[]> {
  const caller = c.get("caller");
  if (caller?.role !== "driver") return [];
  return (await parts.table.get<DriverRow>(keys.driver(caller.sub)))?.value.favorites ?? [];
}
