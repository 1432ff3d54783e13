// Every scenario on real processes, as a user plays it: `ev scenario NAME` on one running fleet, one after the other.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blueprint } from "../../simulator/scenarios/_blueprint.ts";
import { quietFleet } from "../../simulator/scenarios/own-fleet.ts";
import { playScenario } from "../../simulator/scenarios/play.ts";
import { openPublicDoors } from "../../simulator/scenarios/public-doors.ts";
import { scenarios } from "../../simulator/scenarios/registry.ts";
import { reportText } from "../../simulator/scenarios/report.ts";
import type { Scenario } from "../../simulator/scenarios/scenario.ts";
import { exitCodeOf, summaryText } from "../../simulator/scenarios/verdicts.rules.ts";
import { eventually, LiveFleet } from "../support/live-fleet.ts";

const fleet = new LiveFleet(16_000);
const reports = mkdtempSync(join(tmpdir(), "ev-reports-"));

beforeAll(async () => {
  fleet.write((files) => Object.assign(files, quietFleet()));
  await fleet.up();
  await fleet.whole(90_000);
});

afterAll(async () => {
  await fleet.down();
  fleet.remove();
  rmSync(reports, { recursive: true, force: true });
});

test("`ev scenario` lists them all, each with its story", async () => {
  const listed = await fleet.ev("scenario");
  for (const { name, title } of scenarios)
    expect(listed).toMatch(new RegExp(`^ +${name} +${title.slice(0, 20)}`, "m"));
});

describe("each scenario meets all it expects, and writes report and picture", () => {
  test.each(scenarios.map(({ name }) => [name]))("%s", async (name) => {
    const dir = join(reports, name);
    // A soak of three rounds: monitor, engine, bridge.
    const out = await fleet.ev("scenario", name, "--report", dir, "--for", "25s");
    console.log(out);
    expect(out).toMatch(/^(\d+) of \1 expectations met/m);
    const report = readFileSync(join(dir, "report.md"), "utf8");
    expect(report).toContain(`# ${name}: `);
    expect(report).not.toContain("✗");
    expect(report).not.toContain("not billed");
    expect(readFileSync(join(dir, "timeline.svg"), "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });
});

async function play(scenario: Scenario) {
  const doors = await openPublicDoors(fleet.state);
  if (!doors) throw new Error("no fleet runs");
  const told: string[] = [];
  const options = { fleet: "the fleet of a test", forMs: 1_000, rounds: 1, keep: false, onGlance: () => {} };
  const story = await playScenario(scenario, { ...options, doors, tell: (_atMs, text) => told.push(text) });
  return { story, told: told.join("\n") };
}

test("the blueprint can be played as it stands", async () => {
  const { story, told } = await play(blueprint);
  expect(summaryText(story), told).toMatch(/^(\d+) of \1 expectations met$/);
  expect(exitCodeOf(story)).toBe(0);
});

test("a failing expectation makes the exit code 1 and is named; what the story left dead is started again", async () => {
  const { story } = await play({
    name: "impatient",
    title: "a phone is to answer at once after a kill, which it cannot",
    async play(stage) {
      await stage.kill("ev-driver-dave");
      await stage.start("ev-driver-dave");
      await stage.expect("the phone answers at once", { withinS: 0.001 }, async () => {
        const answer = await stage.doors.phone("driver-dave", "/charging-points");
        return answer?.status === 200;
      });
      await stage.kill("ev-driver-dave", "ev-cp-m-9");
    },
  });
  expect(exitCodeOf(story)).toBe(1);
  expect(reportText(story)).toMatch(
    /## What failed\n\n- the phone answers at once: \d+\.\d\d s \(promised ≤0\.001 s\)\n/,
  );
  await eventually(
    "every service running again",
    async () =>
      (await fleet.ask({ verb: "status" })).every(({ status }) => status === "running") || undefined,
    60_000,
  );
  await eventually(
    "CP-009 On again",
    async () =>
      (await fleet.cps()).charging_points.some(({ cp_id, state }) => cp_id === "CP-009" && state === "ON") ||
      undefined,
    60_000,
  );
});

test("a story that cannot be played says why, with exit code 2", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "ev-nowhere-"));
  try {
    // Its own fleet finds the ports of this one taken.
    execFileSync("node", [join(import.meta.dirname, "../../bin/ev.mjs"), "scenario", "driver-crash"], {
      env: { ...process.env, EV_STATE: elsewhere, EV_PORT_OFFSET: "16000" },
      encoding: "utf8",
      stdio: "pipe",
    });
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ status: 2, stderr: expect.stringMatching(/^ev: port \d+ .* is taken/) });
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
});
