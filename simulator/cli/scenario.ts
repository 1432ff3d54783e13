// `ev scenario [NAME]`: lists the scenarios, or plays one, tells it as it goes, verifies what it expects and writes
// its report. Exit codes: 0 all met, 1 an expectation failed, 2 it could not be played, 130 it was stopped.

import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runningAddresses } from "../fleet/addresses-file.ts";
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
import { otherServers, otherServersText } from "./other-servers.rules.ts";
import { beside, type Output } from "./output.ts";
import { listenForStop } from "./stop-signals.ts";
import { storyJson } from "./story-json.ts";
import { columns, durationText } from "./text.ts";

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
const usualSoakMs = 600_000;
const couldNotPlay = 2;
const stoppedCode = 130;

export async function scenario(args: Arguments, output: Output): Promise<number> {
  const [name, ...more] = args.words;
  if (name === undefined) return list(args, output);
  try {
    if (more.length > 0) throw new Complaint(`one scenario at a time: \`ev scenario ${name}\``);
    const chosen = choose(name);
    const json = args.flags.has("--json");
    const told = beside(output, json);
    return await onFleet(args, told, async (place) => {
      const story = await play(chosen, args, place, told);
      const report = reportOf(story, args);
      if (json) output.line(JSON.stringify({ ...storyJson(story), report }, null, 2));
      else tellEnd(story, report, output);
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

/** Where a story is played. */
export interface Place {
  stateDir: string;
  /** As the report names it. */
  fleet: string;
  /** Started for the story, and gone afterwards. */
  isOwn: boolean;
  /** Ctrl-C: the story is to end. */
  stop: AbortSignal;
}

/** Runs on the fleet of --state, or on one that is started for it and stopped afterwards. */
export async function onFleet(
  args: Arguments,
  output: Output,
  work: (place: Place) => Promise<0 | 1 | 2>,
): Promise<number> {
  const say = output.line;
  const stop = listenForStop();
  const stopped = new AbortController();
  let mayPlay = false;
  void stop.asked.then((signal) => {
    if (!mayPlay) process.exit(stoppedCode);
    output.note(`${signal}: the story ends here, and what it did is undone; once more leaves it as it is`);
    stopped.abort(`stopped by ${signal}`);
  });
  const running = await openPublicDoors(args.stateDir);
  if (running) {
    const { state } = running.places;
    const addresses = runningAddresses(running.places);
    const others = addresses
      ? otherServers({ ...args, servers: { real: args.servers.real } }, addresses)
      : [];
    if (others.length > 0) throw new Complaint(otherServersText(state, others));
    say(`on the running fleet of ${state}`);
    mayPlay = true;
    const { stateDir } = args;
    const code = await work({
      stateDir,
      fleet: `the running fleet of ${state}`,
      isOwn: false,
      stop: stopped.signal,
    });
    return stopped.signal.aborted ? stoppedCode : code;
  }
  say("no fleet runs: starting a base fleet of its own, with quiet drivers; it is stopped afterwards");
  // Central is of the fleet itself, in one process: the stories make it fail, and read its log.
  const servers = { ...args.servers, centralUrl: undefined, functions: false };
  const own: OwnFleet = await openOwnFleet(projectRoot, args.portOffset, servers, say);
  mayPlay = true;
  let code: 0 | 1 | 2 = couldNotPlay;
  try {
    say(`the fleet is ready after ${durationText(own.readyMs)}`);
    const fleet = "a base fleet of its own with quiet drivers";
    code = await work({ stateDir: own.stateDir, fleet, isOwn: true, stop: stopped.signal });
    return stopped.signal.aborted ? stoppedCode : code;
  } finally {
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
  { stateDir, fleet, isOwn, stop }: Place,
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
      isOwn,
      stop,
      tell: teller.tell,
      onGlance: teller.onGlance,
    });
  } finally {
    teller.close();
  }
}

/** Writes the report; answers where it is. */
function reportOf(story: StoryRecord, args: Arguments): string {
  const stamp = new Date(story.startedAtMs).toISOString().slice(0, 19).replaceAll(":", "");
  const dir = args.values.get("--report") ?? join(args.stateDir, "reports", `${story.name}-${stamp}`);
  const path = writeReport(resolve(dir), story);
  return relative(process.cwd(), path) || path;
}

function tellEnd(story: StoryRecord, report: string, output: Output): void {
  output.line(`${summaryText(story)} (${durationText(story.tookMs)})`);
  output.line(`report: ${report}`);
}
