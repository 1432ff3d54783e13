// Every command line of the guides, in their order, typed as they stand into a shell beside a live fleet. What a line's
// comment says after an arrow is what it must show. A block is left out only by `no-run "reason"` behind its fence.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readArguments } from "../../simulator/cli/arguments.ts";
import { verbNames } from "../../simulator/cli/help.ts";
import { parts } from "../../simulator/scenarios/fault-tolerance/parts.ts";
import { scenarios } from "../../simulator/scenarios/registry.ts";
import { type Command, shellBlocksIn, Terminal } from "../support/command-lines.ts";

const root = join(import.meta.dirname, "../..");
const portOffset = 20_000;
/** The last one stops the fleet. */
const guides = ["STATUS.md", "FAULT_TOLERANCE.md", "DYNAMIC_DEPLOYMENT.md"].map((file) => ({
  file,
  blocks: shellBlocksIn(readFileSync(join(root, "docs", file), "utf8")),
}));
const leftOut = guides.flatMap(({ blocks }) => blocks).filter(({ notRun }) => notRun !== null);

const dir = mkdtempSync(join(tmpdir(), "ev-documents-"));
const terminal = new Terminal({
  cwd: dir,
  env: {
    EV_STATE: "",
    EV_PORT_OFFSET: String(portOffset),
    PATH: `${join(dir, "node_modules/.bin")}:${process.env.PATH}`,
  },
});

/** The reader has the usual ports, this fleet has others. */
function moved(text: string): string {
  return text.replace(
    /(localhost:|--port-offset )(\d+)/g,
    (_, before, port) => `${before}${Number(port) + portOffset}`,
  );
}

/** Spaces as many as they like, `…` anything. */
function expected(shown: string): RegExp {
  const literal = moved(shown)
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/ +/g, " +")
    .replaceAll("…", ".*");
  return new RegExp(`(?<![\\w.])${literal}(?!\\w)`);
}

/** It changes nothing: looked at until it shows what it is to show. */
function onlyReads(line: string): boolean {
  return /^(curl (?!.*-X)|ev (ps|logs|inspect|figures)\b|ev charger \d+ status$)/s.test(line);
}

async function type({ line, shown }: Command): Promise<void> {
  const wanted = shown === null ? undefined : expected(shown);
  if (/^ev logs .*(-f|--follow)\b/.test(line)) await terminal.follows(moved(line), wanted ?? /./);
  else if (onlyReads(line)) await terminal.shows(moved(line), wanted);
  else await terminal.does(moved(line), wanted);
}

beforeAll(() => {
  mkdirSync(dir, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
});

afterAll(async () => {
  terminal.close();
  await terminal.run("ev down");
  rmSync(dir, { recursive: true, force: true });
});

describe("blocks that are not run", () => {
  test("are few, and each says why", () => {
    expect(leftOut.map(({ notRun }) => notRun)).toEqual([
      "a suite of its own: npm run test:fault-tolerance",
      "test/scenarios plays each of them",
      "needs three hosts; test/journeys/several-hosts.test.ts has them",
      "npm run test:all-real plays it",
      "test/all-real/by-address.test.ts does it",
      "test/all-real/two-of-each.test.ts kills them at random",
      "test/journeys/large-fleet.test.ts runs a large fleet",
      "takes minutes; its parts are tested in test/simulator/load",
    ]);
  });

  const commands = leftOut
    .flatMap((block) => block.commands.map(({ line }) => line))
    .filter((line) => !line.startsWith("export "));
  test.each(commands)("%s is a command that exists", (line) => {
    const words = line.split(/\s+/);
    const args = readArguments(words.slice(words.indexOf("ev") + 1), {});
    expect(verbNames).toContain(args.verb);
    const known: Readonly<Record<string, readonly string[]>> = {
      scenario: scenarios.map(({ name }) => name),
      "test-fault-tolerance": ["all", ...parts.map(({ name }) => name)],
    };
    for (const word of known[args.verb] ? args.words : []) expect(known[args.verb]).toContain(word);
  });
});

describe.each(guides)("docs/$file", ({ blocks }) => {
  for (const { notRun, commands } of blocks)
    if (notRun === null)
      test(
        commands
          .map(({ line }) => line.split("\n")[0])
          .join(" · ")
          .slice(0, 100),
        async () => {
          for (const command of commands) await type(command);
        },
      );
});
