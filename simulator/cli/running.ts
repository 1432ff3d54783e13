// What the verbs that change the fleet share: where it runs, and having its files applied.
import { type RunningAddresses, runningAddresses } from "../fleet/addresses-file.ts";
import { Complaint } from "../fleet/complaint.ts";
import type { Done } from "../fleet/control-client.ts";
import { isFleet, readFleetAsItIs } from "../fleet/fleet-files.ts";
import type { Fleet } from "../fleet/fleet-schemas.ts";
import { livingSupervisor } from "../fleet/leftovers.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import type { Arguments } from "./arguments.ts";
import { askIfRunning } from "./ask.ts";

/** Added to every port of the fleet: as it runs, else as the options say. */
export function offsetOf(args: Arguments): number {
  return livingSupervisor(placesOf(args.stateDir))?.portOffset ?? args.portOffset;
}

export interface AppliedNow {
  done: Done;
  addresses: RunningAddresses;
}

/** Has the files applied. Undefined when no fleet runs: its next start reads them. */
export async function applyNow(args: Arguments, places: Places): Promise<AppliedNow | undefined> {
  const done = await askIfRunning(args, { verb: "apply" });
  const addresses = done && runningAddresses(places);
  return addresses && { done, addresses };
}

/** What the files say takes effect later. */
export const nextStartText = "no fleet runs now: the next `npm start` or `ev up` includes this";

/** The fleet of the state directory, writing nothing. Throws a Complaint when there is none. */
export function fleetIn(places: Places): Fleet {
  if (isFleet(places.fleet)) return readFleetAsItIs(places.fleet);
  throw new Complaint(`${places.fleet} holds no fleet: \`npm start\` or \`ev up\` writes the base fleet`);
}
