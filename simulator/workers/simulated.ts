// What the charge points and drivers of a large fleet are like: made up from their numbers, always the same.
import { CpFile, type DriverWish } from "../fleet/fleet-schemas.ts";

const cities: [city: string, latitude: number, longitude: number][] = [
  ["Valencia", 39.47, -0.376],
  ["Alicante", 38.346, -0.481],
  ["Castellon", 39.986, -0.051],
  ["Gandia", 38.968, -0.181],
  ["Denia", 38.84, 0.106],
  ["Elche", 38.267, -0.698],
  ["Sagunto", 39.683, -0.278],
];
const kinds: [powerKw: number, priceEur: number, connector: CpFile["connector_type"]][] = [
  [11, 0.29, "TYPE2"],
  [22, 0.3, "TYPE2"],
  [43, 0.33, "TYPE2"],
  [50, 0.35, "CCS2"],
  [75, 0.38, "CHADEMO"],
  [150, 0.4, "CCS2"],
];
const firmwares: CpFile["firmware"][] = ["8.2.3", "D8.1.1", "7.1.3", "5.0.1"];

const nth = <T>(list: readonly T[], n: number): T => {
  const one = list[n % list.length];
  if (one === undefined) throw new Error("an empty list has no members");
  return one;
};

/** 7 → CP-007. */
export function cpIdOf(n: number): string {
  return `CP-${String(n).padStart(3, "0")}`;
}

/** 7 → driver-007. */
export function driverIdOf(n: number): string {
  return `driver-${String(n).padStart(3, "0")}`;
}

export function simulatedCp(n: number): CpFile {
  const [city, latitude, longitude] = nth(cities, n);
  const [power_kw, price_eur_per_kwh, connector_type] = nth(kinds, n);
  return CpFile.parse({
    cp_id: cpIdOf(n),
    name: `${city} ${n}`,
    address: `Calle ${1 + (n % 97)}`,
    city,
    // A few hundred metres from each other.
    latitude: latitude + ((n * 37) % 101) / 2_000,
    longitude: longitude + ((n * 53) % 103) / 2_000,
    connector_type,
    power_kw,
    price_eur_per_kwh,
    firmware: nth(firmwares, n),
  });
}

/** At most so many different charge points does one driver go to. */
const wishesAtMost = 20;

/** What driver `n` of `drivers` asks for, one after the other: charge points that no other driver asks for. */
export function wishesOf(n: number, drivers: number, cps: readonly number[]): DriverWish[] {
  return cps
    .filter((_, i) => i % drivers === (n - 1) % drivers)
    .slice(0, wishesAtMost)
    .map((cp) => ({
      cp_id: cpIdOf(cp),
      vehicle_id: `VEH-${String(n).padStart(4, "0")}`,
      limit: { duration_s: 60 },
    }));
}
