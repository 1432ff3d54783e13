// A started charger whose events a test can wait for, with a bound.
import { afterEach } from "vitest";
import type { Charger, ChargerEvent, ChargerReading } from "../../../../device-agent/charger/port.ts";

export const monoMs = () => performance.now();
/** What each test has to end, last first. */
export const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Waits for a condition, looked at whenever something was told. */
export function listening(charger: Charger): {
  events: ChargerEvent[];
  until(what: string, condition: (events: ChargerEvent[]) => boolean, withinMs?: number): Promise<void>;
} {
  const events: ChargerEvent[] = [];
  const waiting = new Set<() => void>();
  charger.start((event) => {
    events.push(event);
    for (const look of waiting) look();
  });
  ends.push(() => charger.close());
  return {
    events,
    until(what, condition, withinMs = 10_000) {
      return new Promise((resolve, reject) => {
        const limit = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`not within ${withinMs} ms: ${what}; last ${JSON.stringify(events.slice(-3))}`));
        }, withinMs);
        const look = () => {
          if (!condition(events)) return;
          clearTimeout(limit);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
  };
}

export const lastReading = (events: ChargerEvent[]): ChargerReading | null => {
  const last = events.findLast((event) => event.is === "reading");
  return last?.is === "reading" ? last.reading : null;
};
export const has = (is: ChargerEvent["is"]) => (events: ChargerEvent[]) =>
  events.some((event) => event.is === is);
