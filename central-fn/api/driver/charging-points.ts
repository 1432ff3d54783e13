// GET /charging-points and /charging-points/{cp_id}: where a driver may charge, how far, at what price.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { ConnectorType } from "../../../wire/messages/index.ts";
import { type DriverRow, keys } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { numeral } from "../body.ts";
import { chargePointView } from "../charge-point.view.ts";
import {
  ChargingPoint,
  type ChargingPointView,
  chargingPointView,
  distanceKm,
} from "../charging-point.view.ts";
import { polledJson } from "../etag.ts";
import type { CpFacts } from "../fleet.ts";
import { paged, pageOf } from "../paging.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { Instant } from "../schemas.ts";
import { fold } from "../text.ts";

const Position = z.object({
  lat: numeral(z.number().min(-90).max(90)).optional(),
  lon: numeral(z.number().min(-180).max(180)).optional(),
});
const together = {
  path: ["lat"],
  message: "lat and lon come together",
};
const isWhole = (at: z.output<typeof Position>) => (at.lat === undefined) === (at.lon === undefined);
const Yes = z.enum(["true", "false", "1", "0"]).optional();

const Filter = z
  .object({
    ...Position.shape,
    ...paged,
    limit: numeral(z.number().int().min(1).max(5_000)).default(1_000),
    city: z.string().max(60).optional().describe("Without regard to case and accents"),
    connector_type: ConnectorType.optional(),
    min_power_kw: numeral(z.number().min(0)).optional(),
    max_price_eur_per_kwh: numeral(z.number().min(0)).optional(),
    within_km: numeral(z.number().min(0)).optional().describe("With lat and lon"),
    only_available: Yes.describe("Those that are FREE"),
    only_favorites: Yes,
  })
  .refine(isWhole, together);

const Detail = ChargingPoint.extend({
  amenities: z.array(z.string()),
  last_updated: Instant.nullable(),
});

export function chargingPointRoutes(parts: Parts) {
  return new Hono<ApiEnv>()
    .get(
      "/charging-points",
      route({
        summary: "Lists charging points, nearest first when lat and lon are given, else by id",
        query: Filter,
        answers: { 200: z.array(ChargingPoint) },
        paged: true,
        polled: true,
      }),
      async (c) => {
        const filter = c.req.valid("query");
        const from = positionOf(filter);
        const [reading, favorites] = await Promise.all([parts.fleet.all(), favoritesOf(parts, c)]);
        const points = reading.cps
          .filter(maySuit(filter, favorites, from))
          .flatMap((facts) => chargingPointView(facts, favorites, from, parts.now()) ?? [])
          .filter(({ status }) => !yes(filter.only_available) || status === "FREE");
        return polledJson(c, pageOf(c, points, placeOfPoint, filter, "rising"));
      },
    )
    .get(
      "/charging-points/:cp_id",
      route({
        summary: "Shows a charging point",
        query: Position.refine(isWhole, together),
        answers: { 200: Detail },
        problems: [404],
        polled: true,
      }),
      async (c) => {
        const cp = c.req.param("cp_id");
        const [facts, favorites] = await Promise.all([parts.fleet.one(cp), favoritesOf(parts, c)]);
        const from = positionOf(c.req.valid("query"));
        const point = facts && chargingPointView(facts, favorites, from, parts.now());
        if (!facts || !point) throw new Problem(404, `no charging point ${cp}`);
        return c.json(
          {
            ...point,
            amenities: facts.cp.registration?.amenities ?? [],
            last_updated: chargePointView(facts, false).last_update,
          },
          200,
        );
      },
    );
}

function positionOf({ lat, lon }: z.output<typeof Position>): { lat: number; lon: number } | undefined {
  return lat === undefined || lon === undefined ? undefined : { lat, lon };
}

/** Ordered by distance in metres where there is one, then by id. */
function placeOfPoint({ cp_id, location }: ChargingPointView): string {
  if (location.distance_km === null) return cp_id;
  return `${String(Math.round(location.distance_km * 1_000)).padStart(8, "0")}#${cp_id}`;
}

const yes = (value: z.output<typeof Yes>) => value === "true" || value === "1";

/** What the rows tell, asked before anything is put into words. */
function maySuit(
  filter: z.output<typeof Filter>,
  favorites: readonly string[],
  from: { lat: number; lon: number } | undefined,
): (facts: CpFacts) => boolean {
  const { connector_type, min_power_kw, max_price_eur_per_kwh, within_km } = filter;
  const city = filter.city === undefined ? undefined : fold(filter.city);
  const liked = yes(filter.only_favorites) ? new Set(favorites) : undefined;
  return ({ cp: { cp, registration, tariff } }) => {
    if (!registration) return false;
    const { latitude: lat, longitude: lon } = registration;
    if (liked && !liked.has(cp)) return false;
    if (city !== undefined && fold(registration.city) !== city) return false;
    if (connector_type !== undefined && registration.connectorType !== connector_type) return false;
    if (min_power_kw !== undefined && registration.powerW / 1_000 < min_power_kw) return false;
    const price = tariff ? tariff.priceE5PerKwh / 100_000 : Number.POSITIVE_INFINITY;
    if (max_price_eur_per_kwh !== undefined && price > max_price_eur_per_kwh) return false;
    return within_km === undefined || !from || distanceKm(from, { lat, lon }) <= within_km;
  };
}

async function favoritesOf(parts: Parts, c: Context<ApiEnv>): Promise<string[]> {
  const caller = c.get("caller");
  if (caller?.role !== "driver") return [];
  return (await parts.table.get<DriverRow>(keys.driver(caller.sub)))?.value.favorites ?? [];
}
