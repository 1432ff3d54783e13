// What Central says of single charge points, and waiting until it says what is wanted. Needs no token.
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import type { CpFile } from "../fleet/fleet-schemas.ts";

const Point = z.object({
  cp_id: z.string(),
  state: z.enum(["ON", "BROKEN", "DISCONNECTED"]),
  engine_state: z.string(),
  monitor_status: z.string(),
  connector_status: z.string(),
  monitor_last_seen: z.string().nullish(),
  name: z.string().nullish(),
  power_kw: z.number().nullish(),
  price_eur_per_kwh: z.number().nullish(),
  retired: z.boolean().nullish(),
});
export type Point = z.infer<typeof Point>;

export type PointAnswer = { is: "point"; point: Point } | { is: "unknown" } | { is: "silent"; why: string };

/** GET /cp/{cp_id}. Never rejects. */
export async function readPoint(centralUrl: string, cp: string): Promise<PointAnswer> {
  try {
    const response = await fetch(`${centralUrl}/cp/${cp}`, { signal: AbortSignal.timeout(3_000) });
    const body = await response.text();
    if (response.status === 404) return { is: "unknown" };
    if (!response.ok) return { is: "silent", why: `Central answers ${response.status}` };
    return { is: "point", point: Point.parse(JSON.parse(body)) };
  } catch (error) {
    const why =
      error instanceof z.ZodError ? "Central's answer is of another version" : "Central does not answer";
    if (error instanceof Error) return { is: "silent", why };
    throw error;
  }
}

/** Central shows this name, power and price for it. */
export function isRegisteredAs(point: Point, cp: CpFile): boolean {
  return (
    point.name === cp.name &&
    point.power_kw === Math.round(cp.power_kw * 1_000) / 1_000 &&
    point.price_eur_per_kwh === Math.round(cp.price_eur_per_kwh * 1e5) / 1e5
  );
}

/** Milliseconds from the beginning until each was so; null: not within the time. */
export interface Steps {
  registeredMs: number | null;
  onMs: number | null;
  requestableMs: number | null;
  /** What Central said last. */
  last: PointAnswer;
}

const pauseMs = 100;
/** A Central that says nothing for so long is not waited for. */
const silenceMs = 8_000;
const atOnce = 25;

export interface Following {
  /** What is waited for: that it is shown as its file says, also On, or also free for a request. */
  goal: "registered" | "on" | "requestable";
  /** The instant (of performance.now) that the times count from. */
  startedMs: number;
  withinMs: number;
}

/** Waits until Central says of every point what is wanted, or the time is over. */
export async function followPoints(
  centralUrl: string,
  cps: readonly CpFile[],
  { goal, startedMs, withinMs }: Following,
): Promise<Map<string, Steps>> {
  const all = new Map<string, Steps>(
    cps.map((cp) => [
      cp.cp_id,
      { registeredMs: null, onMs: null, requestableMs: null, last: { is: "unknown" } },
    ]),
  );
  const until = performance.now() + withinMs;
  let heardMs = performance.now();
  for (;;) {
    const pending = cps.filter(({ cp_id }) => !isReached(all.get(cp_id), goal));
    for (let i = 0; i < pending.length; i += atOnce)
      await Promise.all(
        pending.slice(i, i + atOnce).map(async (cp) => {
          const steps = all.get(cp.cp_id);
          if (steps) step(steps, await readPoint(centralUrl, cp.cp_id), cp, performance.now() - startedMs);
        }),
      );
    const reached = pending.every(({ cp_id }) => isReached(all.get(cp_id), goal));
    const nowMs = performance.now();
    if (pending.some(({ cp_id }) => all.get(cp_id)?.last.is !== "silent")) heardMs = nowMs;
    if (reached || nowMs > until || nowMs - heardMs > silenceMs) return all;
    await delay(pauseMs);
  }
}

export function isReached(steps: Steps | undefined, goal: Following["goal"]): boolean {
  if (steps === undefined || steps.registeredMs === null) return false;
  if (goal === "registered") return true;
  return (goal === "on" ? steps.onMs : steps.requestableMs) !== null;
}

function step(steps: Steps, answer: PointAnswer, cp: CpFile, nowMs: number): void {
  steps.last = answer;
  if (answer.is !== "point") return;
  const { point } = answer;
  if (isRegisteredAs(point, cp)) steps.registeredMs ??= nowMs;
  if (point.state === "ON") steps.onMs ??= nowMs;
  const isFree = point.connector_status === "Available" && point.retired !== true;
  if (steps.registeredMs !== null && isFree) steps.requestableMs ??= nowMs;
}
