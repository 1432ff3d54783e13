// One load run: a fleet of its own from an empty folder, as many charge points as asked for, drivers at them for a
// time, and then everything counted.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { askSupervisor } from "../fleet/control-client.ts";
import { writeJson } from "../fleet/fleet-files.ts";
import { SystemFile } from "../fleet/fleet-schemas.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import { openFleet, type RunningFleet } from "../fleet/running-fleet.ts";
import { addressesOf } from "../fleet/services.ts";
import { askWorker } from "../workers/worker-socket.ts";
import { workerSocketPath } from "../workers/worker-specs.ts";
import { type BillsCheck, checkBills, type Served } from "./bills.rules.ts";
import { readBills, readShown, stopSessions } from "./central-view.ts";
import { type Figures, figuresBetween, figuresLine } from "./figures.rules.ts";
import { type Gauges, openGauges, type Service } from "./gauges.ts";
import { addLook, type Delays, delaysOf, type Heartbeats, noHeartbeats } from "./heartbeats.rules.ts";
import { countErrors, type LogErrors } from "./log-count.ts";

export interface SizeOptions {
  root: string;
  cps: number;
  drivers: number;
  forMs: number;
  /** Charge points added in the middle of the time. */
  add: number;
  cpsPerWorker: number;
  /** Keep the folder with logs and data. */
  keep: boolean;
  say(text: string): void;
  progress(text: string): void;
}

export interface SizeResult {
  cps: number;
  drivers: number;
  /** From the start of the first service until every charge point was On. */
  onMs: number;
  figures: Figures;
  delays: Delays;
  /** Of those that were there before, while others were added; null when none were. */
  delaysWhileAdding: Delays | null;
  addedOnMs: number | null;
  /** Shown as anything but On without a cause, with the worst state. */
  fallen: { cp: string; state: string; looks: number }[];
  errors: LogErrors;
  /** Services that ended by themselves. */
  ended: string[];
  bills: BillsCheck;
  /** Sessions that did not come to an end in time. */
  unfinished: number;
  /** One-minute load average of the machine when the time was over. */
  machineLoad: number;
  state: string;
}

const statusIntervalMs = 2_000;
const lookEveryMs = 1_000;
const onWithinMs = 300_000;
/** Until sessions have begun and ended at their usual pace. */
const warmUpMs = 45_000;
const finishWithinMs = 60_000;
const closeWithinMs = 20_000;

export async function runSize(options: SizeOptions): Promise<SizeResult> {
  const state = mkdtempSync(join(tmpdir(), "ev-load-"));
  const places = placesOf(state);
  await writeSystem(places, options, options.cps);
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
  const gauges = openGauges(
    places,
    addressesOf(fleet.fleet.system, { portOffset: 0, servers: {} }).kafkaBootstrap,
  );
  let result: Measured | undefined;
  try {
    result = await measure(options, fleet, gauges);
  } finally {
    await gauges.close();
    await fleet.close(closeWithinMs);
    if (result && ended.length === 0 && !options.keep) rmSync(state, { recursive: true, force: true });
    else options.say(`logs and data are kept in ${state}`);
  }
  return { ...result, ended, state };
}

async function writeSystem(places: Places, options: SizeOptions, cps: number): Promise<void> {
  mkdirSync(places.fleet, { recursive: true });
  const [kafka_port, mqtt_port, central_port] = await freePorts(3);
  const simulated = { cps, drivers: cps === 0 ? 0 : options.drivers, cps_per_worker: options.cpsPerWorker };
  const system = SystemFile.parse({ kafka_port, mqtt_port, central_port, links: false, simulated });
  writeJson(join(places.fleet, "system.json"), system);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function servicesOf(fleet: RunningFleet): Service[] {
  return fleet.supervisor.statuses().map(({ name, role, holds, pid }) => ({ name, role, holds, pid }));
}

type Measured = Omit<SizeResult, "ended" | "state">;

async function measure(options: SizeOptions, fleet: RunningFleet, gauges: Gauges): Promise<Measured> {
  const { cps, drivers } = options;
  const startedMs = Date.now();
  const began = performance.now();
  const drivers1 = fleet.supervisor.names().filter((name) => name.startsWith("ev-drivers-"));
  const others = fleet.supervisor.names().filter((name) => !drivers1.includes(name));
  const starting = fleet.supervisor.start(others);
  await everyOn(options, fleet, gauges, cps);
  await starting;
  const onMs = performance.now() - began;
  options.say(`${cps} charge points On after ${(onMs / 1000).toFixed(1)} s`);
  await fleet.supervisor.start(drivers1);
  if (cps > 0) await watch(options, fleet, gauges, warmUpMs, "warming up");

  const fromMs = Date.now();
  const before = await gauges.look(servicesOf(fleet));
  const first = await watch(options, fleet, gauges, options.forMs, "measuring");
  const after = await gauges.look(servicesOf(fleet));
  const added = options.add > 0 ? await addAndWatch(options, fleet, gauges, first.heartbeats) : null;
  const toMs = Date.now();
  const machineLoad = loadavg()[0] ?? 0;
  const figures = { ...figuresBetween(before, after), lateMs: first.lateMs };
  const unfinished = cps === 0 ? 0 : await finish(options, fleet, gauges, drivers1);
  const bills = checkBills(await readBills(fleet.places, startedMs), await readBooks(fleet));
  return {
    cps,
    drivers: cps === 0 ? 0 : drivers,
    onMs,
    figures,
    delays: delaysOf(first.heartbeats, statusIntervalMs),
    delaysWhileAdding: added && delaysOf(added.heartbeats, statusIntervalMs),
    addedOnMs: added?.onMs ?? null,
    fallen: [...first.heartbeats.fallen, ...(added?.heartbeats.fallen ?? [])].map(([cp, seen]) => ({
      cp,
      ...seen,
    })),
    errors: countErrors(fleet.places.logs, fromMs, toMs),
    bills,
    unfinished,
    machineLoad,
  };
}

/** Waits until so many charge points are On. Throws after a bound. */
async function everyOn(
  options: SizeOptions,
  fleet: RunningFleet,
  gauges: Gauges,
  cps: number,
): Promise<void> {
  const until = performance.now() + onWithinMs;
  for (;;) {
    const shown = await readShown(fleet.centralUrl);
    const on = shown?.beats.filter(({ state }) => state === "ON").length ?? 0;
    if (shown && on >= cps && !shown.stale) return;
    const workers = (await gauges.look(servicesOf(fleet))).workers;
    const connected = workers.reduce((sum, one) => sum + one.connected, 0);
    options.progress(`starting: ${connected} of ${cps} charge points connected, ${on} On`);
    if (performance.now() > until)
      throw new Error(`${on} of ${cps} charge points are On after ${onWithinMs / 1000} s`);
    await pause(500);
  }
}

/** Looks at every heartbeat once a second for so long. */
async function watch(
  options: SizeOptions,
  fleet: RunningFleet,
  gauges: Gauges,
  forMs: number,
  what: string,
  known?: Heartbeats["known"],
): Promise<{ heartbeats: Heartbeats; lateMs: number }> {
  const until = performance.now() + forMs;
  let heartbeats: Heartbeats = { ...noHeartbeats(), ...(known && { known }) };
  let last = await gauges.look(servicesOf(fleet));
  let dueMs = performance.now();
  let n = 0;
  let lateMs = 0;
  while (performance.now() < until) {
    const lookedMs = performance.now();
    const shown = await readShown(fleet.centralUrl);
    const beats = known ? shown?.beats.filter(({ cp }) => known.has(cp)) : shown?.beats;
    if (beats) heartbeats = addLook(heartbeats, beats, lookedMs, statusIntervalMs);
    n += 1;
    if (n % 5 === 0) {
      const look = await gauges.look(servicesOf(fleet));
      const left = Math.max(0, Math.round((until - performance.now()) / 1000));
      options.progress(`${what}, ${left} s left: ${figuresLine(figuresBetween(last, look))}`);
      last = look;
      lateMs = Math.max(lateMs, ...look.workers.map((one) => one.lateMs));
    }
    dueMs = Math.max(dueMs + lookEveryMs, performance.now());
    await pause(Math.max(0, dueMs - performance.now()));
  }
  return { heartbeats, lateMs };
}

/** Adds charge points while the heartbeats of the others are watched. */
async function addAndWatch(options: SizeOptions, fleet: RunningFleet, gauges: Gauges, before: Heartbeats) {
  const adding = addCps(options, fleet, gauges);
  const what = `adding ${options.add}`;
  const { heartbeats } = await watch(options, fleet, gauges, options.forMs, what, before.known);
  return { heartbeats, onMs: await adding };
}

/** Adds charge points to the running fleet, in a worker of their own; resolves with how long until all are On. */
async function addCps(options: SizeOptions, fleet: RunningFleet, gauges: Gauges): Promise<number> {
  const began = performance.now();
  const path = join(fleet.places.fleet, "system.json");
  const { system } = fleet.fleet;
  const simulated = { ...system.simulated, cps: options.cps + options.add };
  writeJson(path, { ...system, simulated });
  // A start reads the files again.
  await askSupervisor(fleet.places, { verb: "start", services: [] });
  await everyOn({ ...options, progress: () => {} }, fleet, gauges, options.cps + options.add);
  return performance.now() - began;
}

/** No more requests; sessions under way end by themselves, or are stopped. Resolves with how many did not end. */
async function finish(
  options: SizeOptions,
  fleet: RunningFleet,
  gauges: Gauges,
  phones: string[],
): Promise<number> {
  await fleet.supervisor.stop(phones);
  let open = -1;
  for (const attempt of ["wait", "stop"] as const) {
    if (attempt === "stop") {
      const asked = await stopSessions(fleet.places, fleet.centralUrl);
      options.say(`asked ${asked} sessions to stop that went on for more than ${finishWithinMs / 1000} s`);
    }
    const until = performance.now() + finishWithinMs;
    while (performance.now() < until) {
      open = (await readShown(fleet.centralUrl))?.activeRequests ?? -1;
      const { eventLag, workers } = await gauges.look(servicesOf(fleet));
      const busy = workers.reduce((sum, { relaysClosed, backlog }) => sum + relaysClosed + backlog, 0);
      if (open === 0 && eventLag === 0 && busy === 0) return 0;
      options.progress(
        `finishing: ${open} sessions open, ${busy} relays closed or events at the devices, lag ${eventLag}`,
      );
      await pause(1_000);
    }
  }
  return open;
}

async function readBooks(fleet: RunningFleet): Promise<Served[]> {
  const workers = servicesOf(fleet).filter(({ role, pid }) => role === "cps" && pid !== null);
  const answers = await Promise.all(
    workers.map(async ({ name }) => {
      const answer = await askWorker(workerSocketPath(fleet.places, name), { do: "books" });
      if (answer?.is !== "books") throw new Error(`${name} does not tell its books`);
      return answer.books;
    }),
  );
  return answers.flat();
}
