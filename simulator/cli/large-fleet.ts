// What `ev up` adds for a large fleet: its size from the command line, a bar while it starts, figures while it runs.

import { addressesOf } from "../fleet/addresses.ts";
import { makePlaces, placesOf } from "../fleet/places.ts";
import type { RunningFleet } from "../fleet/running-fleet.ts";
import { count, figuresBetween, figuresLine, type Look } from "../load/figures.rules.ts";
import { openGauges, readWorkers } from "../load/gauges.ts";
import { growFleet } from "../workers/grow.ts";
import { sharesOfFleet } from "../workers/worker-specs.ts";
import { type Arguments, wholeNumber } from "./arguments.ts";
import type { Narrator } from "./narrator.ts";

const mostCps = 20_000;
const mostDrivers = 5_000;
const barEveryMs = 300;
const barWidth = 24;
const figuresEveryMs = 3_000;

/** Writes `--cps` and `--drivers` into the fleet's files. */
export function takeSize(args: Arguments, say: (text: string) => void): void {
  const number = (option: string, most: number) => {
    const typed = args.values.get(option);
    return typed === undefined ? undefined : wholeNumber(option, typed, most);
  };
  const cps = number("--cps", mostCps);
  const drivers = number("--drivers", mostDrivers);
  if (cps === undefined && drivers === undefined) return;
  const places = placesOf(args.stateDir);
  makePlaces(places);
  const fleet = growFleet(places.fleet, { cps, drivers });
  if (sharesOfFleet(fleet).length === 0)
    say(`${fleet.cps.length} charge points have files of their own: --cps counts those too and adds none`);
}

export function isLarge(fleet: RunningFleet): boolean {
  return fleet.specs.some(({ role }) => role === "cps");
}

/** Shows how many charge points are connected until `started` settles. */
export async function showRamp(
  fleet: RunningFleet,
  narrator: Narrator,
  started: Promise<unknown>,
): Promise<void> {
  let over = false;
  const end = started.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  let began: number | undefined;
  while (!over) {
    const workers = await readWorkers(fleet.places, fleet.supervisor.statuses());
    if (workers.length > 0) began ??= performance.now();
    const holds = fleet.specs.reduce((sum, spec) => sum + (spec.role === "cps" ? (spec.holds ?? 0) : 0), 0);
    const connected = workers.reduce((sum, one) => sum + one.connected, 0);
    if (!over && began !== undefined) narrator.progress(barText(connected, holds, performance.now() - began));
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, barEveryMs))]);
  }
}

/** "[########················] 341 of 990 charge points connected, 87/s" */
export function barText(done: number, all: number, elapsedMs: number): string {
  const full = all === 0 ? barWidth : Math.floor((barWidth * done) / all);
  const perS = elapsedMs > 0 ? (1000 * done) / elapsedMs : 0;
  const bar = "#".repeat(full) + "·".repeat(barWidth - full);
  return `[${bar}] ${count(done)} of ${count(all)} charge points connected, ${count(perS)}/s`;
}

export interface FleetFigures {
  /** The newest line; null until there are two looks. Looks again when the last look is old. */
  line(): Promise<string | null>;
  close(): Promise<void>;
}

export function openFigures(fleet: RunningFleet, args: Arguments): FleetFigures {
  const gauges = openGauges(fleet.places, addressesOf(fleet.fleet.system, args).kafkaBootstrap);
  let last: Look | undefined;
  let line: string | null = null;
  return {
    async line() {
      if (last && performance.now() - last.atMs < figuresEveryMs) return line;
      const look = await gauges.look(fleet.supervisor.statuses());
      if (last) line = figuresLine(figuresBetween(last, look));
      last = look;
      return line;
    },
    close: () => gauges.close(),
  };
}
