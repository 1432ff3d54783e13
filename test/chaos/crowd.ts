// Drivers without patience: they ask for any charge point, repeat a request that got no answer under the same key,
// change their minds, stop early. What they asked and heard is recorded.
import { setTimeout as pause } from "node:timers/promises";
import { openTokens } from "../../central-fn/api/tokens.ts";
import type { LiveFleet } from "../support/live-fleet.ts";
import type { Ask, Glimpse } from "./history.ts";
import { type Dice, openDice } from "./plan.rules.ts";

export interface Crowd {
  drivers: string[];
  /** No new request; resolves when everybody has heard back or given up. */
  close(): Promise<void>;
}

export const crowdDrivers = ["driver-xavier", "driver-yara", "driver-zoe"];

const answerWithinMs = 3_000;
const attempts = 4;
const longestWaitMs = 45_000;

export function openCrowd(
  fleet: LiveFleet,
  cps: readonly string[],
  seed: number,
  record: { asks: Ask[]; glimpses: Glimpse[] },
): Crowd {
  const off = new AbortController();
  const people = crowdDrivers.map((driver, i) =>
    person({ fleet, cps, driver, dice: openDice(seed + 1_000 + i), signal: off.signal, ...record }),
  );
  return {
    drivers: crowdDrivers,
    async close() {
      off.abort();
      await Promise.all(people);
    },
  };
}

interface Person {
  fleet: LiveFleet;
  cps: readonly string[];
  driver: string;
  dice: Dice;
  signal: AbortSignal;
  asks: Ask[];
  glimpses: Glimpse[];
}

async function person(self: Person): Promise<void> {
  const { dice, signal, driver } = self;
  const call = await caller(self.fleet, driver);
  const rest = (ms: number) => pause(ms, undefined, { signal }).catch(() => {});
  for (let n = 1; !signal.aborted; n++) {
    await rest(dice.whole(500, 5_000));
    if (signal.aborted) return;
    const ask: Ask = {
      driver,
      cp: dice.one(self.cps) ?? "",
      key: `${driver}-${n}`,
      sids: [],
      answer: "unknown",
    };
    self.asks.push(ask);
    await request(call, ask, dice, rest);
    const sid = ask.sids[0];
    if (sid !== undefined && ask.answer === "accepted") await follow(self, call, sid, rest);
  }
}

type Call = Awaited<ReturnType<typeof caller>>;
type Rest = (ms: number) => Promise<unknown>;

/** Now and then the same is asked once more although it was answered: it must be the same session. */
async function request(call: Call, ask: Ask, dice: Dice, rest: Rest): Promise<void> {
  const again = dice.whole(1, 5) === 1;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const answer = await call("POST", "/requests", ask.key, {
      cp_id: ask.cp,
      vehicle_id: "VEH-X",
      limit: { energy_kwh: 2, duration_s: dice.whole(8, 30) },
    });
    const sid = (answer?.value as { session_id?: string } | null)?.session_id;
    if (sid !== undefined) ask.sids.push(sid);
    if (answer?.status === 202) ask.answer = "accepted";
    else if (answer && answer.status < 500 && ask.answer === "unknown") ask.answer = "refused";
    if (answer && answer.status < 500 && !(again && attempt === 0)) return;
    await rest(500);
  }
}

async function follow(self: Person, call: Call, sid: string, rest: Rest): Promise<void> {
  const { dice, signal } = self;
  const whim = dice.whole(1, 10);
  const whimAtMs = performance.now() + dice.whole(200, 15_000);
  const untilMs = performance.now() + longestWaitMs;
  let acted = false;
  while (!signal.aborted && performance.now() < untilMs) {
    const fromMs = Date.now();
    const answer = await call("GET", `/sessions/${sid}`);
    const status = (answer?.value as { status?: string } | null)?.status;
    if (answer?.status === 200 && status !== undefined)
      self.glimpses.push({ fromMs, toMs: Date.now(), sid, status });
    if (status !== undefined && !["PENDING", "APPROVED", "CHARGING"].includes(status)) return;
    if (!acted && performance.now() > whimAtMs) {
      acted = true;
      if (whim <= 2) await call("DELETE", `/requests/${sid}`);
      else if (whim <= 5) await call("POST", `/sessions/${sid}/stop`);
    }
    await rest(700);
  }
}

/** Calls under /drivers/<driver>; null: no answer, so nobody knows whether it took effect. */
export async function caller(fleet: LiveFleet, driver: string) {
  const token = await openTokens(fleet.places.tokenKey).sign({
    sub: driver,
    role: "driver",
    expiresInS: 7_200,
  });
  return async (method: string, path: string, key?: string, body?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${fleet.port(8000)}/drivers/${driver}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(key !== undefined && { "idempotency-key": key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerWithinMs),
    }).catch(() => null);
    if (!response) return null;
    const text = await response.text().catch(() => null);
    if (text === null) return null;
    try {
      return { status: response.status, value: text === "" ? null : (JSON.parse(text) as unknown) };
    } catch {
      return { status: response.status, value: null };
    }
  };
}
