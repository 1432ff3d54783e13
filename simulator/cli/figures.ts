// `ev figures`: what the running fleet does per second and minute, and what each process takes for it.
import { setTimeout as pause } from "node:timers/promises";
import { runningAddresses } from "../fleet/addresses-file.ts";
import { placesOf } from "../fleet/places.ts";
import { figuresBetween, figuresLine, processRows } from "../load/figures.rules.ts";
import { openGauges } from "../load/gauges.ts";
import type { Arguments } from "./arguments.ts";
import { askIfRunning, nothingRuns } from "./ask.ts";
import type { Output } from "./output.ts";
import { columns } from "./text.ts";

const overMs = 3_000;

/** Once, over three seconds; with --follow again and again until Ctrl-C. --json: one object per look. */
export async function figures(args: Arguments, output: Output): Promise<number> {
  const places = placesOf(args.stateDir);
  const addresses = runningAddresses(places);
  if (!addresses) {
    output.note(nothingRuns(args));
    return 1;
  }
  const gauges = openGauges(places, addresses.kafkaBootstrap);
  const look = async () => gauges.look((await askIfRunning(args, { verb: "status" }))?.services ?? []);
  try {
    let before = await look();
    do {
      await pause(overMs);
      const after = await look();
      const now = figuresBetween(before, after);
      before = after;
      if (args.flags.has("--json")) output.line(JSON.stringify(now));
      else for (const line of [figuresLine(now), ...columns(processRows(now))]) output.line(line);
    } while (args.flags.has("--follow"));
    return 0;
  } finally {
    await gauges.close();
  }
}
