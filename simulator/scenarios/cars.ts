// The cars and drivers of a story: who asks, waits for a turn, plugs in, leaves, and what the charger's own meter says.
//
// A car of the fleet's own traffic may be quicker than the story's: then that one is used, its battery set.
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { mainsV } from "../charger/car.rules.ts";
import { needWhFor } from "../charger/cars.ts";
import type { ChargerStatus } from "../charger/control.messages.ts";
import type { ChargerControl } from "../charger/control.ts";
import { Complaint } from "../fleet/complaint.ts";
import type { Answer, Doors } from "./public-doors.ts";
import type { ChargeWish, Charging } from "./scenario.ts";

const Asked = z.object({
  session_id: z.string(),
  status: z.string(),
  reason: z.string().nullish(),
});
export type Asked = z.infer<typeof Asked>;

export interface OpenCharging extends Charging {
  /** What the charger's meter had counted before any energy of this session flowed, in Ws. */
  meterFromWs: number;
  /** What the charge point can give. */
  pointW: number;
  /** How cars came and went there before. */
  carsBefore: "auto" | "none";
}

const turnWithinMs = 120_000;
const askEveryMs = 500;
const usualCarS = 180;

/** Who hears of the waiting for a turn, and may end it by throwing. */
export interface Waiting {
  say(text: string): void;
  goOn(): void;
}

/** Asks for a charge and plugs in. Throws a Complaint when it does not get its turn within 2 min. */
export async function beginCharging(
  doors: Doors,
  cp: string,
  driver: string,
  wish: ChargeWish,
  waiting: Waiting,
): Promise<OpenCharging> {
  const { session_id: sid } = await turn(doors, cp, driver, wish, waiting);
  return doors.withCharger(cp, async (control) => {
    const before = await control.status();
    await control.cars("none");
    const meterFromWs = before.meteredRegisterWs - openIntervalWs(before);
    const pointW = before.maxAmps * mainsV * before.ctRatio;
    await plug(control, needWhFor(pointW, wish.carS ?? usualCarS));
    return { sid, cp, driver, meterFromWs, pointW, carsBefore: before.cars };
  });
}

async function plug(control: ChargerControl, needWh: number): Promise<void> {
  const plugged = await control.plug({ needWh });
  if (!plugged.ok) await control.battery(needWh);
}

function openIntervalWs({ intervals }: ChargerStatus): number {
  return intervals
    .filter(({ endMono }) => endMono === null)
    .reduce((sum, { meteredWs }) => sum + meteredWs, 0);
}

/** What the charger's meter has counted since the session began, in Wh. */
export function meteredWh(doors: Doors, session: OpenCharging): Promise<number> {
  return doors.withCharger(
    session.cp,
    async (control) => ((await control.status()).meteredRegisterWs - session.meterFromWs) / 3_600,
  );
}

/** The car leaves; so does one that was never noticed. */
export async function leave(doors: Doors, session: OpenCharging): Promise<void> {
  await doors.withCharger(session.cp, async (control) => {
    if ((await control.status()).plugged) await control.unplug();
  });
}

/** Cars come and go there as before the story. */
export async function giveBack(doors: Doors, session: OpenCharging): Promise<void> {
  await doors.withCharger(session.cp, (control) => control.cars(session.carsBefore));
}

/** One request, decided within 5 s. `phone`: over the driver's own phone. Null: no answer, or none that was agreed. */
export async function ask(
  doors: Doors,
  cp: string,
  driver: string,
  phone: boolean,
  withinMs = 8_000,
): Promise<Asked | null> {
  const call = {
    method: "POST",
    body: { cp_id: cp, vehicle_id: "VEH-STORY" },
    headers: { prefer: "wait=5" },
    withinMs,
  };
  const path = `/drivers/${driver}/requests`;
  const answer: Answer | null = phone
    ? await doors.phone(driver, path, call)
    : await doors.asDriver(driver, path, call);
  return answer?.status === 202 ? Asked.parse(answer.value) : null;
}

/** Asks until the request is granted: others may be charging there, or the driver elsewhere. */
async function turn(
  doors: Doors,
  cp: string,
  driver: string,
  wish: ChargeWish,
  waiting: Waiting,
): Promise<Asked> {
  const until = performance.now() + turnWithinMs;
  let told = "";
  for (;;) {
    waiting.goOn();
    const asked = await ask(doors, cp, driver, wish.driver !== undefined);
    if (asked?.status === "APPROVED" || asked?.status === "CHARGING") return asked;
    // Who asks so often is told now and then to ask less: that is no news about the point.
    const why = asked ? (asked.reason ?? asked.status) : told || "no answer";
    if (why !== told) waiting.say(`${driver} waits for a turn at ${cp}: ${why}`);
    told = why;
    if (performance.now() > until)
      throw new Complaint(`${driver} got no turn at ${cp} within ${turnWithinMs / 1_000} s: ${why}`);
    await delay(askEveryMs);
  }
}
