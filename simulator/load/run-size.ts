// One load run: a fleet of its own from an empty folder, as many charge points as asked for, drivers at them for a
// time, and then everything counted.
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { askSupervisor } from "../fleet/control-client.ts";
import { writeJson } from "../fleet/fleet-files.ts";
import { askWorker } from "../workers/worker-socket.ts";
import { workerSocketPath } from "../workers/worker-specs.ts";
import { type BillsCheck, checkBills, type Served } from "./bills.rules.ts";
import { readBills, readShown, stopSessions } from "./central-view.ts";
import { type Figures, figuresBetween } from "./figures.rules.ts";
import { type Delays, delaysOf, type Heartbeats } from "./heartbeats.rules.ts";
import { countErrors, type LogErrors } from "./log-count.ts";
import { type OwnFleet, type OwnFleetOptions, openOwnFleet } from "./own-fleet.ts";
import { everyOn, statusIntervalMs, watch } from "./watching.ts";

export interface SizeOptions extends OwnFleetOptions {
  forMs: number;
  /** Until sessions have begun and ended at their usual pace. */
  warmUpMs: number;
  /** Charge points added afterwards, while the others go on for as long again. */
  add: number;
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

const finishWithinMs = 60_000;

export async function runSize(options: SizeOptions): Promise<SizeResult> {
  const own = await openOwnFleet(options);
  let result: Measured | undefined;
  try {
    result = await measure(options, own);
  } finally {
    await own.close();
    if (result && own.ended.length === 0 && !options.keep) own.remove();
    else options.say(`logs and data are kept in ${own.state}`);
  }
  return { ...result, ended: [...own.ended], state: own.state };
}

type Measured = Omit<SizeResult, "ended" | "state">;

async function measure(options: SizeOptions, own: OwnFleet): Promise<Measured> {
  const { cps, drivers } = options;
  const { fleet } = own;
  const startedMs = Date.now();
  const began = performance.now();
  const phones = fleet.supervisor.names().filter((name) => name.startsWith("ev-drivers-"));
  const others = fleet.supervisor.names().filter((name) => !phones.includes(name));
  const starting = fleet.supervisor.start(others);
  await everyOn(own, cps, options.progress);
  await starting;
  const onMs = performance.now() - began;
  options.say(`${cps} charge points On after ${(onMs / 1000).toFixed(1)} s`);
  await fleet.supervisor.start(phones);
  if (cps > 0) await watch(own, options.progress, options.warmUpMs, "warming up");

  const fromMs = Date.now();
  const before = await own.gauges.look(own.services());
  const first = await watch(own, options.progress, options.forMs, "measuring");
  const after = await own.gauges.look(own.services());
  const added = options.add > 0 ? await addAndWatch(options, own, first.heartbeats) : null;
  const toMs = Date.now();
  const machineLoad = loadavg()[0] ?? 0;
  const figures = { ...figuresBetween(before, after), lateMs: first.lateMs };
  const unfinished = cps === 0 ? 0 : await finish(options, own, phones);
  const bills = checkBills(await readBills(fleet.places, startedMs), await readBooks(own));
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

/** Adds charge points while the heartbeats of the others are watched. */
async function addAndWatch(options: SizeOptions, own: OwnFleet, before: Heartbeats) {
  const adding = addCps(options, own);
  const what = `adding ${options.add}`;
  const { heartbeats } = await watch(own, options.progress, options.forMs, what, before.known);
  return { heartbeats, onMs: await adding };
}

/** Adds charge points to the running fleet, in a worker of their own; resolves with how long until all are On. */
async function addCps(options: SizeOptions, own: OwnFleet): Promise<number> {
  const { fleet } = own;
  const began = performance.now();
  const path = join(fleet.places.fleet, "system.json");
  const { system } = fleet.fleet;
  const simulated = { ...system.simulated, cps: options.cps + options.add };
  writeJson(path, { ...system, simulated });
  // A start reads the files again.
  await askSupervisor(fleet.places, { verb: "start", services: [] });
  await everyOn(own, options.cps + options.add);
  return performance.now() - began;
}

/** No more requests; sessions under way end by themselves, or are stopped. Resolves with how many did not end. */
async function finish(options: SizeOptions, own: OwnFleet, phones: string[]): Promise<number> {
  const { fleet } = own;
  await fleet.supervisor.stop(phones);
  let open = -1;
  // A run that is shorter than a session does not wait for its end.
  const waitMs = Math.min(finishWithinMs, options.warmUpMs + options.forMs);
  for (const attempt of ["wait", "stop"] as const) {
    if (attempt === "stop") {
      const asked = await stopSessions(fleet.places, fleet.centralUrl);
      options.say(
        `asked ${asked} sessions to stop that went on for more than ${Math.round(waitMs / 1000)} s`,
      );
    }
    const until = performance.now() + (attempt === "wait" ? waitMs : finishWithinMs);
    while (performance.now() < until) {
      open = (await readShown(fleet.centralUrl))?.activeRequests ?? -1;
      const { eventLag, workers } = await own.gauges.look(own.services());
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

async function readBooks({ fleet, services }: OwnFleet): Promise<Served[]> {
  const workers = services().filter(({ role, pid }) => role === "cps" && pid !== null);
  const answers = await Promise.all(
    workers.map(async ({ name }) => {
      const answer = await askWorker(workerSocketPath(fleet.places, name), { do: "books" });
      if (answer?.is !== "books") throw new Error(`${name} does not tell its books`);
      return answer.books;
    }),
  );
  return answers.flat();
}
