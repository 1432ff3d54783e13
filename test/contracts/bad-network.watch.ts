// What a bad network must not leave behind in the process of a client: sockets, timers, rejections that nobody heard.
import { afterEach, beforeEach, expect } from "vitest";
import { until } from "../wire/mqtt/support.ts";

/** Connections and timers of this process, with what the test and its proxies have open themselves. */
export function held(): { sockets: number; timers: number } {
  const all = process.getActiveResourcesInfo();
  const count = (name: string) => all.filter((one) => one === name).length;
  return { sockets: count("TCPSocketWrap"), timers: count("Timeout") };
}

/** Fails every test around it in which a rejection was not handled. */
export function failOnUnhandledRejections(): void {
  const unheard: unknown[] = [];
  const note = (reason: unknown) => void unheard.push(reason);
  beforeEach(() => void process.on("unhandledRejection", note));
  afterEach(() => {
    process.off("unhandledRejection", note);
    expect(unheard.splice(0)).toEqual([]);
  });
}

/** Resolves when no more is held than `before`: closing sockets takes a moment. */
export async function expectNothingLeft(before: ReturnType<typeof held>): Promise<void> {
  const isLeft = () => held().sockets > before.sockets || held().timers > before.timers;
  await until("sockets and timers are gone", () => !isLeft(), 10_000).catch((error: unknown) => {
    throw new Error(`${JSON.stringify(held())} held, ${JSON.stringify(before)} before`, { cause: error });
  });
}

/** Aim for the time from the end of a fault until everything flows again; a busy machine gets three times that. */
const backWithinMs = 5_000;

/** Prints how long the way back took, and fails when it was far beyond the aim. */
export function sayBack(network: string, fault: string, tookMs: Readonly<Record<string, number>>): void {
  const times = Object.entries(tookMs).map(([who, ms]) => `${who} ${Math.round(ms)} ms`);
  process.stderr.write(`${network}, ${fault}: back ${times.join(", ")} after its end\n`);
  for (const [who, ms] of Object.entries(tookMs)) expect(ms, `${who} is back`).toBeLessThan(3 * backWithinMs);
}
