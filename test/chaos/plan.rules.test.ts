// The plan of faults: repeatable, nothing struck twice at once, everything mended in time, every kind met.
import { describe, expect, test } from "vitest";
import { type PlannedFault, planFaults, type Targets } from "./plan.rules.ts";

const targets: Targets = {
  servers: ["ev-kafka", "ev-mqtt", "ev-bridge", "ev-central"],
  tables: ["ev-table"],
  drivers: ["ev-driver-alice", "ev-driver-bob"],
  cps: Array.from({ length: 10 }, (_, i) => ({
    cp: `CP-${i}`,
    engine: `ev-cp-e-${i}`,
    monitor: `ev-cp-m-${i}`,
    charger: `ev-charger-${i}`,
  })),
  links: [
    ...Array.from({ length: 10 }, (_, i) => ({ name: `ev-cp-m-${i} → mqtt`, cp: `CP-${i}` })),
    { name: "ev-bridge → kafka", cp: null },
    { name: "ev-central → kafka", cp: null },
  ],
  smallDisk: "CP-2",
};
const fiveMinutesMs = 300_000;

describe.each([1, 2, 3])("seed %i", (seed) => {
  const plan = planFaults(seed, fiveMinutesMs, targets);

  test("plans the same again", () => {
    expect(planFaults(seed, fiveMinutesMs, targets)).toEqual(plan);
  });

  test("strikes often, and every kind of fault is among it", () => {
    expect(plan.length).toBeGreaterThan(80);
    expect(new Set(plan.map(({ kind }) => kind)).size).toBe(13);
  });

  test("strikes nothing that is not well yet, and mends all within the time", () => {
    const until = new Map<string, number>();
    for (const { atMs, lastsMs, target } of plan) {
      expect(atMs).toBeGreaterThanOrEqual(until.get(target) ?? 0);
      until.set(target, atMs + lastsMs);
    }
    expect(Math.max(...until.values())).toBeLessThanOrEqual(fiveMinutesMs);
  });
});

test("another seed plans something else", () => {
  expect(planFaults(1, fiveMinutesMs, targets)).not.toEqual(planFaults(2, fiveMinutesMs, targets));
});

test("a minute mostly knows a device's fault long enough to be shown, and always one of a server", () => {
  const isLong = ({ kind, target, lastsMs }: PlannedFault) =>
    (kind === "kill" || kind === "freeze") && /^ev-cp-/.test(target) && lastsMs >= 8_000;
  const plans = Array.from({ length: 20 }, (_, seed) => planFaults(seed, 60_000, targets));
  expect(plans.filter((plan) => plan.some(isLong)).length).toBeGreaterThanOrEqual(18);
  expect(plans.every((plan) => plan.some(({ target }) => targets.servers.includes(target)))).toBe(true);
});

test("without a small disk nothing is filled", () => {
  const plan = planFaults(1, fiveMinutesMs, { ...targets, smallDisk: null });
  expect(plan.filter(({ kind }) => kind === "disk-full")).toEqual([]);
});

test("a table that may not be killed is frozen now and then", () => {
  const plans = Array.from({ length: 5 }, (_, seed) => planFaults(seed, fiveMinutesMs, targets)).flat();
  const kinds = plans.filter(({ target }) => target === "ev-table").map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set(["freeze"]));
});
