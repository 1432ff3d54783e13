// A charging point as drivers see it: a pure mapping from what is stored to the fields of the documents.
import * as z from "zod";
import { ConnectorType } from "../../wire/messages/index.ts";
import { isOutOfService } from "../rules/out-of-service.ts";
import { isTaken, shownOf } from "./charge-point.view.ts";
import type { CpFacts } from "./fleet.ts";
import { CpId } from "./schemas.ts";
import { waitMinutes } from "./wait.view.ts";

export const ChargingPoint = z.object({
  cp_id: CpId,
  name: z.string(),
  status: z
    .enum(["FREE", "OCCUPIED", "STOPPED", "OFFLINE"])
    .describe(
      "OCCUPIED: in use, held for the next in line, or a car is plugged in · STOPPED: by the operator",
    ),
  power_kw: z.number(),
  connector_type: ConnectorType,
  location: z.object({
    address: z.string(),
    city: z.string(),
    latitude: z.number(),
    longitude: z.number(),
    distance_km: z.number().nullable().describe("From the position given in the query"),
  }),
  queue_length: z.int(),
  estimated_wait_minutes: z
    .int()
    .nullable()
    .describe("For one who comes now: 0 when free; null: nobody can tell"),
  favorite: z.boolean(),
  price_eur_per_kwh: z.number().nullable(),
});
export type ChargingPointView = z.infer<typeof ChargingPoint>;

/** As drivers see it; undefined for one that has not said who it is. */
export function chargingPointView(
  facts: CpFacts,
  favorites: readonly string[],
  from: { lat: number; lon: number } | undefined,
  nowMs: number,
): ChargingPointView | undefined {
  const { cp } = facts;
  const { registration } = cp;
  if (!registration) return undefined;
  const { latitude, longitude } = registration;
  const status = driverStatus(facts);
  const queueLength = cp.line?.queue.length ?? 0;
  return {
    cp_id: cp.cp,
    name: registration.name,
    status,
    power_kw: registration.powerW / 1_000,
    connector_type: registration.connectorType,
    location: {
      address: registration.address,
      city: registration.city,
      latitude,
      longitude,
      distance_km: from ? distanceKm(from, { lat: latitude, lon: longitude }) : null,
    },
    queue_length: queueLength,
    estimated_wait_minutes: waitOf(facts, status, queueLength, nowMs),
    favorite: favorites.includes(cp.cp),
    price_eur_per_kwh: cp.tariff ? cp.tariff.priceE5PerKwh / 100_000 : null,
  };
}

function driverStatus(facts: CpFacts): ChargingPointView["status"] {
  if (shownOf(facts).state !== "ON" || facts.cp.quarantine) return "OFFLINE";
  if (isOutOfService(facts.cp)) return "STOPPED";
  return isTaken(facts) || facts.cp.line?.offer ? "OCCUPIED" : "FREE";
}

function waitOf(facts: CpFacts, status: ChargingPointView["status"], ahead: number, nowMs: number) {
  if (status === "FREE") return 0;
  // A car without a session leaves when it likes.
  const inUse = facts.cp.claim !== null || ahead > 0;
  return status === "OCCUPIED" && inUse ? waitMinutes(facts, ahead, nowMs) : null;
}

const earthRadiusKm = 6_371;

/** Great circle by the haversine formula, to 10 m. */
export function distanceKm(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (x: number) => Math.sin(radians(x) / 2) ** 2;
  const h = half(b.lat - a.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(b.lon - a.lon);
  return Math.round(2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(h))) * 100) / 100;
}
