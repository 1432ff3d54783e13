// Finding a charging point: filters as the API takes them, cities with their middle, distances in words. Pure.
import type { ChargingPointView } from "../../api/charging-point.view.ts";

export interface Filters {
  onlyAvailable: boolean;
  onlyFavorites: boolean;
  city: string | null;
  connector: string | null;
  minPowerKw: number | null;
}

export const noFilters: Filters = {
  onlyAvailable: false,
  onlyFavorites: false,
  city: null,
  connector: null,
  minPowerKw: null,
};

export interface Place {
  /** "here", or the city that was typed. */
  name: string | null;
  lat: number;
  lon: number;
}

export const powersKw = [11, 22, 50, 100, 150] as const;
export const connectors = ["TYPE2", "CCS2", "CHADEMO", "TYPE1", "SCHUKO"] as const;
export const pageSize = 25;

/** The query of GET /charging-points. */
export function queryOf(filters: Filters, from: Place | null, limit: number) {
  return {
    ...(filters.onlyAvailable && { only_available: "true" }),
    ...(filters.onlyFavorites && { only_favorites: "true" }),
    ...(filters.city !== null && { city: filters.city }),
    ...(filters.connector !== null && { connector_type: filters.connector }),
    ...(filters.minPowerKw !== null && { min_power_kw: filters.minPowerKw }),
    ...(from && { lat: from.lat.toFixed(5), lon: from.lon.toFixed(5) }),
    limit,
  };
}

export function countFilters(filters: Filters): number {
  return [
    filters.onlyAvailable,
    filters.onlyFavorites,
    filters.city !== null,
    filters.connector !== null,
    filters.minPowerKw !== null,
  ].filter(Boolean).length;
}

export interface City {
  name: string;
  points: number;
  /** The mean of its charging points. */
  lat: number;
  lon: number;
}

/** By name; points without a city are in none. */
export function citiesOf(points: readonly Pick<ChargingPointView, "location">[]): City[] {
  const byName = new Map<string, City>();
  for (const { location } of points) {
    const name = location.city;
    if (name === "") continue;
    const known = byName.get(name) ?? { name, points: 0, lat: 0, lon: 0 };
    const count = known.points + 1;
    byName.set(name, {
      name,
      points: count,
      lat: known.lat + (location.latitude - known.lat) / count,
      lon: known.lon + (location.longitude - known.lon) / count,
    });
  }
  return [...byName.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The city that was typed, without regard to case and accents; undefined: none of that name. */
export function cityNamed(cities: readonly City[], typed: string): City | undefined {
  const wanted = fold(typed);
  if (wanted === "") return undefined;
  return (
    cities.find(({ name }) => fold(name) === wanted) ??
    cities.find(({ name }) => fold(name).startsWith(wanted))
  );
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").trim().toLowerCase();
}
