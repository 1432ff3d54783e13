// Asks the fleet's supervisor, or says clearly that there is none.
import { Complaint } from "../fleet/complaint.ts";
import { askSupervisor, type Done } from "../fleet/control-client.ts";
import type { ControlRequest } from "../fleet/control-messages.ts";
import { livingSupervisor } from "../fleet/leftovers.ts";
import { placesOf } from "../fleet/places.ts";
import type { Arguments } from "./arguments.ts";

/** Throws a Complaint when no fleet runs with this state directory. */
export async function ask(args: Arguments, request: ControlRequest): Promise<Done> {
  const done = await askIfRunning(args, request);
  if (!done) throw new Complaint(nothingRuns(args));
  return done;
}

/** Undefined when no fleet runs. Throws a Complaint while one is between its lock and its first service. */
export async function askIfRunning(args: Arguments, request: ControlRequest): Promise<Done | undefined> {
  const places = placesOf(args.stateDir);
  const done = await askSupervisor(places, request);
  if (done) return done;
  const holder = livingSupervisor(places);
  if (holder)
    throw new Complaint(
      `the fleet of ${places.state} is just starting or ending (process ${holder.pid}): try again in a moment`,
    );
  return undefined;
}

export function nothingRuns(args: Arguments): string {
  return `no fleet runs with state ${placesOf(args.stateDir).state}: \`npm start\` or \`ev up\` starts one`;
}
