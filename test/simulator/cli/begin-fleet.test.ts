// With what fleet the first charge point or driver of a state directory begins.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readArguments } from "../../../simulator/cli/arguments.ts";
import { addToFleet } from "../../../simulator/cli/begin-fleet.ts";
import { newCpFile } from "../../../simulator/fleet/additions.ts";
import { Complaint } from "../../../simulator/fleet/complaint.ts";
import { addMembers } from "../../../simulator/fleet/edit.ts";
import { isFleet } from "../../../simulator/fleet/fleet-files.ts";
import { type Places, placesOf } from "../../../simulator/fleet/places.ts";

let places: Places;
beforeEach(() => {
  places = placesOf(mkdtempSync(join(tmpdir(), "ev-begin-")));
});
afterEach(() => rmSync(places.state, { recursive: true, force: true }));

const elsewhere = readArguments(["add-cp", "1"], { MQTT_URL: "mqtt://broker:1883" });
const add = (cp: string) => async () => addMembers(places, { cps: [newCpFile(cp)], drivers: [] });

test("with servers elsewhere it is alone; the next one joins it", async () => {
  expect(await addToFleet(elsewhere, places, add("CP-001"))).toEqual({ begun: true });
  expect(await addToFleet(elsewhere, places, add("CP-002"))).toEqual({ begun: false });
  expect(readdirSync(places.fleet).sort()).toEqual(["CP-001.json", "CP-002.json", "system.json"]);
});

test("without servers elsewhere it joins the base fleet", async () => {
  expect(await addToFleet(readArguments(["add-cp", "11"], {}), places, add("CP-011"))).toEqual({
    begun: false,
  });
  expect(existsSync(join(places.fleet, "CP-001.json"))).toBe(true);
});

test("one that is refused begins nothing: the next plain start has the base fleet", async () => {
  const refuse = async () => {
    throw new Complaint("no MQTT password for CP-001-engine");
  };
  await expect(addToFleet(elsewhere, places, refuse)).rejects.toThrow("no MQTT password");
  expect(isFleet(places.fleet)).toBe(false);
});
