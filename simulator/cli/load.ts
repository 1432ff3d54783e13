// `ev load`: the repeatable benchmark of large fleets. A fleet of its own per size, on ports and in a folder of its
// own; prints what it measured, checks what must hold, and exits 1 when something does not.
import { Complaint } from "../fleet/complaint.ts";
import { SystemFile } from "../fleet/fleet-schemas.ts";
import { count, processRows } from "../load/figures.rules.ts";
import { runSize, type SizeResult } from "../load/run-size.ts";
import { type Check, checksOf, compare } from "../load/verdict.rules.ts";
import { type Arguments, wholeNumber } from "./arguments.ts";
import { durationOption } from "./duration-option.ts";
import type { Output } from "./output.ts";
import { columns, durationText } from "./text.ts";
import { projectRoot } from "./up.ts";

const defaults = { cps: "1000", forMs: 60_000, warmUpMs: 45_000, sessions: 0.1 };
/** Of its time a driver is in a session so much: the rest is waiting between two. */
const drivenPart = 0.87;
const mostCps = 10_000;
const { cps_per_worker: cpsPerWorker } = SystemFile.parse({}).simulated;

export async function load(args: Arguments, output: Output): Promise<number> {
  const sizes = readSizes(args.values.get("--cps") ?? defaults.cps);
  const sessions = fraction(args.values.get("--sessions"));
  const forMs = durationOption(args, "--for") ?? defaults.forMs;
  const warmUpMs = durationOption(args, "--warm-up") ?? defaults.warmUpMs;
  const add = wholeNumber("--add", args.values.get("--add") ?? "0", mostCps);
  const drivers = args.values.get("--drivers");
  const largest = Math.max(...sizes);
  // Those that are added get a worker of their own, so that nothing else restarts.
  const perWorker = add > 0 ? largest : cpsPerWorker;
  const results: SizeResult[] = [];
  for (const cps of sizes) {
    const voices = openVoices(output, `${count(cps)} charge points`);
    const result = await runSize({
      root: projectRoot,
      cps,
      drivers:
        drivers === undefined
          ? Math.ceil((cps * sessions) / drivenPart)
          : wholeNumber("--drivers", drivers, 5_000),
      forMs,
      warmUpMs,
      add: cps === largest ? add : 0,
      cpsPerWorker: perWorker,
      keep: args.flags.has("--keep"),
      ...voices,
    });
    results.push(result);
    if (!args.flags.has("--json")) for (const line of resultLines(result)) output.line(line);
  }
  const comparison = compare(results);
  const checks = [...results.flatMap(checksOf), ...comparison.checks];
  const ok = checks.every((check) => check.ok);
  if (args.flags.has("--json")) output.line(JSON.stringify({ ok, results, comparison, checks }, null, 2));
  else {
    for (const line of checkLines(comparison.checks)) output.line(line);
    output.line(ok ? "all as it should be" : "NOT as it should be: see the lines that say FAIL");
  }
  return ok ? 0 : 1;
}

/** "1000", or "100,1000": several sizes are compared, from the costs of no charge point at all upwards. */
function readSizes(typed: string): number[] {
  const sizes = typed.split(",").map((size) => wholeNumber("--cps", size.trim(), mostCps));
  if (sizes.length === 1) {
    if (sizes[0] === 0) throw new Complaint(`--cps=${typed}: at least one charge point is wanted`);
    return sizes;
  }
  return [...new Set([0, ...sizes])].sort((a, b) => a - b);
}

function fraction(typed: string | undefined): number {
  const value = typed === undefined ? defaults.sessions : Number(typed);
  if (value >= 0 && value <= 0.8) return value;
  throw new Complaint(`--sessions=${typed}: the part of the charge points in a session, from 0 to 0.8`);
}

/** Progress goes where it does not disturb what a script reads. */
function openVoices(output: Output, about: string) {
  const terminal = process.stderr.isTTY === true;
  let saidMs = 0;
  const clear = terminal ? "\r\x1b[K" : "";
  return {
    say: (text: string) => output.note(`${clear}${about}: ${text}`),
    progress: (text: string) => {
      if (terminal) process.stderr.write(`\r${about}: ${text}\x1b[K`);
      else if (performance.now() - saidMs > 10_000) {
        saidMs = performance.now();
        output.note(`${about}: ${text}`);
      }
    },
  };
}

function resultLines(result: SizeResult): string[] {
  const { cps, drivers, figures, delays, delaysWhileAdding, onMs, machineLoad } = result;
  const late = (d: typeof delays) =>
    `p50 ${d.p50Ms} ms, p99 ${d.p99Ms} ms, at most ${d.mostMs} ms (${count(d.beats)} beats)`;
  return [
    "",
    `${count(cps)} charge points, ${count(drivers)} drivers, ${durationText(figures.seconds * 1000)} (machine load ${machineLoad.toFixed(1)})`,
    `  all On after              ${durationText(onMs)}`,
    `  charging at the end       ${count(figures.charging)}`,
    `  messages through Kafka    ${count(figures.messagesPerS)}/s, ${count(figures.lag)} not handled yet, ${count(figures.backlog)} still at the devices`,
    `  sessions                  ${count(figures.sessionsPerMin)}/min`,
    `  heartbeats late by        ${late(delays)}`,
    ...(delaysWhileAdding
      ? [
          `  … while adding            ${late(delaysWhileAdding)}, the added ones On after ${durationText(result.addedOnMs ?? 0)}`,
        ]
      : []),
    `  a worker's loop late by   ${Math.round(figures.lateMs)} ms at most`,
    `  CPU                       ${figures.cores.toFixed(2)} cores`,
    ...columns(processRows(figures)).map((line) => `    ${line}`),
    ...checkLines(checksOf(result)),
    ...result.errors.examples.map((line) => `    ${line}`),
    ...result.bills.differences.slice(0, 5).map((line) => `    ${line}`),
  ];
}

function checkLines(checks: readonly Check[]): string[] {
  return columns(
    checks.map(({ what, is, aim, ok }) => [`  ${ok ? "ok  " : "FAIL"}`, what, is, `(aim: ${aim})`]),
  );
}
