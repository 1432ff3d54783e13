// Applying and watching with real processes: only what changed restarts, a wrong file is told once and changes nothing.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Apply, appliedText, openApply } from "../../../simulator/fleet/apply.ts";
import { Complaint } from "../../../simulator/fleet/complaint.ts";
import type { ServiceSpec } from "../../../simulator/fleet/service-spec.ts";
import { openSupervisor, type Supervisor } from "../../../simulator/fleet/supervisor.ts";
import { watchFleetFiles } from "../../../simulator/fleet/watch-files.ts";
import { type StubWorld, stubWorld, until } from "../../support/fleet-stub.ts";

let world: StubWorld;
let supervisor: Supervisor;
let specs: ServiceSpec[];
let wrong: string | undefined;
let looks = 0;
let prepare: () => void;
let apply: Apply;
let close: () => void = () => {};

const engine = (n: number, more: Partial<ServiceSpec> = {}) =>
  world.spec(`ev-cp-e-${n}`, "obedient", { role: "engine", env: { N: String(n) }, ...more });
const pid = (n: number) => supervisor.status(`ev-cp-e-${n}`).pid;

beforeEach(async () => {
  world = stubWorld();
  wrong = undefined;
  prepare = () => {};
  specs = [engine(1), engine(2), engine(3)];
  supervisor = openSupervisor({
    places: world.places,
    specs,
    commandOf: world.commandOf,
    prepare: async () => prepare(),
  });
  apply = openApply(supervisor, () => {
    looks++;
    if (wrong) throw new Complaint(wrong);
    return specs;
  });
  await supervisor.start(supervisor.names());
});
afterEach(async () => {
  close();
  close = () => {};
  await supervisor.stopAll(1_000);
  world.remove();
});

describe("apply", () => {
  test("restarts what changed, starts what is new, stops what is gone; the others keep their process", async () => {
    const before = [pid(1), pid(2), pid(3)];
    specs = [engine(1), engine(2, { env: { N: "two" } }), engine(4)];
    const { actions, services } = await apply();
    expect(actions).toEqual([
      { service: "ev-cp-e-3", action: "removed" },
      { service: "ev-cp-e-2", action: "restarted" },
      { service: "ev-cp-e-4", action: "started" },
    ]);
    expect(services.every(({ status }) => status === "running")).toBe(true);
    expect(pid(1)).toBe(before[0]);
    expect(pid(2)).not.toBe(before[1]);
    expect(supervisor.names()).toEqual(["ev-cp-e-1", "ev-cp-e-2", "ev-cp-e-4"]);
    expect((await apply()).actions).toEqual([]);
  });

  test("a watched file is written anew without a restart", async () => {
    const path = join(world.places.run, "registration.json");
    const before = pid(1);
    specs = [engine(1, { files: [{ path, content: "€ 0.41", watched: true }] }), engine(2), engine(3)];
    expect((await apply()).actions).toEqual([{ service: "ev-cp-e-1", action: "updated" }]);
    expect(pid(1)).toBe(before);
    expect((await apply()).actions).toEqual([]);
  });

  test("what somebody killed stays dead, and starts with the new description", async () => {
    await supervisor.kill(["ev-cp-e-2"]);
    specs = [engine(1), engine(2, { env: { N: "two" } }), engine(3)];
    expect((await apply()).actions).toEqual([]);
    expect(pid(2)).toBeNull();
    await supervisor.start(["ev-cp-e-2"]);
    expect((await apply()).actions).toEqual([]);
  });

  test("two at once come one after the other, and the second finds nothing left to do", async () => {
    specs = [engine(1, { env: { N: "one" } }), engine(2), engine(3)];
    const [first, second] = await Promise.all([apply(), apply()]);
    expect(first.actions).toEqual([{ service: "ev-cp-e-1", action: "restarted" }]);
    expect(second.actions).toEqual([]);
  });

  test("a wrong file is a refusal, and the next apply works", async () => {
    wrong = "CP-001.json: power_kw: wrong";
    await expect(apply()).rejects.toThrow(wrong);
    wrong = undefined;
    expect((await apply()).actions).toEqual([]);
  });
});

describe("a watched folder", () => {
  let told: string[];
  const save = () => writeFileSync(join(world.places.fleet, "CP-001.json"), String(Math.random()));
  beforeEach(() => {
    told = [];
    close = watchFleetFiles({
      dir: world.places.fleet,
      apply,
      tell: (text, level) => told.push(`${level} ${text}`),
      quietMs: 40,
    });
  });

  test("a saved file is applied and told in one line", async () => {
    specs = [engine(1, { env: { N: "one" } }), engine(2), engine(3)];
    save();
    await until("the change to be told", () => told.length > 0);
    expect(told).toEqual([
      expect.stringMatching(/^INFO files changed: restarted: ev-cp-e-1 \(\d+\.\d\d s\)$/),
    ]);
  });

  test("a wrong file is told once; when it is mended, that is told too", async () => {
    const before = [pid(1), pid(2), pid(3)];
    wrong = "CP-001.json: power_kw: wrong";
    save();
    await until("the mistake to be told", () => told.length > 0);
    const looked = looks;
    save();
    await until("another look at the same mistake", () => looks > looked);
    expect(told).toHaveLength(1);
    specs = [engine(1), engine(2), engine(3, { env: { N: "three" } })];
    wrong = undefined;
    save();
    await until("the mended file to be applied", () => told.length > 1);
    expect(told).toEqual([
      "WARN CP-001.json: power_kw: wrong; everything goes on as before this edit",
      expect.stringMatching(/^INFO files changed: restarted: ev-cp-e-3/),
    ]);
    expect([pid(1), pid(2)]).toEqual(before.slice(0, 2));
  });

  test("a full disk is told at once with what to do, and what is saved afterwards is applied", async () => {
    const full = () => writeFileSync("/dev/full", "no room");
    specs = [engine(1, { env: { N: "one" } }), engine(2), engine(3)];
    prepare = full;
    save();
    await until("the failure to be told", () => told.length > 0);
    expect(told).toEqual([
      "WARN what was saved could not be applied: ENOSPC: no space left on device, write: free the disk, then `ev apply` and `ev start`",
    ]);
    prepare = () => {};
    await supervisor.start(["ev-cp-e-1"]);
    specs = [engine(1, { env: { N: "two" } }), engine(2), engine(3)];
    save();
    await until("the next change to be applied", () => told.length > 1);
    expect(told[1]).toMatch(/^INFO files changed: restarted: ev-cp-e-1/);
  });

  test("a file that is gone is noticed, other files in the folder are not looked at", async () => {
    save();
    writeFileSync(join(world.places.fleet, "notes.txt"), "mine");
    specs = [engine(2), engine(3)];
    rmSync(join(world.places.fleet, "CP-001.json"));
    await until("the removal to be told", () => told.length > 0);
    expect(told[0]).toMatch(/^INFO files changed: stopped and removed: ev-cp-e-1/);
  });
});

test("a long list is told by its beginning", () => {
  const actions = Array.from({ length: 9 }, (_, i) => ({ service: `s${i}`, action: "started" as const }));
  expect(appliedText(actions)).toBe("started: s0, s1, s2, 6 more");
  expect(appliedText([])).toBeNull();
});
