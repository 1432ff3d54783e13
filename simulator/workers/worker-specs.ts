// The services of a large fleet: workers that hold many charge points, and one that holds many drivers' phones.
import { join } from "node:path";
import type { Fleet } from "../fleet/fleet-schemas.ts";
import { numberOf, serviceNames } from "../fleet/names.ts";
import type { Places } from "../fleet/places.ts";
import type { ServiceSpec } from "../fleet/service-spec.ts";
import { type Share, sharesOf, sizeOf } from "./shares.rules.ts";

export interface Addresses {
  mqttUrl: string;
  centralUrl: string;
}

/** A machine that is busy with other things still connects so fast. */
const patiencePerCpMs = 100;

/** Where a worker answers questions about itself. */
export function workerSocketPath(places: Places, service: string): string {
  return join(places.sockets, `${service}.sock`);
}

/** Where the simulated drivers' bearer tokens lie; written by the supervisor before their worker starts. */
export function phoneTokensPath(places: Places): string {
  return join(places.run, "drivers.tokens.json");
}

/** The shares of the fleet's simulated charge points: those that have no file of their own. */
export function sharesOfFleet({ system, cps }: Fleet): Share[] {
  const own = new Set(cps.map(({ cp_id }) => Number(numberOf(cp_id))).filter(Number.isInteger));
  return sharesOf(system.simulated.cps, system.simulated.cps_per_worker, own);
}

export function workerSpecs(fleet: Fleet, places: Places, addresses: Addresses): ServiceSpec[] {
  const shares = sharesOfFleet(fleet);
  const workers = shares.map((share) => cpsWorker(share, fleet, places, addresses.mqttUrl));
  const { drivers } = fleet.system.simulated;
  if (drivers === 0 || shares.length === 0) return workers;
  return [...workers, phonesWorker(fleet, shares, places, addresses.centralUrl)];
}

function cpsWorker(share: Share, { system }: Fleet, places: Places, mqttUrl: string): ServiceSpec {
  const name = workerName(share);
  return {
    name,
    role: "cps",
    subject: null,
    holds: sizeOf(share),
    entry: "simulator/workers/worker-main.ts",
    env: {
      FIRST: String(share.first),
      LAST: String(share.last),
      EXCEPT: share.except.join(","),
      MQTT_URL: mqttUrl,
      DATA_DIR: join(places.data, name),
      CONTROL_SOCKET: workerSocketPath(places, name),
      SAMPLE_FLUSH_S: String(system.sample_flush_s),
    },
    readyWithinMs: 20_000 + sizeOf(share) * patiencePerCpMs,
    dependsOn: [serviceNames.mqtt, serviceNames.bridge],
    port: null,
    size: "fleet",
    files: [],
  };
}

function phonesWorker({ system }: Fleet, shares: Share[], places: Places, centralUrl: string): ServiceSpec {
  const { drivers, cps } = system.simulated;
  return {
    name: "ev-drivers-1",
    role: "drivers",
    subject: null,
    holds: drivers,
    entry: "simulator/workers/phones-main.ts",
    env: {
      DRIVERS: String(drivers),
      FIRST: "1",
      LAST: String(cps),
      EXCEPT: gapsOf(shares, cps).join(","),
      CENTRAL_URL: centralUrl,
      TOKENS_PATH: phoneTokensPath(places),
      DATA_DIR: join(places.data, "ev-drivers-1"),
    },
    dependsOn: [serviceNames.central, ...shares.map(workerName)],
    port: null,
    size: "fleet",
    files: [],
  };
}

export function workerName({ worker }: Share): string {
  return `ev-cps-${worker}`;
}

/** Numbers from 1 to `cps` that no worker holds. */
function gapsOf(shares: Share[], cps: number): number[] {
  const except = new Set(shares.flatMap((share) => share.except));
  const isHeld = (n: number) => !except.has(n) && shares.some(({ first, last }) => n >= first && n <= last);
  return Array.from({ length: cps }, (_, i) => i + 1).filter((n) => !isHeld(n));
}
