// Stays with a running fleet: the live view once a second on a terminal, a line per happening elsewhere.
import { setTimeout as delay } from "node:timers/promises";
import type { RunningFleet } from "../fleet/running-fleet.ts";
import { operatorToken } from "../fleet/tokens.ts";
import { readCps } from "./fleet-reading.ts";
import { type CpReading, happenings } from "./fleet-view.rules.ts";
import type { FleetFigures } from "./large-fleet.ts";
import { openLiveView } from "./live-view.ts";
import type { Narrator } from "./narrator.ts";
import { durationText } from "./text.ts";

const everyMs = 1_000;
/** Between two lines of figures where there is no screen to renew. */
const tellEveryMs = 10_000;

/** Returns when `over` resolves. */
export async function watchFleet(
  fleet: RunningFleet,
  narrator: Narrator,
  heading: readonly string[],
  over: Promise<unknown>,
  figures: FleetFigures | null = null,
): Promise<void> {
  const ended = new AbortController();
  void over.then(() => ended.abort());
  const view = narrator.live ? openLiveView(process.stdout, heading) : undefined;
  const startedMs = performance.now();
  let known: CpReading[] = [];
  let toldMs = Number.NEGATIVE_INFINITY;
  try {
    while (!ended.signal.aborted) {
      const cps = await Promise.race([readThrough(fleet), over.then(() => null)]);
      if (ended.signal.aborted) break;
      const statuses = fleet.supervisor.statuses();
      const notRunning = statuses.filter(({ status }) => status !== "running").map(({ name }) => name);
      const services = { running: statuses.length - notRunning.length, all: statuses.length, notRunning };
      const title = `EV charging network, up for ${durationText(performance.now() - startedMs)}`;
      const line = figures && (await Promise.race([figures.line(), over.then(() => null)]));
      view?.show({ cps, services, figures: line }, title);
      // Of hundreds nobody reads every arrival and departure.
      if (!view && cps && !figures) for (const text of happenings(known, cps)) narrator.say(text);
      if (!view && line !== null && performance.now() - toldMs >= tellEveryMs) {
        toldMs = performance.now();
        narrator.say(line);
      }
      known = cps ?? known;
      await Promise.race([delay(everyMs, undefined, { signal: ended.signal, ref: true }), over]).catch(
        aborted,
      );
    }
  } finally {
    view?.close();
  }
}

/** What Central says; the key for an operator's token lies with the Central of this fleet alone. */
async function readThrough({ centralIs, centralUrl, places }: RunningFleet): Promise<CpReading[] | null> {
  if (centralIs === "unknown") return [];
  return readCps(centralUrl, centralIs === "here" ? await operatorToken(places) : null);
}

function aborted(error: unknown): void {
  if (!(error instanceof Error) || error.name !== "AbortError") throw error;
}
