// A story that is stopped in its middle leaves the fleet as it found it, and its record says so.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChargerControl } from "../../../simulator/charger/control.ts";
import type { ControlRequest } from "../../../simulator/fleet/control-messages.ts";
import { placesOf } from "../../../simulator/fleet/places.ts";
import { playScenario } from "../../../simulator/scenarios/play.ts";
import type { Doors } from "../../../simulator/scenarios/public-doors.ts";
import type { Scenario } from "../../../simulator/scenarios/scenario.ts";
import { exitCodeOf } from "../../../simulator/scenarios/verdicts.rules.ts";
import { serviceReport } from "../../support/service-report.ts";

let dir: string;
let asked: ControlRequest[];
let alive: Map<string, boolean>;
let mains: boolean[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ev-play-"));
  asked = [];
  mains = [];
  alive = new Map([
    ["ev-central", true],
    ["ev-kafka", true],
    ["ev-cp-e-5", false],
  ]);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const report = (name: string, runs: boolean) =>
  serviceReport(name, { role: "central", ...(runs ? {} : { status: "killed", pid: null }) });

/** Of a charger only its mains are used here. */
const charger = {
  async mains(on: boolean) {
    mains.push(on);
    return { ok: true };
  },
} as Partial<ChargerControl> as ChargerControl;

/** A fleet that obeys its supervisor's socket and has neither charge points nor phones. */
function doors(): Doors {
  const services = () => [...alive].map(([name, runs]) => report(name, runs));
  const nobody = async () => null;
  return {
    places: placesOf(dir),
    portOffset: 0,
    centralUrl: "http://127.0.0.1:9",
    services: async () => services(),
    async ask(request) {
      asked.push(request);
      if (request.verb === "kill") for (const name of request.services) alive.set(name, false);
      if (request.verb === "start") for (const name of request.services) alive.set(name, true);
      return { is: "done", services: services(), changed: [] };
    },
    cps: nobody,
    central: nobody,
    asDriver: nobody,
    phone: nobody,
    withCharger: (_cp, use) => use(charger),
    logPath: (service) => join(dir, `${service}.log`),
  };
}

/** Kills Central, cuts Kafka off, takes a charger's mains, and waits for what never comes. */
function endless(whenWaiting: () => void): Scenario {
  return {
    name: "endless",
    title: "a story without an end",
    async play(stage) {
      await stage.kill("ev-central");
      await stage.disconnect({ how: "cut" }, "ev-kafka");
      await stage.mains("CP-001", false);
      await stage.expect("what never comes", { withinS: 60 }, () => {
        whenWaiting();
        return false;
      });
    },
  };
}

const options = { fleet: "a fleet", forMs: 0, rounds: 1, keep: false, tell() {}, onGlance() {} };

test("a stopped story ends between two looks; what it killed runs again, what it cut is mended", async () => {
  const stop = new AbortController();
  const story = await playScenario(
    endless(() => stop.abort("stopped by SIGINT")),
    { ...options, doors: doors(), stop: stop.signal },
  );
  expect(asked).toEqual([
    { verb: "kill", services: ["ev-central"] },
    { verb: "disconnect", services: ["ev-kafka"], how: "cut" },
    { verb: "start", services: ["ev-central"] },
    { verb: "connect", services: ["ev-kafka"] },
  ]);
  expect(mains).toEqual([false, true]);
  expect(story).toMatchObject({ brokeOff: "stopped by SIGINT", verdicts: [] });
  expect(exitCodeOf(story)).toBe(2);
});

test.each([{ keep: true }, { isOwn: true }])("nothing is undone with %j", async (more) => {
  const stop = new AbortController();
  await playScenario(
    endless(() => stop.abort("stopped by SIGINT")),
    { ...options, doors: doors(), stop: stop.signal, ...more },
  );
  expect(asked.map(({ verb }) => verb)).toEqual(["kill", "disconnect"]);
  expect(mains).toEqual([false]);
});
