// The form of a start: steps, bounds, what a limit comes to, and the request that is sent.
import { describe, expect, test } from "vitest";
import {
  bodyOf,
  bounds,
  chosen,
  estimateOf,
  instantOf,
  newForm,
  stepped,
  vehicleId,
  withValue,
} from "../../../../central-fn/pages/driver/start.rules.ts";
import { costMinor } from "../../../../central-fn/rules/cost.ts";
import { limitUnder } from "../../../../central-fn/rules/limit.rules.ts";

const form = newForm("VEH-001");
const point = { power_kw: 7.2, price_eur_per_kwh: 0.28 };

describe("what a limit comes to", () => {
  test("energy: the amount that would be billed, and the time at full power", () => {
    const estimate = estimateOf({ ...form, limit: "energy", energyWh: 10_000 }, point);
    expect(estimate).toEqual({ energyWh: 10_000, costMinor: costMinor(10_000, 28_000), minutes: 83 });
  });

  test("money: the energy to which Central turns it", () => {
    const estimate = estimateOf({ ...form, limit: "cost", costMinor: 500 }, point);
    expect(limitUnder(undefined, 500, 28_000)).toEqual({ energyWh: estimate?.energyWh });
    expect(estimate?.costMinor).toBeLessThanOrEqual(500);
  });

  test("time: at most what full power gives", () => {
    expect(estimateOf({ ...form, limit: "time", minutes: 30 }, point)?.energyWh).toBe(3_600);
  });

  test("nothing without a limit or without a price", () => {
    expect(estimateOf(form, point)).toBeNull();
    expect(estimateOf({ ...form, limit: "cost" }, { power_kw: 7.2, price_eur_per_kwh: null })).toBeNull();
  });
});

test("a step goes to the next whole multiple and stays within the bounds", () => {
  const odd = withValue(form, "energy", 10_400);
  expect(stepped(odd, "energy", 1).energyWh).toBe(11_000);
  expect(stepped(odd, "energy", -1).energyWh).toBe(10_000);
  for (const kind of ["energy", "cost", "time"] as const) {
    const { least, most } = bounds[kind];
    expect(chosen(stepped(withValue(form, kind, least), kind, -1), kind)).toBe(least);
    expect(chosen(stepped(withValue(form, kind, most), kind, 1), kind)).toBe(most);
    expect(chosen(withValue(form, kind, 1e9), kind)).toBe(most);
  }
});

test("the request carries only what was chosen", () => {
  expect(bodyOf(form, "CP-001", { queue: false })).toEqual({ cp_id: "CP-001", vehicle_id: "VEH-001" });
  expect(bodyOf({ ...form, limit: "cost" }, "CP-001", { queue: true })).toEqual({
    cp_id: "CP-001",
    vehicle_id: "VEH-001",
    limit: { cost_eur: 5 },
    queue: true,
  });
  expect(bodyOf({ ...form, limit: "time" }, "CP-001", { queue: false, atMs: 0 })).toEqual({
    cp_id: "CP-001",
    vehicle_id: "VEH-001",
    limit: { duration_minutes: 30 },
    preferred_start: "1970-01-01T00:00:00.000Z",
  });
});

test("an hour is the next one that the clock shows, today or tomorrow", () => {
  const hour = 3_600_000;
  const local = (days: number, hours: number, minutes: number) =>
    (days * 24 + hours) * hour + minutes * 60_000;
  expect(instantOf("18:30", local, 12 * hour)).toBe(18.5 * hour);
  expect(instantOf("11:59", local, 12 * hour)).toBe(24 * hour + 12 * hour - 60_000);
  expect(instantOf("12:00", local, 12 * hour)).toBe(36 * hour);
  for (const wrong of ["", "24:00", "12:60", "noon"]) expect(instantOf(wrong, local, 0)).toBeUndefined();
});

test("what a driver calls his car becomes a name that the network takes", () => {
  expect(vehicleId(" 1234 bcd ")).toBe("1234-BCD");
  expect(vehicleId("Peña’s car")).toBe("PENA-S-CAR");
  expect(vehicleId("…")).toBeNull();
  expect(vehicleId("x".repeat(40))).toHaveLength(32);
});
