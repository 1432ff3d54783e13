// `ev scenario [NAME]`: lists the scenarios, or plays one, tells it as it goes, verifies what it expects and writes
// its report. Exit codes: 0 all met, 1 an expectation failed, 2 it could not be played.

import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Complaint } from "../fleet/complaint.ts";
import { nearNames } from "../fleet/names.ts";
import { type OwnFleet, openOwnFleet } from "../scenarios/own-fleet.ts";
import { playScenario } from "../scenarios/play.ts";
import { openPublicDoors } from "../scenarios/public-doors.ts";
import type { StoryRecord } from "../scenarios/record.ts";
import { scenarios } from "../scenarios/registry.ts";
import { writeReport } from "../scenarios/report.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { openTeller } from "../scenarios/teller.ts";
import { exitCodeOf, summaryText } from "../scenarios/verdicts.rules.ts";
import type { Arguments } from "./arguments.ts";
import { durationOption } from "./duration-option.ts";
import type { Output } from "./output.ts";
import { columns, durationText } from "./text.ts";

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
const usualSoakMs = 600_000;
const couldNotPlay = 2;

export async function scenario(args: Arguments, output: Output): Promise<number> {
  const [name, ...more] = args.words;
  if (name === undefined) return list(args, output);
  try {
    if (more.length > 0) throw new Complaint(`one scenario at a time: \`ev scenario ${name}\``);
    const chosen = choose(name);
    return await onFleet(args, output, async (stateDir, fleet) => {
      const story = await play(chosen, args, stateDir, fleet, output);
      tellEnd(story, args, output);
      return exitCodeOf(story);
    });
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    output.note(`ev: ${error.message}`);
    return couldNotPlay;
  }
}

function list(args: Arguments, output: Output): number {
  if (args.flags.has("--json"))
    output.line(
      JSON.stringify(
        scenarios.map(({ name, title }) => ({ name, title })),
        null,
        2,
      ),
    );
  else {
    for (const line of columns(scenarios.map(({ name, title }) => [`  ${name}`, title]))) output.line(line);
    output.line("`ev scenario NAME` plays one, on the running fleet or on one of its own");
  }
  return 0;
}

function choose(name: string): Scenario {
  const found = scenarios.find((one) => one.name === name);
  if (found) return found;
  const names = scenarios.map((one) => one.name);
  const near = nearNames(name, names);
  throw new Complaint(
    `there is no scenario ${name}: ${near.length > 0 ? `did you mean ${near.join(" or ")}?` : `choose one of ${names.join(", ")}`}`,
  );
}

/** Runs on the fleet of --state, or on one that is started for it and stopped afterwards. */
export async function onFleet(
  args: Arguments,
  output: Output,
  work: (stateDir: string, fleet: string) => Promise<0 | 1 | 2>,
): Promise<number> {
  const say = (text: string) => (args.flags.has("--json") ? output.note(text) : output.line(text));
  const running = await openPublicDoors(args.stateDir);
  if (running) {
    say(`on the running fleet of ${running.places.state}`);
    return work(args.stateDir, `the running fleet of ${running.places.state}`);
  }
  say("no fleet runs: starting a base fleet of its own, with quiet drivers; it is stopped afterwards");
  // Central is of the fleet itself, in one process: the stories make it fail, and read its log.
  const servers = { ...args.servers, centralUrl: undefined, functions: false };
  const own: OwnFleet = await openOwnFleet(projectRoot, args.portOffset, servers, say);
  const ended = new AbortController();
  const stop = () => {
    if (ended.signal.aborted) process.exit(130);
    ended.abort();
    void own.close(true).finally(() => process.exit(130));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  let code: 0 | 1 | 2 = couldNotPlay;
  try {
    say(`the fleet is ready after ${durationText(own.readyMs)}`);
    code = await work(own.stateDir, "a base fleet of its own with quiet drivers");
    return code;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    const beganMs = performance.now();
    await own.close(code !== 0);
    say(
      `stopped the fleet in ${durationText(performance.now() - beganMs)}${code === 0 ? "" : `; its logs stay in ${join(own.stateDir, "logs")}`}`,
    );
  }
}

async function play(
  chosen: Scenario,
  args: Arguments,
  stateDir: string,
  fleet: string,
  output: Output,
): Promise<StoryRecord> {
  const doors = await openPublicDoors(stateDir);
  if (!doors) throw new Complaint("the fleet ended before the story began");
  output.line(`${chosen.name}: ${chosen.title}`);
  const teller = openTeller(chosen.name, output);
  try {
    return await playScenario(chosen, {
      doors,
      fleet,
      forMs: durationOption(args, "--for") ?? usualSoakMs,
      rounds: 1,
      keep: args.flags.has("--keep"),
      tell: teller.tell,
      onGlance: teller.onGlance,
    });
  } finally {
    teller.close();
  }
}

function tellEnd(story: StoryRecord, args: Arguments, output: Output): void {
  const stamp = new Date(story.startedAtMs).toISOString().slice(0, 19).replaceAll(":", "");
  const dir = args.values.get("--report") ?? join(args.stateDir, "reports", `${story.name}-${stamp}`);
  const path = writeReport(resolve(dir), story);
  output.line(`${summaryText(story)} (${durationText(story.tookMs)})`);
  output.line(`report: ${relative(process.cwd(), path) || path}`);
}
