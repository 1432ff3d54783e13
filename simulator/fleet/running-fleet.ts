// A fleet from its state directory to its running services: checks first, then lock, bundles, supervisor and
// control socket. What `ev up` holds in its hands.
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundle, compileCacheOf } from "./bundle.ts";
import { checkPorts, checkTools } from "./checks.ts";
import { controlHandler } from "./control-handler.ts";
import { type ControlServer, serveControl } from "./control-server.ts";
import { readFleet } from "./fleet-files.ts";
import type { Fleet } from "./fleet-schemas.ts";
import { removeLeftovers, takeLock } from "./leftovers.ts";
import { makePlaces, type Places, placesOf } from "./places.ts";
import { commandOf } from "./service-command.ts";
import type { Group, ServiceSpec } from "./service-spec.ts";
import { addressesOf, type Servers, servicesOf } from "./services.ts";
import { openSupervisor, type Supervisor, type SupervisorEvent } from "./supervisor.ts";
import { prepareTokens } from "./tokens.ts";

export interface FleetOptions {
  /** The project's root folder. */
  root: string;
  stateDir: string;
  portOffset: number;
  servers: Servers;
  only: readonly Group[];
  /** Progress before the first service starts. */
  say(text: string): void;
  onEvent(event: SupervisorEvent): void;
}

export interface RunningFleet {
  places: Places;
  fleet: Fleet;
  specs: readonly ServiceSpec[];
  supervisor: Supervisor;
  centralUrl: string;
  /** Resolves when `ev down` asked for the end; the services are stopped by then. */
  downAsked: Promise<void>;
  /** Stops everything within the bound and gives the state directory back. */
  close(withinMs: number): Promise<void>;
}

/** Prepares everything, starts nothing. Throws a Complaint for what the user can mend. */
export async function openFleet(options: FleetOptions): Promise<RunningFleet> {
  const places = placesOf(options.stateDir);
  makePlaces(places);
  const describe = () => {
    const fleet = readFleet(places.fleet);
    return { fleet, specs: servicesOf(fleet, { ...options, places }) };
  };
  const { fleet, specs } = describe();
  if (fleet.made) options.say(`wrote the base fleet to ${places.fleet} (edit it as you like)`);
  const unlock = takeLock(places, options.portOffset);
  try {
    const left = await removeLeftovers(places);
    if (left.length > 0) options.say(`ended ${left.length} services that an earlier start had left behind`);
    checkTools(specs);
    await checkPorts(specs);
    const bundles = await bundle(
      options.root,
      specs.map(({ entry }) => entry),
    );
    const supervisor = openSupervisor({
      places,
      specs,
      commandOf: (spec) => commandOf(spec, bundles, options.root, compileCacheOf(options.root)),
      prepare: (spec) => prepareTokens(spec, places, options.servers),
      onEvent: (event) => {
        recordEvent(places, event);
        options.onEvent(event);
      },
    });
    const down = Promise.withResolvers<void>();
    const handle = controlHandler(supervisor, () => describe().specs, down.resolve);
    const control = await serveControl(places.controlSocket, handle);
    const { centralUrl } = addressesOf(fleet.system, options);
    return {
      places,
      fleet,
      specs,
      supervisor,
      centralUrl,
      downAsked: down.promise,
      close: (withinMs) => close(places, supervisor, control, unlock, withinMs),
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function close(
  places: Places,
  supervisor: Supervisor,
  control: ControlServer,
  unlock: () => void,
  withinMs: number,
): Promise<void> {
  await supervisor.stopAll(withinMs);
  await control.close();
  rmSync(places.controlSocket, { force: true });
  unlock();
}

function recordEvent(places: Places, { status, unexpected }: SupervisorEvent): void {
  const how = status.why ?? status.status;
  const line = `${new Date().toISOString()} ${unexpected ? "WARN" : "INFO"} supervisor | ${status.name} ${how}\n`;
  try {
    appendFileSync(join(places.logs, "supervisor.log"), line);
  } catch (error) {
    process.stderr.write(`supervisor.log cannot be written: ${String(error)}\n`);
  }
}
