// What a load run must show, and what it shows: each check with its figures, met or not.
import type { SizeResult } from "./run-size.ts";
import { bytesPerCp, cpuSlopes, type SizeFigures, type Slope } from "./slopes.rules.ts";

export interface Check {
  what: string;
  is: string;
  aim: string;
  ok: boolean;
}

const greatestSlopeRatio = 1.1;
const greatestBytesPerCp = 100_000;

/** Of one size. */
export function checksOf(result: SizeResult): Check[] {
  const { fallen, errors, ended, bills, unfinished, delays, delaysWhileAdding } = result;
  const check = (what: string, is: string, aim: string, ok: boolean): Check => ({ what, is, aim, ok });
  const some = fallen.slice(0, 3).map(({ cp, state }) => `${cp} ${state}`);
  return [
    check("errors in the logs", String(errors.count), "0", errors.count === 0),
    check(
      "services that ended by themselves",
      ended.length === 0 ? "0" : ended.join("; "),
      "0",
      ended.length === 0,
    ),
    check(
      "charge points shown Broken or Disconnected",
      fallen.length === 0 ? "0" : `${fallen.length} (${some.join(", ")}${fallen.length > 3 ? ", …" : ""})`,
      "0",
      fallen.length === 0,
    ),
    check("heartbeats missed", `${delays.missed} of ${delays.beats}`, "0", delays.missed === 0),
    ...(delaysWhileAdding
      ? [
          check(
            "heartbeats of the others missed while adding",
            `${delaysWhileAdding.missed} of ${delaysWhileAdding.beats}`,
            "0",
            delaysWhileAdding.missed === 0,
          ),
        ]
      : []),
    check("sessions that did not end", String(unfinished), "0", unfinished === 0),
    check(
      "cars that got energy, and bills",
      `${bills.served} and ${bills.bills}, ${bills.meteredWh} Wh and ${bills.billedWh} Wh`,
      "each billed once",
      bills.differences.length === 0 && bills.bills === bills.served,
    ),
  ];
}

export interface Comparison {
  slopes: Slope[];
  /** The slope up to the largest size, against that up to the one before. */
  ratio: number | null;
  bytesPerCp: number | null;
  checks: Check[];
}

/** Of several sizes: what one more charge point costs. */
export function compare(results: readonly SizeResult[]): Comparison {
  const sizes = results.map(sizeFiguresOf);
  const slopes = cpuSlopes(sizes);
  const large = slopes.at(-1);
  const small = slopes.at(-2);
  const ratio = large && small ? large.coresPerCp / small.coresPerCp : null;
  const bytes = bytesPerCp(sizes) ?? null;
  const checks: Check[] = [];
  if (ratio !== null && large && small)
    checks.push({
      what: `CPU per charge point, ${large.from} to ${large.to} ÷ ${small.from} to ${small.to}`,
      is: `${milli(large)} ÷ ${milli(small)} = ${ratio.toFixed(2)}`,
      aim: `at most ${greatestSlopeRatio.toFixed(1)}`,
      ok: ratio <= greatestSlopeRatio,
    });
  if (bytes !== null)
    checks.push({
      what: "resident memory per charge point in a worker",
      is: `${Math.round(bytes / 1000)} kB`,
      aim: `at most ${greatestBytesPerCp / 1000} kB`,
      ok: bytes <= greatestBytesPerCp,
    });
  return { slopes, ratio, bytesPerCp: bytes, checks };
}

function milli({ coresPerCp }: Slope): string {
  return `${(1000 * coresPerCp).toFixed(2)} ms/s`;
}

function sizeFiguresOf({ cps, figures }: SizeResult): SizeFigures {
  const workers = figures.processes.filter(({ role }) => role === "cps");
  return {
    cps,
    cores: figures.cores,
    workers: workers.length,
    workerBytes: workers.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}
