// A charging point as drivers see it: a pure mapping from what is stored to the fields of the documents.
import type { Registration } from "../../wire/messages/index.ts";
import { isOutOfService } from "../rules/out-of-service.ts";
import { isTaken, shownOf } from "./charge-point.view.ts";
import type { CpFacts } from "./fleet.ts";

export interface ChargingPointView {
  cp_id: string;
  name: string;
  status: "FREE" | "OCCUPIED" | "OFFLINE";
  power_kw: number;
  connector_type: Registration["connectorType"];
  location: {
    address: string;
    city: string;
    latitude: number;
    longitude: number;
    distance_km: number | null;
  };
  queue_length: number;
  /** 0 when free; null: nobody can tell when the car will leave. */
  estimated_wait_minutes: number | null;
  favorite: boolean;
  price_eur_per_kwh: number | null;
}

/** As drivers see it; undefined for one that has not said who it is. */
export function chargingPointView(
  facts: CpFacts,
  favorites: readonly string[],
  from: { lat: number; lon: number } | undefined,
): ChargingPointView | undefined {
  const { cp } = facts;
  const { registration } = cp;
  if (!registration) return undefined;
  const { latitude, longitude } = registration;
  const status = driverStatus(facts);
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
    queue_length: 0,
    estimated_wait_minutes: status === "FREE" ? 0 : null,
    favorite: favorites.includes(cp.cp),
    price_eur_per_kwh: cp.tariff ? cp.tariff.priceE5PerKwh / 100_000 : null,
  };
}

function driverStatus(facts: CpFacts): ChargingPointView["status"] {
  if (shownOf(facts).state !== "ON") return "OFFLINE";
  if (isTaken(facts)) return "OCCUPIED";
  return isOutOfService(facts.cp) ? "OFFLINE" : "FREE";
}

const earthRadiusKm = 6_371;

/** Great circle by the haversine formula, to 10 m. */
export function distanceKm(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (x: number) => Math.sin(radians(x) / 2) ** 2;
  const h = half(b.lat - a.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(b.lon - a.lon);
  return Math.round(2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(h))) * 100) / 100;
}
