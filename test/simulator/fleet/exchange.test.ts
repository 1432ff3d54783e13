// A fleet as one file: what was exported comes back equal, and a wrong file changes nothing and says where it is wrong.
import { describe, expect, test } from "vitest";
import { newCpFile, newDriverFile } from "../../../simulator/fleet/additions.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import { exportText, importedFleet, planImport } from "../../../simulator/fleet/exchange.ts";
import type { Fleet } from "../../../simulator/fleet/fleet-schemas.ts";

const at = "2026-01-01T00:00:00.000Z";
function grown(): Fleet {
  const fleet = baseFleet();
  fleet.cps.push(newCpFile("CP-011", 150, 0.4));
  fleet.drivers.push(newDriverFile("driver-frank", 8105, fleet));
  Object.assign(fleet.cps[0] ?? {}, { probe_interval_ms: 700 });
  Object.assign(fleet.system, { sweep_interval_ms: 900 });
  return fleet;
}
function broken(
  change: (
    value: Record<string, unknown> & { cps: Record<string, unknown>[]; drivers: Record<string, unknown>[] },
  ) => void,
) {
  const value = JSON.parse(exportText(grown(), at));
  change(value);
  return () => importedFleet(JSON.stringify(value), "fleet.json");
}

test("what was exported comes back equal", () => {
  expect(importedFleet(exportText(grown(), at), "fleet.json")).toEqual(grown());
});

test.each([
  ["no JSON", () => importedFleet("{", "fleet.json"), /^fleet\.json cannot be read as JSON/],
  ["another file", () => importedFleet("[1]", "fleet.json"), /is no exported fleet/],
  [
    "a newer version",
    broken((value) => Object.assign(value, { version: 2 })),
    /has version 2, this program reads version 1/,
  ],
  [
    "a wrong power",
    broken(({ cps }) => Object.assign(cps[3] ?? {}, { power_kw: "x" })),
    /^fleet\.json: cps\[3\] CP-004 power_kw: /,
  ],
  [
    "a misspelt field",
    broken(({ cps }) => Object.assign(cps[3] ?? {}, { prise: 1 })),
    /cps\[3\] CP-004: .*prise/,
  ],
  [
    "markup as an id",
    broken(({ cps }) => Object.assign(cps[3] ?? {}, { cp_id: "<b>" })),
    /cps\[3\] <b> cp_id: an id is/,
  ],
  [
    "a wrong wish",
    broken(({ drivers }) => Object.assign(drivers[0] ?? {}, { requests: [{}] })),
    /drivers\[0\] driver-alice requests\.0\.cp_id/,
  ],
  [
    "a wrong setting",
    broken((value) => Object.assign(value, { system: { partitions: 7 } })),
    /system\.partitions: /,
  ],
  [
    "a point twice",
    broken(({ cps }) => Object.assign(cps[3] ?? {}, { cp_id: "CP-001" })),
    /cps: CP-001 stands there twice/,
  ],
  [
    "two names of one point",
    broken(({ cps }) => Object.assign(cps[3] ?? {}, { cp_id: "CP-1" })),
    /CP-001 and CP-1 are the same/,
  ],
  [
    "a port twice",
    broken(({ drivers }) => Object.assign(drivers[1] ?? {}, { port: 8100 })),
    /driver-alice and driver-bob both have port 8100/,
  ],
  [
    "a server's port",
    broken(({ drivers }) => Object.assign(drivers[1] ?? {}, { port: 8000 })),
    /system\.central_port and driver-bob both have port 8000/,
  ],
])("%s is refused with its place", (_what, read, message) => {
  expect(read).toThrow(message);
});

describe("importing into a fleet that is there", () => {
  test("adds, changes, finds and leaves, and says which", () => {
    const before = baseFleet();
    before.cps.push(newCpFile("CP-020"));
    const plan = planImport(before, grown(), false, "fleet.json");
    expect(plan).toMatchObject({
      added: ["CP-011", "driver-frank"],
      changed: ["system", "CP-001"],
      left: ["CP-020"],
      removed: [],
    });
    expect(plan.same).toHaveLength(14);
    expect(plan.after.cps.map(({ cp_id }) => cp_id).slice(-3)).toEqual(["CP-010", "CP-011", "CP-020"]);
  });

  test("with --replace the fleet is exactly the file", () => {
    const before = baseFleet();
    before.cps.push(newCpFile("CP-020"));
    const plan = planImport(before, grown(), true, "fleet.json");
    expect(plan).toMatchObject({ left: [], removed: ["CP-020"] });
    expect(plan.after).toEqual(grown());
  });

  test("a port that one of those already there has is refused before anything changes", () => {
    const before = baseFleet();
    before.drivers.push(newDriverFile("driver-zoe", 8105, before));
    expect(() => planImport(before, grown(), false, "fleet.json")).toThrow(
      /fleet\.json and the fleet that is there: driver-frank and driver-zoe both have port 8105/,
    );
    expect(() => planImport(before, grown(), true, "fleet.json")).not.toThrow();
  });
});
