// The files of added charge points and drivers: valid, plausible, and always the same for the same words.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newCpFile, newDriverFile } from "../../../simulator/fleet/additions.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import { CpFile, DriverFile } from "../../../simulator/fleet/fleet-schemas.ts";
import { registrationOf } from "../../../simulator/fleet/services.ts";
import { cpIdOf } from "../../../simulator/fleet/typed-names.ts";
import { Registration } from "../../../wire/messages/index.ts";

describe("a new charge point", () => {
  test("has 22 kW at € 0.30 unless said otherwise", () => {
    expect(newCpFile("CP-011")).toMatchObject({
      power_kw: 22,
      price_eur_per_kwh: 0.3,
      connector_type: "TYPE2",
    });
    expect(newCpFile("CP-011", 350, 0.5)).toMatchObject({
      power_kw: 350,
      price_eur_per_kwh: 0.5,
      connector_type: "CCS2",
    });
  });

  test("is valid whatever its number, and its registration too", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: 14, max: 10_000 }), (n, tenths) => {
        const file = newCpFile(cpIdOf(n), tenths / 10, 0.35);
        expect(CpFile.parse(file)).toEqual(file);
        Registration.parse(registrationOf(file));
      }),
    );
  });

  test("a row of them lies at as many places", () => {
    const files = Array.from({ length: 40 }, (_, i) => newCpFile(cpIdOf(i + 11)));
    expect(new Set(files.map(({ latitude, longitude }) => `${latitude}/${longitude}`)).size).toBe(40);
    expect(new Set(files.map(({ city }) => city)).size).toBeGreaterThan(5);
  });
});

describe("a new driver", () => {
  test("asks for the points that fewest others ask for, with a vehicle of its own", () => {
    const base = baseFleet();
    const fleet = { ...base, cps: [...base.cps, newCpFile("CP-011", 50, 0.35)] };
    const frank = newDriverFile("driver-frank", 8105, fleet);
    expect(DriverFile.parse(frank)).toEqual(frank);
    expect(frank.requests.map(({ cp_id }) => cp_id)).toEqual(["CP-011", "CP-001"]);
    expect(frank.requests.every(({ vehicle_id }) => vehicle_id === "VEH-006")).toBe(true);
    const grace = newDriverFile("driver-grace", 8106, { ...fleet, drivers: [...fleet.drivers, frank] });
    expect(grace.requests.map(({ cp_id }) => cp_id)).not.toContain("CP-011");
    expect(grace.requests[0]?.vehicle_id).toBe("VEH-007");
  });

  test("asks for nothing in a fleet without points", () => {
    expect(newDriverFile("driver-frank", 8105, { cps: [], drivers: [] }).requests).toEqual([]);
  });
});
