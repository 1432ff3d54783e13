// Invariant 20 in energy: a session holds no more than its own car used, whoever else charged while nobody looked.
import type { DeviceEvent } from "../support/invariants.ts";
import type { PlugIn, SimCharger } from "./charger.ts";

type Event = DeviceEvent & { atMs: number };

/** Cars that change faster than this may be taken for one: readings are that far apart where answers get lost. */
const quickMs = 5_000;
/** So long the next car may charge before the off that follows a departure gets through. */
const lateOffMs = 30_000;

/** Judges what sessions were ended or reviewed at. `events` of one charge point, in order, with world times. */
export function carFaults(box: SimCharger, events: readonly Event[]): string[] {
  const wrong: string[] = [];
  const begun = new Map<string, number>();
  box.meter();
  for (const { type, atMs, body } of events) {
    const sid = String(body.sid);
    if (type === "answer" && body.op === "start-supply" && body.result === "applied" && !begun.has(sid))
      begun.set(sid, atMs);
    if (type !== "session.ended" && type !== "session.review") continue;
    const wh = Number(body.registerEndWh) - Number(body.registerStartWh);
    const own = ownWs(box, begun.get(sid) ?? 0, atMs);
    if (wh * 3600 > own + 3600 + (box.powerW * lateOffMs) / 1000)
      wrong.push(`20 ${sid} is told with ${wh} Wh, its car used ${Math.ceil(own / 3600)} Wh`);
  }
  return wrong;
}

/** What the cars used that were there up to the first departure which left a trace in the charger's memory. */
function ownWs(box: SimCharger, fromMs: number, toMs: number): number {
  const stays = box.plugIns.filter((stay) => (stay.toMs ?? toMs) >= fromMs && stay.fromMs <= toMs);
  let ws = 0;
  for (const [i, stay] of stays.entries()) {
    ws += usedWs(box, stay);
    const next = stays[i + 1];
    if (stay.traced && next && next.fromMs - (stay.toMs ?? 0) > quickMs) break;
  }
  return ws;
}

const usedWs = (box: SimCharger, stay: PlugIn) => (stay.toMs === null ? box.trueWs : stay.toWs) - stay.fromWs;
