// The fleet of a load run: from an empty folder, on free ports, gone afterwards.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressesOf } from "../fleet/addresses.ts";
import { writeJson } from "../fleet/fleet-files.ts";
import { SystemFile } from "../fleet/fleet-schemas.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import { openFleet, type RunningFleet } from "../fleet/running-fleet.ts";
import { freePorts } from "../servers/ports.ts";
import { type Gauges, openGauges, type Service } from "./gauges.ts";

export interface OwnFleetOptions {
  root: string;
  cps: number;
  drivers: number;
  cpsPerWorker: number;
}

export interface OwnFleet {
  fleet: RunningFleet;
  gauges: Gauges;
  state: string;
  /** Services that ended by themselves, as they come. */
  ended: readonly string[];
  services(): Service[];
  /** Stops everything. */
  close(): Promise<void>;
  /** Removes its folder. */
  remove(): void;
}

const closeWithinMs = 20_000;

/** Prepares the fleet and starts nothing. Throws a Complaint for what the user can mend. */
export async function openOwnFleet(options: OwnFleetOptions): Promise<OwnFleet> {
  const state = mkdtempSync(join(tmpdir(), "ev-load-"));
  const places = placesOf(state);
  await writeSystem(places, options);
  const ended: string[] = [];
  const fleet = await openFleet({
    root: options.root,
    stateDir: state,
    portOffset: 0,
    servers: {},
    only: [],
    say: () => {},
    onEvent: ({ status, unexpected }) => {
      if (unexpected) ended.push(`${status.name} ${status.why ?? status.status}`);
    },
  });
  const { kafkaBootstrap } = addressesOf(fleet.fleet.system, { portOffset: 0, servers: {} });
  const gauges = openGauges(places, kafkaBootstrap);
  return {
    fleet,
    gauges,
    state,
    ended,
    services: () =>
      fleet.supervisor.statuses().map(({ name, role, holds, pid }) => ({ name, role, holds, pid })),
    async close() {
      await gauges.close();
      await fleet.close(closeWithinMs);
    },
    remove: () => rmSync(state, { recursive: true, force: true }),
  };
}

async function writeSystem(places: Places, options: OwnFleetOptions): Promise<void> {
  mkdirSync(places.fleet, { recursive: true });
  const { cps } = options;
  const [kafka_port, mqtt_port, central_port] = await freePorts(3);
  const simulated = { cps, drivers: cps === 0 ? 0 : options.drivers, cps_per_worker: options.cpsPerWorker };
  const system = SystemFile.parse({ kafka_port, mqtt_port, central_port, links: false, simulated });
  writeJson(join(places.fleet, "system.json"), system);
}
