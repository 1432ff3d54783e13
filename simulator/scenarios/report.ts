// A story's report: Markdown beside its picture. Pure, but for the writing at the end.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { durationText } from "../cli/text.ts";
import type { SessionRecord, StoryRecord, Verdict } from "./record.ts";
import { timelineSvg } from "./timeline-svg.ts";
import { failedOf, summaryText } from "./verdicts.rules.ts";

const pictureName = "timeline.svg";
const reportName = "report.md";

/** Everything that is in the picture, too, but in words; failed expectations first. */
export function reportText(story: StoryRecord): string {
  const failed = failedOf(story);
  return [
    `# ${story.name}: ${story.title}`,
    "",
    `**${summaryText(story)}.**`,
    "",
    `Played ${new Date(story.startedAtMs).toISOString()}, ${durationText(story.tookMs)}, on ${story.fleet}.`,
    "",
    `![Charge points and services over time](${pictureName})`,
    "",
    ...(failed.length > 0
      ? ["## What failed", "", ...failed.map((verdict) => `- ${cell(verdict.what)}${why(verdict)}`), ""]
      : []),
    "## Expectations",
    "",
    "| | Expectation | Measured | Promised | |",
    "|---|---|---|---|---|",
    ...story.verdicts.map(verdictRow),
    "",
    "## Sessions",
    "",
    ...(story.sessions.length === 0 ? ["None."] : sessionTable(story.sessions)),
    "",
    "## The story",
    "",
    ...[...story.steps, ...story.acts]
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ atMs, text }) => `- ${(atMs / 1_000).toFixed(1)} s: ${text}`),
    "",
  ].join("\n");
}

function why({ note, tookMs, boundMs }: Verdict): string {
  const late =
    boundMs === null
      ? ""
      : tookMs === null
        ? `: not seen (promised ≤${boundMs / 1_000} s)`
        : `: ${durationText(tookMs)} (promised ≤${boundMs / 1_000} s)`;
  return `${late}${note === "" ? "" : `: ${note}`}`;
}

function verdictRow({ what, ok, tookMs, boundMs, note }: Verdict): string {
  const measured = tookMs === null ? (boundMs === null ? "" : "not seen") : durationText(tookMs);
  const promised = boundMs === null ? "" : `≤${boundMs / 1_000} s`;
  return `| ${ok ? "✓" : "✗"} | ${cell(what)} | ${measured} | ${promised} | ${cell(note)} |`;
}

function sessionTable(sessions: readonly SessionRecord[]): string[] {
  return [
    "| Session | Charge point | Driver | Energy | Price | Cost | Charger's own meter |",
    "|---|---|---|---|---|---|---|",
    ...sessions.map(({ sid, cp, driver, bill }) =>
      bill
        ? `| ${sid} | ${cp} | ${driver} | ${bill.energyWh} Wh | €${bill.priceEurPerKwh.toFixed(2)}/kWh | €${bill.costEur.toFixed(2)} | ${bill.meteredWh.toFixed(1)} Wh |`
        : `| ${sid} | ${cp} | ${driver} | not billed | | | |`,
    ),
  ];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** Writes report and picture into `dir`; answers with the report's path. */
export function writeReport(dir: string, story: StoryRecord): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, pictureName), timelineSvg(story));
  const path = join(dir, reportName);
  writeFileSync(path, reportText(story));
  return path;
}
