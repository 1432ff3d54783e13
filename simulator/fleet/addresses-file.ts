// Where the running fleet's servers are: written by the supervisor, read by the commands beside it, which may be
// typed without the port offset and the server addresses that the fleet was started with.
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { readFile, writePrivate } from "./fleet-files.ts";
import { livingSupervisor } from "./leftovers.ts";
import type { Places } from "./places.ts";

const RunningAddresses = z.object({
  portOffset: z.number(),
  kafkaBootstrap: z.string(),
  mqttUrl: z.string(),
  centralUrl: z.string(),
  tableUrl: z.string(),
  /** Its own servers are the real ones. */
  real: z.boolean(),
  /** Its Central is several processes. */
  functions: z.boolean().default(false),
  /** Whose its Central is; `unknown`: nobody said where the one of these charge points or drivers is. */
  centralIs: z.enum(["here", "elsewhere", "unknown"]).default("here"),
});
export type RunningAddresses = z.infer<typeof RunningAddresses>;

const pathOf = (places: Places) => join(places.run, "addresses.json");

export function writeAddresses(places: Places, addresses: RunningAddresses): void {
  writePrivate(pathOf(places), `${JSON.stringify(addresses)}\n`);
}

/** Undefined when no fleet runs with this state directory. */
export function runningAddresses(places: Places): RunningAddresses | undefined {
  if (!livingSupervisor(places) || !existsSync(pathOf(places))) return undefined;
  return readFile(pathOf(places), RunningAddresses);
}
