// Which services an edited file restarts: those that read it at their start, and no other.
import { describe, expect, test } from "vitest";
import { newCpFile, newDriverFile } from "../../../simulator/fleet/additions.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import type { CpFile, Fleet } from "../../../simulator/fleet/fleet-schemas.ts";
import { placesOf } from "../../../simulator/fleet/places.ts";
import { servicesOf } from "../../../simulator/fleet/services.ts";
import { changesBetween, type Known } from "../../../simulator/fleet/spec-changes.ts";

const specsOf = (fleet: Fleet) =>
  servicesOf(fleet, { places: placesOf("/srv/ev"), portOffset: 0, servers: {}, only: [] });
const runningAs = (fleet: Fleet): Known[] =>
  specsOf(fleet).map((spec) => ({ name: spec.name, running: true, ran: spec }));
const edited = (change: (fleet: Fleet) => void): Fleet => {
  const fleet = baseFleet();
  change(fleet);
  return fleet;
};
const nothing = { start: [], restart: [], update: [], remove: [] };

function changesOf(change: (fleet: Fleet) => void) {
  return changesBetween(runningAs(baseFleet()), specsOf(edited(change)));
}
function editCp(change: Partial<CpFile>) {
  return changesOf(({ cps }) => Object.assign(cps[4] ?? {}, change));
}

describe("an edit of a charge point's file", () => {
  test("no edit, nothing to do", () => {
    expect(changesOf(() => {})).toEqual(nothing);
  });

  test.each([
    ["price", { price_eur_per_kwh: 0.41 }],
    ["name", { name: "Renamed" }],
    ["place", { latitude: 40, city: "Teruel" }],
    ["amenities", { amenities: ["pool"] }],
  ])("%s: the monitor is told, nothing restarts", (_what, change) => {
    expect(editCp(change)).toEqual({ ...nothing, update: ["ev-cp-m-5"] });
  });

  test("power: box and engine restart, for both are wired for it; the monitor registers it", () => {
    expect(editCp({ power_kw: 150 })).toEqual({
      ...nothing,
      restart: ["ev-charger-5", "ev-cp-e-5"],
      update: ["ev-cp-m-5"],
    });
  });

  test.each([
    ["probe interval", { probe_interval_ms: 500 }, ["ev-cp-m-5"]],
    ["idle limit", { idle_limit_s: 60 }, ["ev-cp-e-5"]],
    ["firmware", { firmware: "5.0.1" as const }, ["ev-charger-5"]],
    ["cars", { cars: "none" as const }, ["ev-charger-5"]],
  ])("%s: %j restarts one service", (_what, change, restart) => {
    expect(editCp(change)).toEqual({ ...nothing, restart });
  });
});

describe("other files", () => {
  test("a driver's requests or port restart that phone", () => {
    expect(changesOf(({ drivers }) => drivers[1]?.requests.pop()).restart).toEqual(["ev-driver-bob"]);
    expect(changesOf(({ drivers }) => Object.assign(drivers[1] ?? {}, { port: 8200 })).restart).toEqual([
      "ev-driver-bob",
    ]);
  });

  test("a setting of the system restarts those who use it", () => {
    expect(changesOf(({ system }) => Object.assign(system, { canary_interval_ms: 500 })).restart).toEqual([
      "ev-bridge",
    ]);
    expect(changesOf(({ system }) => Object.assign(system, { sample_flush_s: 5 })).restart).toHaveLength(10);
  });

  test("what is new starts, what is gone is removed", () => {
    const changes = changesOf((fleet) => {
      fleet.cps.push(newCpFile("CP-011"));
      fleet.drivers.push(newDriverFile("driver-frank", 8105, fleet));
      fleet.cps.splice(2, 1);
    });
    expect(changes).toEqual({
      start: ["ev-charger-11", "ev-cp-e-11", "ev-cp-m-11", "ev-driver-frank"],
      restart: [],
      update: [],
      remove: ["ev-charger-3", "ev-cp-e-3", "ev-cp-m-3"],
    });
  });
});

describe("who does not run", () => {
  const specs = specsOf(edited(({ cps }) => Object.assign(cps[4] ?? {}, { idle_limit_s: 60 })));
  const known = (change: Partial<Known>) =>
    runningAs(baseFleet()).map((one) => (one.name === "ev-cp-e-5" ? { ...one, ...change } : one));

  test("a service that was killed or stopped stays so: its next start reads the new file", () => {
    expect(changesBetween(known({ running: false }), specs)).toEqual(nothing);
  });

  test("a service that was never started is started", () => {
    expect(changesBetween(known({ running: false, ran: null }), specs).start).toEqual(["ev-cp-e-5"]);
  });
});
