// `npm run sim -- --seed N --trace` replays one seed; `npm run sim -- --for 10m` runs fresh seeds for a time.
// Exit codes: 0 fine, 1 an invariant was violated, 2 the simulation crashed.
import { parseArgs } from "node:util";
import { type Outcome, runSeed } from "./scenario.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    for: { type: "string", default: "30s" },
  },
});

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 };

function durationMs(text: string): number {
  const match = /^(\d+)([smh])$/.exec(text);
  const unit = units[match?.[2] ?? ""];
  if (!match || !unit) {
    console.error(`--for ${text}: say for instance 30s, 10m or 1h`);
    process.exit(2);
  }
  return Number(match[1]) * unit;
}

function report(outcomes: readonly Outcome[], wallMs: number): void {
  const sum = (of: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const faults: Record<string, number> = {};
  for (const outcome of outcomes)
    for (const [name, n] of Object.entries(outcome.faults)) faults[name] = (faults[name] ?? 0) + n;
  const hours = sum((outcome) => outcome.cpHours);
  console.log(
    `${outcomes.length} seeds, ${hours.toFixed(0)} simulated CP-hours, ${sum((o) => o.events)} records in Kafka, ${sum((o) => o.sessions)} sessions billed`,
  );
  console.log(
    `${(hours / (wallMs / 1000)).toFixed(1)} CP-hours per wall second of one core; ${(sum((o) => o.turns) / hours).toFixed(0)} turns and ${(sum((o) => o.ticks) / hours).toFixed(0)} idle ticks per CP-hour`,
  );
  console.log(
    `faults: ${Object.entries(faults)
      .sort(([, a], [, b]) => b - a)
      .map(([name, n]) => `${name} ${n}`)
      .join(", ")}`,
  );
}

const began = performance.now();
const outcomes: Outcome[] = [];
const seeds = values.seed === undefined ? null : [Number(values.seed)];
const untilMs = began + durationMs(values.for);
let wrong = 0;
for (let n = 0; seeds ? n < seeds.length : performance.now() < untilMs; n++) {
  const seed = seeds?.[n] ?? Math.floor(Math.random() * 2 ** 31);
  try {
    const outcome = runSeed(seed, undefined, values.trace ? (line) => console.log(line) : null);
    outcomes.push(outcome);
    if (outcome.wrong.length === 0) continue;
    wrong += 1;
    console.log(
      `seed ${seed}: ${outcome.wrong.length} violations (replay: npm run sim -- --seed ${seed} --trace)`,
    );
    for (const what of outcome.wrong.slice(0, 12)) console.log(`  invariant ${what}`);
  } catch (error) {
    console.error(
      `seed ${seed}: the simulation crashed: ${error instanceof Error ? error.stack : String(error)}`,
    );
    process.exit(2);
  }
}
report(outcomes, performance.now() - began);
console.log(wrong === 0 ? "no invariant was violated" : `${wrong} seeds violate invariants`);
process.exit(wrong === 0 ? 0 : 1);
