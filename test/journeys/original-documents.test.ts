// Every command line of the two documents that this system derives from, in their order, on the ports they name: HTTP
// lines to the letter, the others as `ev` says them (original-in-ev.ts). Their sleeps become waits. The fleet has a
// network of its own where the system permits one; else the documents' ports must be free.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { baseFleet } from "../../simulator/fleet/base-fleet.ts";
import { writeFleet } from "../../simulator/fleet/fleet-files.ts";
import { placesOf } from "../../simulator/fleet/places.ts";
import { commandsIn, Terminal } from "../support/command-lines.ts";
import { namespacesRefused, openHosts } from "../support/network-hosts.ts";
import { inEv, notHere } from "./original-in-ev.ts";
import { type Step, story, takesLine } from "./original-story.ts";

const root = join(import.meta.dirname, "../..");

const blocks = readBlocks(readFileSync(join(import.meta.dirname, "original-commands.txt"), "utf8"));
const dir = mkdtempSync(join(tmpdir(), "ev-original-"));
const refused = namespacesRefused();
const { hosts, remove } = refused === undefined ? openHosts(1) : { hosts: [], remove: () => {} };
const terminal = new Terminal({
  cwd: dir,
  enter: hosts[0]?.enter ?? [],
  env: { EV_STATE: join(dir, "state"), EV_PORT_OFFSET: "0", PATH: `${join(dir, "bin")}:${process.env.PATH}` },
});

/** Blocks by name, each with its commands. */
function readBlocks(text: string): Map<string, string[]> {
  const [, ...parts] = text.split(/^== /m);
  return new Map(
    parts.map((part) => {
      const [name = "", ...lines] = part.split("\n");
      return [name, commandsIn(lines).map(({ line }) => line)];
    }),
  );
}

async function take(step: Step, line: string | undefined): Promise<void> {
  switch (step.is) {
    case "given":
      await terminal.does(step.command);
      return;
    case "meanwhile":
      await terminal.shows(step.command);
      return;
    case "sleeps":
      expect(line).toMatch(/^sleep \d+$/);
      await terminal.shows(step.until);
      return;
    case "not here":
      return;
  }
  const typed = inEv(line ?? "");
  if (step.is === "does") await terminal.does(typed, step.shown, 0, step.env);
  else await terminal[step.is](typed, step.shown);
}

beforeAll(() => {
  for (const program of ["curl", "jq"]) execFileSync(program, ["--version"]);
  mkdirSync(join(dir, "bin"));
  symlinkSync(join(root, "bin/ev.mjs"), join(dir, "bin/ev"));
  // The base fleet, in which alice and two charge points wait for what the lines ask.
  const fleet = baseFleet();
  for (const driver of fleet.drivers)
    driver.requests = driver.requests.filter(
      ({ cp_id }) => driver.driver_id !== "driver-alice" && cp_id !== "CP-001" && cp_id !== "CP-002",
    );
  for (const cp of fleet.cps) if (cp.cp_id === "CP-001" || cp.cp_id === "CP-002") cp.cars = "none";
  writeFleet(placesOf(join(dir, "state")).fleet, fleet);
});

afterAll(async () => {
  terminal.close();
  await terminal.run("ev down");
  remove();
  rmSync(dir, { recursive: true, force: true });
});

describe("the lines", () => {
  test("all of them are here, and each is run: to the letter, as `ev` says it, or not here for a reason", () => {
    expect([...blocks.keys()]).toEqual(Object.keys(story));
    const lines = [...blocks.values()].flat();
    expect(lines).toHaveLength(104);
    const unmapped = lines.filter((line) => !notHere[line] && /docker|\.\/|\.sh\b|XX|</.test(inEv(line)));
    expect(unmapped).toEqual([]);
    const changed = lines.filter((line) => line.startsWith("curl") && inEv(line) !== line);
    expect(changed).toEqual([]);
    for (const [name, commands] of blocks) {
      const steps = (story[name] ?? []).filter(takesLine);
      expect(
        steps.map(({ is }) => is === "not here"),
        name,
      ).toEqual(commands.map((line) => notHere[line] !== undefined));
      expect(
        steps.map(({ is }) => is === "sleeps"),
        name,
      ).toEqual(commands.map((line) => line.startsWith("sleep ")));
    }
  });
});

describe(`on the documents' own ports (${refused ?? "a network of their own"})`, () => {
  for (const [name, commands] of blocks)
    test(`${name}: ${commands[0]?.split("\n")[0]}`, async () => {
      const lines = [...commands];
      for (const step of story[name] ?? []) await take(step, takesLine(step) ? lines.shift() : undefined);
    });
});
