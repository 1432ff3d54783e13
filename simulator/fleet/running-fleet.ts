// A fleet from its state directory to its running services: checks first, then lock, bundles, supervisor and
// control socket. What `ev up` holds in its hands.
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { addressesOf, mqttMaterialOf, type Servers, tableUrlOf } from "./addresses.ts";
import { type RunningAddresses, writeAddresses } from "./addresses-file.ts";
import { type Apply, openApply } from "./apply.ts";
import { baseFleet } from "./base-fleet.ts";
import { bundle, compileCacheOf } from "./bundle.ts";
import { checkCertificates, makeAuthority } from "./certificates.ts";
import { checkPorts, checkTools } from "./checks.ts";
import { controlHandler } from "./control-handler.ts";
import { type ControlServer, serveControl } from "./control-server.ts";
import { closeDoors, type Door, openDoors } from "./doors.ts";
import { readFleet, readFleetAsItIs } from "./fleet-files.ts";
import type { Fleet } from "./fleet-schemas.ts";
import { removeLeftovers, takeLock } from "./leftovers.ts";
import { openLinks } from "./links.ts";
import { checkPasswords, type PasswordSource } from "./mqtt-passwords.ts";
import { withNamedMembers } from "./named-members.ts";
import { makePlaces, type Places, placesOf } from "./places.ts";
import { commandOf } from "./service-command.ts";
import type { Group, ServiceSpec } from "./service-spec.ts";
import { servicesOf } from "./services.ts";
import { openSupervisor, type Supervisor, type SupervisorEvent } from "./supervisor.ts";
import { checkTokens, prepareTokens } from "./tokens.ts";
import { watchFleetFiles } from "./watch-files.ts";

export interface FleetOptions {
  /** The project's root folder. */
  root: string;
  stateDir: string;
  portOffset: number;
  servers: Servers;
  only: readonly Group[];
  /** Of the charge points, and of the drivers, this one alone. */
  onlyCp?: string | undefined;
  onlyDriver?: string | undefined;
  /** Address where other hosts reach the servers of this fleet; without one everything stays on loopback. */
  listen?: string | undefined;
  /** Tokens of drivers for a Central elsewhere. */
  tokens?: ReadonlyMap<string, string>;
  /** Passwords by MQTT client, for a broker elsewhere. */
  mqttPasswords?: ReadonlyMap<string, string>;
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
  centralIs: RunningAddresses["centralIs"];
  /** Open to other hosts. */
  doors: readonly Door[];
  /** Resolves when `ev down` asked for the end; the services are stopped by then. */
  downAsked: Promise<void>;
  /** From now on a saved file of the fleet is applied; what happens is told by `say` and in supervisor.log. */
  watchFiles(): void;
  /** Stops everything within the bound and gives the state directory back. */
  close(withinMs: number): Promise<void>;
}

/** Prepares everything, starts nothing. Throws a Complaint for what the user can mend. */
export async function openFleet(options: FleetOptions): Promise<RunningFleet> {
  const places = placesOf(options.stateDir);
  makePlaces(places);
  const describe = (fleet: Fleet) => servicesOf(fleet, { ...options, places });
  const centralIs = (specs: readonly ServiceSpec[]) =>
    options.servers.centralUrl
      ? "elsewhere"
      : specs.some(({ role }) => role === "central")
        ? "here"
        : "unknown";
  const tellAddresses = (fleet: Fleet, specs: readonly ServiceSpec[]) => {
    const { system } = fleet;
    writeAddresses(places, {
      ...addressesOf(system, options),
      tableUrl: tableUrlOf(system, { ...options, places }),
      portOffset: options.portOffset,
      real: options.servers.real === true,
      functions: options.servers.functions === true,
      centralIs: centralIs(specs),
    });
  };
  const readSpecs = () => {
    const edited = readFleetAsItIs(places.fleet);
    const specs = describe(edited);
    tellAddresses(edited, specs);
    return specs;
  };
  const read = readFleet(places.fleet);
  if (read.made) options.say(`wrote the base fleet to ${places.fleet} (edit it as you like)`);
  const fleet = withNamedMembers(places, read, options, options.say);
  const specs = describe(fleet);
  const unlock = takeLock(places, options.portOffset);
  try {
    const left = await removeLeftovers(places);
    if (left.length > 0) options.say(`ended ${left.length} services that an earlier start had left behind`);
    checkTools(specs);
    const { real, mqttUrl } = options.servers;
    if (real && !mqttUrl) makeAuthority(places);
    const certDir = mqttMaterialOf({ ...options, places })?.certDir;
    checkCertificates(specs, certDir, options.say);
    await checkTokens(specs, places, options.servers, options.tokens ?? new Map());
    const passwords: PasswordSource = {
      broker: specs.some(({ role }) => role === "mqtt") ? "own" : "elsewhere",
      mqttUrl: addressesOf(fleet.system, options).mqttUrl,
      given: options.mqttPasswords ?? new Map(),
    };
    const made = await checkPasswords(specs, places, passwords);
    if (made > 0) options.say(`made passwords for ${made} MQTT clients in ${places.keys}`);
    await checkPorts(specs);
    // Whatever may be added later is bundled too.
    const possible = servicesOf(baseFleet(), { places, portOffset: 0, servers: {}, only: [] });
    const bundles = await bundle(
      options.root,
      [...specs, ...possible].map(({ entry }) => entry),
    );
    const kafkaElsewhere = options.servers.kafkaBootstrap !== undefined;
    const links = fleet.system.links ? openLinks({ kafkaElsewhere }) : undefined;
    const supervisor = openSupervisor({
      places,
      specs,
      commandOf: (spec) =>
        commandOf(links?.routed(spec) ?? spec, bundles, options.root, compileCacheOf(options.root)),
      prepare: async (spec) => {
        await prepareTokens(spec, places, options.servers, options.tokens);
        checkCertificates([spec], certDir);
        await checkPasswords([spec], places, passwords);
        await links?.open(spec);
      },
      onEvent: (event) => {
        recordEvent(places, event);
        options.onEvent(event);
      },
    });
    const doors = options.listen === undefined ? [] : await openDoors(options.listen, specs);
    for (const door of doors) links?.admit(door);
    const down = Promise.withResolvers<void>();
    const applyFiles = openApply(supervisor, readSpecs);
    const apply: Apply = async (progress) => {
      const applied = await applyFiles(progress);
      await links?.keep(new Set(supervisor.names()));
      return applied;
    };
    const handle = controlHandler(supervisor, readSpecs, down.resolve, apply, links);
    const control = await serveControl(places.controlSocket, handle);
    tellAddresses(fleet, specs);
    let unwatch = () => {};
    const tell = (text: string, level: "INFO" | "WARN") => {
      record(places, level, text);
      options.say(text);
    };
    return {
      places,
      fleet,
      specs,
      supervisor,
      centralUrl: addressesOf(fleet.system, options).centralUrl,
      centralIs: centralIs(specs),
      doors,
      downAsked: down.promise,
      watchFiles() {
        unwatch = watchFleetFiles({ dir: places.fleet, apply, tell });
      },
      async close(withinMs) {
        unwatch();
        await close(places, supervisor, control, unlock, withinMs);
        await closeDoors(doors);
        await links?.close();
      },
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
  record(places, unexpected ? "WARN" : "INFO", `${status.name} ${status.why ?? status.status}`);
}

function record(places: Places, level: "INFO" | "WARN", text: string): void {
  const line = `${new Date().toISOString()} ${level} supervisor | ${text}\n`;
  try {
    appendFileSync(join(places.logs, "supervisor.log"), line);
  } catch (error) {
    process.stderr.write(`supervisor.log cannot be written: ${String(error)}\n`);
  }
}
