// `ev add-cp` and `ev add-driver` on a host whose servers are elsewhere: the first one begins a fleet of nothing but
// charge points and drivers, and starts it; what they need to be let in there is taken from what this host was given.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { runningAddresses } from "../fleet/addresses-file.ts";
import { Complaint } from "../fleet/complaint.ts";
import { editFleet } from "../fleet/edit.ts";
import { isFleet, readFleet, readFleetAsItIs, writeFleet, writePrivate } from "../fleet/fleet-files.ts";
import { type Fleet, SystemFile } from "../fleet/fleet-schemas.ts";
import { givenPasswords } from "../fleet/given-passwords.ts";
import { givenTokens } from "../fleet/given-tokens.ts";
import { checkPasswords } from "../fleet/mqtt-passwords.ts";
import { makePlaces, type Places } from "../fleet/places.ts";
import { driverTokenPath, servicesOf } from "../fleet/services.ts";
import { checkTokens } from "../fleet/tokens.ts";
import type { Arguments } from "./arguments.ts";
import { untoldServer } from "./begin-fleet.rules.ts";
import { startDetached } from "./detach.ts";
import { beside, type Output } from "./output.ts";

/** What runs on such a host. */
const only = ["cps", "drivers"] as const;

export function emptyFleet(): Fleet {
  return { system: SystemFile.parse({}), cps: [], drivers: [] };
}

/**
 * Adds by `edit` to the fleet of the state directory. Where there is none, that is the
 * base fleet, or the empty one when servers elsewhere are named: `begun` says so. Throws a Complaint; then nothing was
 * added or begun.
 */
export async function addToFleet(
  args: Arguments,
  places: Places,
  edit: (fleet: Fleet, begins: boolean) => Promise<void>,
): Promise<{ begun: boolean }> {
  const { kafkaBootstrap, mqttUrl, centralUrl } = args.servers;
  const elsewhere = (kafkaBootstrap ?? mqttUrl ?? centralUrl) !== undefined;
  let begun = false;
  const read = (dir: string) => {
    begun = elsewhere && !isFleet(dir);
    if (!begun) return readFleet(dir);
    writeFleet(dir, emptyFleet());
    return readFleetAsItIs(dir);
  };
  try {
    await editFleet(places, (fleet) => edit(fleet, begun), read);
  } catch (error) {
    if (begun) rmSync(join(places.fleet, "system.json"), { force: true });
    throw error;
  }
  return { begun };
}

/**
 * Stores the passwords and tokens that servers elsewhere want of these new members. Throws a Complaint that says where
 * to get one that was not given.
 */
export async function takeGiven(
  args: Arguments,
  places: Places,
  { system, cps, drivers }: Fleet,
  begins: boolean,
): Promise<void> {
  const { servers } = args;
  const running = runningAddresses(places);
  // What this command's environment says of another fleet's servers is no matter of this one.
  const isSo = (asked: string | undefined, is: string | undefined) =>
    begins || (asked !== undefined && asked === is);
  const untold = begins ? untoldServer({ cps, drivers }, servers) : undefined;
  if (untold !== undefined) throw new Complaint(untold);
  makePlaces(places);
  const specs = servicesOf({ system, cps, drivers }, { places, portOffset: 0, servers, only });
  const { mqttUrl, centralUrl } = servers;
  if (mqttUrl !== undefined && isSo(mqttUrl, running?.mqttUrl))
    await checkPasswords(specs, places, {
      broker: "elsewhere",
      mqttUrl,
      given: givenPasswords(process.env),
    });
  if (centralUrl === undefined || !isSo(centralUrl, running?.centralUrl)) return;
  const tokens = givenTokens(process.env, Date.now());
  await checkTokens(specs, places, servers, tokens);
  for (const { driver_id } of drivers) {
    const token = tokens.get(driver_id);
    if (token !== undefined) writePrivate(driverTokenPath(places, driver_id), `${token}\n`);
  }
}

/** Starts the fleet that was begun, in the background. Answers the exit code. */
export async function startBegun(args: Arguments, output: Output): Promise<number> {
  const said = beside(output, args.flags.has("--json"));
  const code = await startDetached({ ...args, only, flags: new Set(["--detach"]) }, said);
  if (code !== 0)
    output.note(`ev: the files are written: mend that, then \`ev up --detach --only ${only.join(",")}\``);
  return code;
}
