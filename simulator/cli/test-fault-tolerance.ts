// `ev test-fault-tolerance [PART…]`: what each failing component leaves and takes, with log lines, recovery and bills;
// then the measured times against the promised ones. Exit codes: 0 all met, 1 something failed, 2 it could not run,
// 130 it was stopped.
import { join, resolve } from "node:path";
import { Complaint } from "../fleet/complaint.ts";
import { nearNames } from "../fleet/names.ts";
import { figuresOf, figureTable } from "../scenarios/fault-tolerance/figures.rules.ts";
import type { Part } from "../scenarios/fault-tolerance/part.ts";
import { parts } from "../scenarios/fault-tolerance/parts.ts";
import { playScenario } from "../scenarios/play.ts";
import { openPublicDoors } from "../scenarios/public-doors.ts";
import type { StoryRecord } from "../scenarios/record.ts";
import { writeReport } from "../scenarios/report.ts";
import { openTeller } from "../scenarios/teller.ts";
import { exitCodeOf, summaryText } from "../scenarios/verdicts.rules.ts";
import { type Arguments, wholeNumber } from "./arguments.ts";
import { beside, type Output } from "./output.ts";
import { onFleet, type Place } from "./scenario.ts";
import { storyJson } from "./story-json.ts";
import { columns, durationText } from "./text.ts";

const usualRounds = 3;
const mostRounds = 1_000;

export async function testFaultTolerance(args: Arguments, output: Output): Promise<number> {
  try {
    const chosen = choose(args.words);
    const rounds = wholeNumber("--rounds", args.values.get("--rounds") ?? String(usualRounds), mostRounds);
    const json = args.flags.has("--json");
    const told = beside(output, json);
    return await onFleet(args, told, async (place) => {
      const stories = new Map<Part, StoryRecord>();
      for (const part of chosen)
        if (!place.stop.aborted) stories.set(part, await play(part, args, rounds, place, told));
      if (json) output.line(JSON.stringify(asJson(stories), null, 2));
      else for (const line of endLines(stories)) output.line(line);
      return worst([...stories.values()]);
    });
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    output.note(`ev: ${error.message}`);
    return 2;
  }
}

/** No word, or "all": every part. Throws a Complaint for a part that does not exist. */
function choose(words: readonly string[]): readonly Part[] {
  if (words.length === 0 || words.includes("all")) return parts;
  const names = parts.map(({ name }) => name);
  return words.map((word) => {
    const part = parts.find(({ name }) => name === word);
    if (part) return part;
    const near = nearNames(word, names);
    const hint =
      near.length > 0 ? `did you mean ${near.join(" or ")}?` : `choose of ${names.join(", ")}, all`;
    throw new Complaint(`there is no fault tolerance test ${word}: ${hint}`);
  });
}

async function play(
  part: Part,
  args: Arguments,
  rounds: number,
  { stateDir, fleet, isOwn, stop }: Place,
  output: Output,
): Promise<StoryRecord> {
  const doors = await openPublicDoors(stateDir);
  if (!doors) throw new Complaint("the fleet ended before the test did");
  output.line(`\n${part.name}: ${part.title}`);
  const teller = openTeller(part.name, output);
  try {
    const { tell, onGlance } = teller;
    const story = await playScenario(part, {
      doors,
      fleet,
      forMs: 0,
      rounds,
      keep: args.flags.has("--keep"),
      isOwn,
      stop,
      tell,
      onGlance,
    });
    const dir = args.values.get("--report");
    if (dir !== undefined) writeReport(join(resolve(dir), part.name), story);
    return story;
  } finally {
    teller.close();
  }
}

function worst(stories: readonly StoryRecord[]): 0 | 1 | 2 {
  const codes = stories.map(exitCodeOf);
  return codes.includes(1) ? 1 : codes.includes(2) ? 2 : 0;
}

function endLines(stories: ReadonlyMap<Part, StoryRecord>): string[] {
  const rows = [...stories].map(([part, story]) => [
    exitCodeOf(story) === 0 ? "✓" : "✗",
    part.name,
    durationText(story.tookMs),
    part.continues,
    part.stops,
  ]);
  const failed = [...stories].filter(([, story]) => exitCodeOf(story) !== 0);
  const all = [...stories.values()].flatMap(({ verdicts }) => verdicts);
  const failures = all.filter(({ ok }) => !ok).length;
  return [
    "",
    ...columns([["", "FAILS", "TOOK", "CONTINUES", "STOPS"], ...rows]),
    "",
    ...figureTable(figuresOf(all)),
    "",
    ...failed.map(([part, story]) => `${part.name}: ${summaryText(story)}`),
    `${all.length - failures} passed, ${failures} failed`,
  ];
}

function asJson(stories: ReadonlyMap<Part, StoryRecord>) {
  const all = [...stories.values()].flatMap(({ verdicts }) => verdicts);
  return {
    ok: [...stories.values()].every((story) => exitCodeOf(story) === 0),
    parts: [...stories].map(([{ continues, stops }, story]) => ({ ...storyJson(story), continues, stops })),
    figures: figuresOf(all).map(({ what, n, medianMs, mostMs, promiseS, aimS, kept, aimMet }) => ({
      what,
      n,
      median_ms: Math.round(medianMs),
      most_ms: Math.round(mostMs),
      promised_ms: promiseS * 1_000,
      aim_ms: aimS * 1_000,
      kept,
      aim_met: aimMet,
    })),
  };
}
