// `ev clean`: removes everything that is not of the base fleet; with --all the whole state is forgotten.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Complaint } from "../fleet/complaint.ts";
import { livingSupervisor, removeLeftovers } from "../fleet/leftovers.ts";
import { placesOf } from "../fleet/places.ts";
import type { Arguments } from "./arguments.ts";
import { down } from "./down.ts";
import { beside, type Output } from "./output.ts";
import { cleanDynamic } from "./remove.ts";
import { durationText } from "./text.ts";

export async function clean(args: Arguments, output: Output): Promise<number> {
  if (args.words.length > 0)
    throw new Complaint(`clean takes no names: \`ev remove ${args.words.join(" ")}\` removes single ones`);
  if (!args.flags.has("--all")) return cleanDynamic(args, output);
  const startedMs = performance.now();
  const places = placesOf(args.stateDir);
  if (livingSupervisor(places)) {
    if (!args.flags.has("--yes"))
      throw new Complaint(
        `a fleet runs with state ${places.state}: \`ev clean --all --yes\` stops it and forgets sessions, bills and files`,
      );
    const said = beside(output, args.flags.has("--json"));
    const code = await down({ ...args, flags: new Set() }, said);
    if (code !== 0) return code;
  } else await removeLeftovers(places);
  // By name: whatever else somebody keeps in that folder is not ours.
  const own = [
    places.fleet,
    places.data,
    places.logs,
    places.run,
    places.keys,
    join(places.state, "removed"),
  ];
  const forgotten = [...own, places.sockets].filter((path) => existsSync(path));
  for (const path of forgotten) rmSync(path, { recursive: true, force: true });
  const tookMs = performance.now() - startedMs;
  if (args.flags.has("--json"))
    output.line(JSON.stringify({ verb: "clean", took_ms: Math.round(tookMs), forgotten }, null, 2));
  else
    output.line(
      forgotten.length > 0
        ? `forgot everything in ${places.state} in ${durationText(tookMs)}: the next start begins with the base fleet`
        : `there was nothing in ${places.state}`,
    );
  return 0;
}
