// What a load run looks at while it waits: who is On, every heartbeat once a second, the figures now and then.
import { setTimeout as pause } from "node:timers/promises";
import { Complaint } from "../fleet/complaint.ts";
import { readShown } from "./central-view.ts";
import { figuresBetween, figuresLine } from "./figures.rules.ts";
import { addLook, type Heartbeats, noHeartbeats } from "./heartbeats.rules.ts";
import type { OwnFleet } from "./own-fleet.ts";

export const statusIntervalMs = 2_000;
const lookEveryMs = 1_000;
const onWithinMs = 300_000;
/** Looks between two lines of figures. */
const looksPerLine = 5;

/** Waits until so many charge points are On. Throws after a bound, and when a service ended by itself. */
export async function everyOn(
  own: OwnFleet,
  cps: number,
  progress: (text: string) => void = () => {},
): Promise<void> {
  const until = performance.now() + onWithinMs;
  for (;;) {
    const shown = await readShown(own.fleet.centralUrl);
    const on = shown?.beats.filter(({ state }) => state === "ON").length ?? 0;
    if (shown && on >= cps && !shown.stale) return;
    const workers = (await own.gauges.look(own.services())).workers;
    const connected = workers.reduce((sum, one) => sum + one.connected, 0);
    progress(`starting: ${connected} of ${cps} charge points connected, ${on} On`);
    if (own.ended.length > 0) throw new Complaint(own.ended.join("; "));
    if (performance.now() > until)
      throw new Complaint(`${on} of ${cps} charge points are On after ${onWithinMs / 1000} s`);
    await pause(500);
  }
}

/** Looks at every heartbeat once a second for so long. */
export async function watch(
  own: OwnFleet,
  progress: (text: string) => void,
  forMs: number,
  what: string,
  known?: Heartbeats["known"],
): Promise<{ heartbeats: Heartbeats; lateMs: number }> {
  const until = performance.now() + forMs;
  let heartbeats: Heartbeats = { ...noHeartbeats(), ...(known && { known }) };
  let last = await own.gauges.look(own.services());
  let dueMs = performance.now();
  let n = 0;
  let lateMs = 0;
  while (performance.now() < until) {
    const lookedMs = performance.now();
    const shown = await readShown(own.fleet.centralUrl);
    const beats = known ? shown?.beats.filter(({ cp }) => known.has(cp)) : shown?.beats;
    if (beats) heartbeats = addLook(heartbeats, beats, lookedMs, statusIntervalMs);
    n += 1;
    if (n % looksPerLine === 0) {
      const look = await own.gauges.look(own.services());
      const left = Math.max(0, Math.round((until - performance.now()) / 1000));
      progress(`${what}, ${left} s left: ${figuresLine(figuresBetween(last, look))}`);
      last = look;
      lateMs = Math.max(lateMs, ...look.workers.map((one) => one.lateMs));
    }
    dueMs = Math.max(dueMs + lookEveryMs, performance.now());
    await pause(Math.max(0, dueMs - performance.now()));
  }
  return { heartbeats, lateMs };
}
