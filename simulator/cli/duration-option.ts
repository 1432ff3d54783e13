// Options that say how long: `--for 90s`, `--for 10m`, `--for 8h`.
import { Complaint } from "../fleet/complaint.ts";
import type { Arguments } from "./arguments.ts";

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds; undefined when the option was not given. Throws a Complaint that shows the form. */
export function durationOption(args: Pick<Arguments, "values">, name: string): number | undefined {
  const typed = args.values.get(name);
  if (typed === undefined) return undefined;
  const parts = /^(\d+(?:\.\d+)?)([smh])$/.exec(typed);
  const ms = Number(parts?.[1]) * (unitMs[parts?.[2] ?? ""] ?? Number.NaN);
  if (ms >= 1_000) return Math.round(ms);
  throw new Complaint(`${name}=${typed}: say for instance 90s, 10m or 8h`);
}
