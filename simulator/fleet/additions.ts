// What is written for a charge point or driver that somebody adds by a number or name alone: a plausible place and
// connector, a free port, requests to points that exist. Pure: the same words give the same files.
import { CpFile, DriverFile, type DriverWish, type Fleet } from "./fleet-schemas.ts";
import { cpNumberIn } from "./typed-names.ts";

export const usualKw = 22;
export const usualPrice = 0.3;
export const firstDynamicPort = 8105;

type Town = [name: string, latitude: number, longitude: number];

const towns: readonly Town[] = [
  ["Valencia", 39.4699, -0.3763],
  ["Alicante", 38.3452, -0.481],
  ["Elche", 38.2655, -0.6989],
  ["Castellon", 39.9864, -0.0513],
  ["Torrent", 39.437, -0.4655],
  ["Gandia", 38.968, -0.1844],
  ["Benidorm", 38.5411, -0.1225],
  ["Alcoy", 38.7054, -0.4743],
  ["Sagunto", 39.6804, -0.2784],
  ["Xativa", 38.9902, -0.5188],
  ["Vila-real", 39.9383, -0.1009],
];

const spots: readonly [name: string, amenities: string[]][] = [
  ["Plaza Mayor", ["cafe"]],
  ["Hospital", ["restroom"]],
  ["Universidad", ["wifi", "cafe"]],
  ["Centro comercial", ["shopping", "restroom"]],
  ["Polideportivo", ["sports"]],
  ["Estacion", ["train"]],
  ["Parque", ["playground"]],
];

/** A new point as its editable file, with all defaults written out. Power and price must be valid. */
export function newCpFile(cp: string, powerKw: number = usualKw, price: number = usualPrice): CpFile {
  const n = cpNumberIn(cp) ?? 0;
  const [town, latitude, longitude] = pick(towns, n);
  const [spot, amenities] = pick(spots, n);
  // Within some hundred metres of the town's centre, so that two points of a town are two places on a map.
  const aside = (step: number) => (((n * step) % 19) - 9) * 0.0007;
  const degrees = (value: number) => Math.round(value * 1e4) / 1e4;
  return CpFile.parse({
    cp_id: cp,
    name: `${spot} ${town}`,
    address: `${spot} ${n}`,
    city: town,
    latitude: degrees(latitude + aside(7)),
    longitude: degrees(longitude + aside(11)),
    connector_type: connectorFor(powerKw),
    amenities,
    power_kw: powerKw,
    price_eur_per_kwh: price,
  });
}

/** Alternating current ends at 43 kW (three phases of 63 A); above, a fast charger speaks CCS. */
function connectorFor(powerKw: number): CpFile["connector_type"] {
  return powerKw <= 43 ? "TYPE2" : "CCS2";
}

/** A request that a free point fulfils in about 25 s, and 45 s at most. */
export function wishAt(cp: Pick<CpFile, "cp_id" | "power_kw">, vehicle: string): DriverWish {
  const energyKwh = Math.max(0.05, Math.round((cp.power_kw * 25 * 1000) / 3600) / 1000);
  return { cp_id: cp.cp_id, vehicle_id: vehicle, limit: { energy_kwh: energyKwh, duration_s: 45 } };
}

const wishesEach = 2;

/** A new driver who asks for the points that fewest others ask for; `fleet` is what it joins. */
export function newDriverFile(id: string, port: number, fleet: Pick<Fleet, "cps" | "drivers">): DriverFile {
  const asked = new Map<string, number>();
  for (const { requests } of fleet.drivers)
    for (const { cp_id } of requests) asked.set(cp_id, (asked.get(cp_id) ?? 0) + 1);
  // Where cars come only by hand, nobody would arrive for a request.
  const lively = fleet.cps.filter(({ cars }) => cars === "auto");
  const calm = (lively.length > 0 ? lively : fleet.cps)
    .map((cp, i) => ({ cp, i, asked: asked.get(cp.cp_id) ?? 0 }))
    .sort((a, b) => a.asked - b.asked || a.i - b.i)
    .slice(0, wishesEach);
  const vehicle = newVehicle(fleet.drivers);
  return DriverFile.parse({ driver_id: id, port, requests: calm.map(({ cp }) => wishAt(cp, vehicle)) });
}

/** The number after the greatest VEH- number in use. */
function newVehicle(drivers: readonly DriverFile[]): string {
  const numbers = drivers
    .flatMap(({ requests }) => requests.map(({ vehicle_id }) => /^VEH-(\d{1,6})$/.exec(vehicle_id)?.[1]))
    .map((digits) => Number(digits ?? 0));
  return `VEH-${String(Math.max(0, ...numbers) + 1).padStart(3, "0")}`;
}

function pick<T>(list: readonly T[], n: number): T {
  const chosen = list[n % list.length];
  if (chosen === undefined) throw new Error("an empty list to pick from");
  return chosen;
}
