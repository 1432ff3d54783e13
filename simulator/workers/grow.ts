// Makes a fleet as large as asked for: what `ev up --cps N --drivers M` writes into the fleet's files.
import { join } from "node:path";
import { readFleet, writeJson } from "../fleet/fleet-files.ts";
import type { Fleet } from "../fleet/fleet-schemas.ts";

/** `undefined` leaves a number as it is. The base fleet is written first where there is none. Throws a Complaint. */
export function growFleet(
  dir: string,
  wanted: { cps: number | undefined; drivers: number | undefined },
): Fleet {
  const fleet = readFleet(dir);
  const { simulated } = fleet.system;
  const system = {
    ...fleet.system,
    simulated: {
      ...simulated,
      cps: wanted.cps ?? simulated.cps,
      drivers: wanted.drivers ?? simulated.drivers,
    },
  };
  writeJson(join(dir, "system.json"), system);
  return { ...fleet, system };
}
