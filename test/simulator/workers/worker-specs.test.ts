// The services of a large fleet, from its files.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { barText } from "../../../simulator/cli/large-fleet.ts";
import { readFleet } from "../../../simulator/fleet/fleet-files.ts";
import { placesOf } from "../../../simulator/fleet/places.ts";
import { servicesOf } from "../../../simulator/fleet/services.ts";
import { growFleet } from "../../../simulator/workers/grow.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "worker-specs-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const specs = (cps?: number, drivers?: number) =>
  servicesOf(growFleet(dir, { cps, drivers }), {
    places: placesOf(dir),
    portOffset: 0,
    servers: {},
    only: [],
  });
const named = (found: ReturnType<typeof specs>, role: string) =>
  found.filter((spec) => spec.role === role).map(({ name, holds }) => [name, holds]);

describe("a large fleet", () => {
  test("keeps the charge points that have files as processes of their own", () => {
    const found = specs(1_500, 200);
    expect(named(found, "engine")).toHaveLength(10);
    expect(named(found, "driver")).toHaveLength(5);
    expect(named(found, "cps")).toEqual([
      ["ev-cps-1", 990],
      ["ev-cps-2", 500],
    ]);
    expect(named(found, "drivers")).toEqual([["ev-drivers-1", 200]]);
    expect(found.find(({ name }) => name === "ev-cps-1")?.env).toMatchObject({
      FIRST: "1",
      LAST: "1000",
      EXCEPT: "1,2,3,4,5,6,7,8,9,10",
    });
  });

  test("stays as large at the next start, and its drivers go to nobody's own charge points", () => {
    specs(60, 4);
    expect(readFleet(dir).system.simulated).toMatchObject({ cps: 60, drivers: 4 });
    const phones = specs().find(({ role }) => role === "drivers");
    expect(phones?.env).toMatchObject({ DRIVERS: "4", LAST: "60", EXCEPT: "1,2,3,4,5,6,7,8,9,10" });
  });

  test("is none when everybody has a file", () => {
    expect(named(specs(10, 5), "cps")).toEqual([]);
    expect(named(specs(10, 5), "drivers")).toEqual([]);
  });
});

test("the bar fills as charge points connect", () => {
  expect(barText(0, 990, 0)).toBe(`[${"·".repeat(24)}] 0 of 990 charge points connected, 0/s`);
  expect(barText(495, 990, 5_000)).toBe(
    `[${"#".repeat(12)}${"·".repeat(12)}] 495 of 990 charge points connected, 99/s`,
  );
});
