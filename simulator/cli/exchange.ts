// `ev export FILE` and `ev import FILE`: the whole fleet as one file; `-` is standard output and input.
import { readFileSync } from "node:fs";
import { portRefusal } from "../fleet/checks.ts";
import { Complaint } from "../fleet/complaint.ts";
import { editFleet, idsOf, replaceFleet } from "../fleet/edit.ts";
import { exportText, type ImportPlan, importedFleet, planImport } from "../fleet/exchange.ts";
import { isFleet, readFleetAsItIs, writeText } from "../fleet/fleet-files.ts";
import type { Fleet } from "../fleet/fleet-schemas.ts";
import { placesOf } from "../fleet/places.ts";
import { outcomeLines, outcomeOf } from "./apply.ts";
import type { Arguments } from "./arguments.ts";
import { emptyFleet } from "./begin-fleet.ts";
import type { Output } from "./output.ts";
import { applyNow, fleetIn, nextStartText, offsetOf } from "./running.ts";
import { durationText, listText } from "./text.ts";

export function exportFleet(args: Arguments, output: Output): number {
  const startedMs = performance.now();
  const file = oneFile(args, "export");
  const places = placesOf(args.stateDir);
  const fleet = fleetIn(places);
  const text = exportText(fleet, new Date().toISOString());
  if (file === "-") {
    output.line(text.trimEnd());
    return 0;
  }
  try {
    writeText(file, text);
  } catch (error) {
    throw new Complaint(
      `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const tookMs = performance.now() - startedMs;
  const counts = { cps: fleet.cps.length, drivers: fleet.drivers.length };
  if (args.flags.has("--json"))
    output.line(JSON.stringify({ verb: "export", file, ...counts, took_ms: Math.round(tookMs) }, null, 2));
  else
    output.line(
      `exported ${counts.cps} charge points, ${counts.drivers} drivers and the system's settings to ${file} in ${durationText(tookMs)}; \`ev import ${file}\` brings them back`,
    );
  return 0;
}

export async function importFleet(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  const file = oneFile(args, "import");
  const imported = importedFleet(readText(file), file === "-" ? "standard input" : file);
  const places = placesOf(args.stateDir);
  const offset = offsetOf(args);
  const plan = await editFleet(
    places,
    async (before) => {
      const planned = planImport(before, imported, args.flags.has("--replace"), file);
      await refuseTakenPorts(before, planned.after, offset, file);
      replaceFleet(places, before, planned.after);
      return planned;
    },
    // Where there is no fleet yet, it becomes what the file says, without the base fleet.
    (dir) => (isFleet(dir) ? readFleetAsItIs(dir) : emptyFleet()),
  );
  const applied = await applyNow(args, places);
  const outcome = applied && (await outcomeOf(applied, places, startedMs));
  const tookMs = performance.now() - startedMs;
  const failed = (outcome?.troubles.length ?? 0) > 0;
  if (args.flags.has("--json")) {
    const { added, changed, same, left, removed } = plan;
    const all = { verb: "import", file, added, changed, same, left, removed };
    output.line(JSON.stringify({ ...all, ...outcome, took_ms: Math.round(tookMs) }, null, 2));
    return failed ? 1 : 0;
  }
  for (const line of planLines(plan)) output.line(line);
  for (const line of outcome ? outcomeLines(outcome) : []) output.line(line);
  output.line(
    `imported ${idsOf(imported).length} members and the system's settings in ${durationText(tookMs)}`,
  );
  if (!applied) output.line(nextStartText);
  return failed ? 1 : 0;
}

/** "adds CP-011 and CP-012", one line for each thing that happens. */
export function planLines({ added, changed, same, left, removed }: ImportPlan): string[] {
  const lines: [string, readonly string[]][] = [
    ["adds", added],
    ["changes", changed],
    ["removes", removed],
    ["finds as they are", same],
    ["leaves alone (not in the file; --replace removes them)", left],
  ];
  return lines.flatMap(([does, ids]) =>
    ids.length === 0 ? [] : [`${does} ${ids.length > 12 ? `${ids.length} entries` : listText(ids)}`],
  );
}

function oneFile(args: Arguments, verb: string): string {
  const [file, ...more] = args.words;
  if (file !== undefined && more.length === 0) return file;
  throw new Complaint(
    `${verb} takes one file: \`ev ${verb} fleet.json\`, or - for standard ${verb === "export" ? "output" : "input"}`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new Complaint(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A port that is new in the fleet must be free on this machine. */
async function refuseTakenPorts(before: Fleet, after: Fleet, offset: number, file: string): Promise<void> {
  const had = new Set(before.drivers.map(({ port }) => port));
  for (const { driver_id, port } of after.drivers) {
    if (had.has(port)) continue;
    const why = port + offset > 65_535 ? "does not exist" : await portRefusal(port + offset);
    if (why)
      throw new Complaint(
        `${file}: ${driver_id} port: ${port + offset} ${why} on this machine; change it in the file, or stop what listens there`,
      );
  }
}
