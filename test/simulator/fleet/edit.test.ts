// The fleet's files change as a whole or not at all, and one command at a time.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newCpFile, newDriverFile } from "../../../simulator/fleet/additions.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import {
  addMembers,
  editFleet,
  memberPath,
  removedPath,
  removeMembers,
  replaceFleet,
  withLock,
} from "../../../simulator/fleet/edit.ts";
import { readFleet, readFleetAsItIs } from "../../../simulator/fleet/fleet-files.ts";
import { type Places, placesOf } from "../../../simulator/fleet/places.ts";

let places: Places;
beforeEach(() => {
  places = placesOf(mkdtempSync(join(tmpdir(), "ev-edit-")));
  readFleet(places.fleet);
});
afterEach(() => rmSync(places.state, { recursive: true, force: true }));

const contents = () =>
  Object.fromEntries(
    readdirSync(places.fleet).map((name) => [name, readFileSync(join(places.fleet, name), "utf8")]),
  );

test("a batch of which one is invalid adds nothing and leaves the others as they were", () => {
  const before = contents();
  const clash = newDriverFile("driver-frank", 8100, baseFleet());
  expect(() => addMembers(places, { cps: [newCpFile("CP-011")], drivers: [clash] })).toThrow(
    /port: 8100 is already that of driver-alice/,
  );
  expect(() => addMembers(places, { cps: [newCpFile("CP-011"), newCpFile("CP-005")], drivers: [] })).toThrow(
    /CP-005\.json exists already/,
  );
  expect(contents()).toEqual(before);
});

test("a removed one's file is moved away and can be moved back", () => {
  addMembers(places, { cps: [newCpFile("CP-011", 75, 0.38)], drivers: [] });
  const file = readFileSync(memberPath(places, "CP-011"), "utf8");
  removeMembers(places, ["CP-011"]);
  expect(existsSync(memberPath(places, "CP-011"))).toBe(false);
  expect(readFileSync(removedPath(places, "CP-011"), "utf8")).toBe(file);
  expect(readFleetAsItIs(places.fleet)).toEqual(baseFleet());
});

test("replacing makes the files say exactly that fleet", () => {
  const after = baseFleet();
  after.cps.splice(0, 8);
  after.cps.push(newCpFile("CP-042"));
  replaceFleet(places, baseFleet(), after);
  expect(readFleetAsItIs(places.fleet)).toEqual(after);
});

test("one process that edits many times at once does it one after the other", async () => {
  let inside = 0;
  const turns = Array.from({ length: 20 }, (_, n) =>
    withLock(join(places.state, "some.lock"), async () => {
      inside += 1;
      await new Promise((resolve) => setImmediate(resolve));
      expect(inside).toBe(1);
      inside -= 1;
      if (n === 3) throw new Error("the fourth fails, for itself alone");
      return n;
    }),
  );
  const ended = await Promise.allSettled(turns);
  expect(ended.filter(({ status }) => status === "rejected")).toHaveLength(1);
  expect(ended[19]).toEqual({ status: "fulfilled", value: 19 });
});

test("two commands edit one after the other", async () => {
  const seen: string[] = [];
  const edit = (name: string) =>
    editFleet(places, async () => {
      seen.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 30));
      seen.push(`${name} out`);
    });
  await Promise.all([edit("one"), edit("two")]);
  expect(seen.map((step) => step.split(" ")[1])).toEqual(["in", "out", "in", "out"]);
});

test("the lock of a command that was killed holds nobody up", async () => {
  writeFileSync(
    join(places.state, "edit.lock"),
    JSON.stringify({ pid: 4_000_000, started: "another boot:1" }),
  );
  expect(await editFleet(places, (fleet) => fleet.cps.length)).toBe(10);
  expect(readdirSync(places.state).filter((name) => name.includes("lock"))).toEqual([]);
});

test("an edit that fails gives the lock back", async () => {
  const failing = editFleet(places, () => {
    throw new Error("disk full");
  });
  await expect(failing).rejects.toThrow("disk full");
  expect(await editFleet(places, (fleet) => fleet.drivers.length)).toBe(5);
});
