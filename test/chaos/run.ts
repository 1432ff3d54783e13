// `npm run chaos -- --seed N --for 5m`: the base fleet as real processes under seeded faults, watched from outside,
// brought to rest and judged. `--servers real` (or EV_SERVERS=real): on Apache Kafka, Mosquitto and DynamoDB Local.
// `--keep FILE` writes the history, `--judge FILE` judges one again.
// Exit codes: 0 fine, 1 an invariant was violated, 2 the run crashed, 3 the fleet did not come to rest.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { judge } from "./checker.ts";
import type { History } from "./history.ts";
import { record } from "./record.ts";
import { reportLines } from "./report.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    for: { type: "string", default: "60s" },
    keep: { type: "string" },
    judge: { type: "string" },
    servers: { type: "string" },
    "port-offset": { type: "string", default: "11000" },
  },
});

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 };

function durationMs(text: string): number {
  const match = /^(\d+)([smh])$/.exec(text);
  const unit = units[match?.[2] ?? ""];
  if (match && unit) return Number(match[1]) * unit;
  console.error(`--for ${text}: say for instance 60s, 5m or 1h`);
  process.exit(2);
}

async function run(): Promise<number> {
  if (values.judge !== undefined)
    return conclude(JSON.parse(readFileSync(values.judge, "utf8")) as History, []);
  if (values.servers !== undefined) process.env.EV_SERVERS = values.servers;
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const { history, missing } = await record({
    seed,
    durationMs: durationMs(values.for),
    portOffset: Number(values["port-offset"]),
    say: (line) => console.log(line),
  });
  if (values.keep !== undefined) writeFileSync(values.keep, JSON.stringify(history));
  return conclude(history, missing);
}

function conclude(history: History, missing: readonly string[]): number {
  const verdict = judge(history);
  console.log(`\n${reportLines(history, verdict, missing).join("\n")}`);
  if (missing.length > 0) return 3;
  return verdict.wrong.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await run();
} catch (error) {
  console.error(`the chaos run crashed: ${error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = 2;
}
process.exit();
