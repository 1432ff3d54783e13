// The editable files: written once, read ever after, and a wrong value is told with its file and field.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Complaint } from "../../../simulator/fleet/complaint.ts";
import { readFleet } from "../../../simulator/fleet/fleet-files.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ev-files-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function edit(file: string, change: (value: Record<string, unknown>) => void): void {
  const path = join(dir, file);
  const value: Record<string, unknown> = JSON.parse(readFileSync(path, "utf8"));
  change(value);
  writeFileSync(path, JSON.stringify(value));
}

test("the first start writes the base fleet, later ones read what is there", () => {
  const first = readFleet(dir);
  expect(first.made).toBe(true);
  expect(readdirSync(dir)).toHaveLength(16);
  edit("CP-003.json", (cp) => {
    cp.price_eur_per_kwh = 0.99;
  });
  rmSync(join(dir, "CP-010.json"));
  const second = readFleet(dir);
  expect(second.made).toBe(false);
  expect(second.cps.map(({ cp_id }) => cp_id)).toHaveLength(9);
  expect(second.cps[2]?.price_eur_per_kwh).toBe(0.99);
  expect(second.drivers).toEqual(first.drivers);
});

test.each([
  ["CP-001.json", "price_eur_per_kwh", -1, /CP-001\.json: price_eur_per_kwh: .*>=0/],
  ["CP-001.json", "price_eur_per_kwh", 0.123456, /CP-001\.json: price_eur_per_kwh: at most five decimals/],
  ["CP-001.json", "power_kw", "fast", /CP-001\.json: power_kw: .*expected number/],
  ["CP-001.json", "firmware", "9.9.9", /CP-001\.json: firmware: .*"8\.2\.3"/],
  ["CP-001.json", "amps", 81, /CP-001\.json: amps: .*<=80/],
  ["CP-001.json", "prise", 1, /CP-001\.json: .*"prise"/],
  ["CP-001.json", "cp_id", "CP-002", /CP-001\.json: cp_id: "CP-002" is not the file's name/],
  ["CP-001.json", "cp_id", "<script>", /CP-001\.json: cp_id: an id is/],
  ["driver-bob.json", "port", 8100, /driver-bob\.json: port: 8100 is already that of driver-alice\.json/],
  ["driver-bob.json", "port", 70_000, /driver-bob\.json: port: /],
  ["driver-bob.json", "requests", [{ cp_id: "CP-001" }], /driver-bob\.json: requests\.0\.vehicle_id: /],
  ["system.json", "partitions", 7, /system\.json: partitions: /],
  ["system.json", "mqtt_port", 8000, /system\.json: two of its ports are the same/],
])("in %s a wrong %s (%j) is told in one line", (file, field, value, message) => {
  readFleet(dir);
  edit(file, (content) => {
    content[field] = value;
  });
  expect(() => readFleet(dir)).toThrow(Complaint);
  expect(() => readFleet(dir)).toThrow(message);
});

test("a file that is no JSON is named", () => {
  readFleet(dir);
  writeFileSync(join(dir, "CP-004.json"), "{ not json");
  expect(() => readFleet(dir)).toThrow(/CP-004\.json cannot be read as JSON: /);
});
