// `npm test` and its sisters (`npm run test:real`, `test:journeys`, …): the suites one after the other, each with its
// time; the last line counts.
// With TALLY set, the counts are also added to that file, for a caller that runs several of these; SUMMARY likewise gets
// the suites' lines and every check that failed with its reason, for the end of a long output.
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChecks } from "./check.ts";
import type { Count } from "./support/tally-reporter.ts";

const root = join(import.meta.dirname, "..");

interface Suite {
  name: string;
  /** What it may take on two cores; a slower run is said, not failed. */
  minutes: number;
  run(): Count | Promise<Count>;
}

const groups: Record<string, Suite[]> = {
  default: [
    { name: "types, format, lint", minutes: 0.5, run: runChecks },
    { name: "units and contracts", minutes: 2, run: () => vitest("units") },
    { name: "simulation and planted bugs", minutes: 1.5, run: simulation },
    { name: "journeys on a live fleet", minutes: 2, run: () => vitest("journey") },
  ],
  journeys: [{ name: "journeys through every verb", minutes: 5, run: () => vitest("journeys") }],
  documents: [{ name: "the documents' command lines", minutes: 6, run: () => vitest("documents") }],
  real: [{ name: "real servers and programs", minutes: 8, run: () => vitest("real") }],
  "all-real": [
    { name: "journeys on real servers", minutes: 6, run: () => vitest("all-real") },
    {
      name: "fault tolerance on real servers",
      minutes: 3,
      // Told once, without repeated samples; those of an engine or a phone are left out, for no server plays a part in
      // them, and Central's, whose parts the journeys kill. The whole suite runs on the stand-ins, and on real servers
      // by `ev test-fault-tolerance --servers real`.
      run: () =>
        faultTolerance("8000", [
          ...["monitor", "kafka", "multiple"],
          ...["--servers", "real", "--rounds", "0"],
        ]),
    },
    {
      name: "chaos on real servers",
      minutes: 2.5,
      run: () => chaos("--servers", "real", "--port-offset", "9000"),
    },
  ],
  fuzz: [{ name: "the API under a fuzzer", minutes: 1.5, run: fuzz }],
  browser: [{ name: "pages in a browser", minutes: 3, run: () => vitest("browser") }],
  chaos: [{ name: "a minute of chaos on real processes", minutes: 3, run: () => chaos() }],
  scenarios: [{ name: "scenarios on a live fleet", minutes: 5, run: () => vitest("scenarios") }],
  "fault-tolerance": [
    { name: "fault tolerance of real processes", minutes: 4, run: () => faultTolerance("18000", []) },
  ],
};

/** Runs one vitest project; a run that cannot be counted, or counts no test, has failed. */
function vitest(project: string): Count {
  const folder = mkdtempSync(join(tmpdir(), "ev-test-"));
  const report = join(folder, "report.json");
  const args = [
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=./test/support/tally-reporter.ts",
  ];
  const run = spawnSync(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, EV_TEST_REPORT: report },
  });
  try {
    const count = JSON.parse(readFileSync(report, "utf8")) as Count;
    // Whatever ends vitest with an error although every test passed.
    return run.status !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
  } catch {
    console.log(`${project}: vitest wrote no report (exit ${run.status ?? run.signal}); its output is above`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Fresh seeds for a minute on one core, the planted bugs on the other; each run and each bug counts as a test. */
async function simulation(): Promise<Count> {
  const [fresh, bugs] = await Promise.all([
    output("test/simulation/run.ts", "--for", "60s"),
    output("test/simulation/planted.ts"),
  ]);
  console.log(`${fresh.text}\n${bugs.text}`);
  const seeds = Number(/^(\d+) seeds,/m.exec(fresh.text)?.[1] ?? 0);
  const wrong = Number(/^(\d+) seeds violate/m.exec(fresh.text)?.[1] ?? 0);
  const caught = Number(/^(\d+) planted bugs caught/m.exec(bugs.text)?.[1] ?? 0);
  const missed = Number(/caught, (\d+) missed/.exec(bugs.text)?.[1] ?? 0);
  const crashed = Number(fresh.code !== 0 && wrong === 0) + Number(bugs.code !== 0 && missed === 0);
  const nothing = Number(seeds === 0) + Number(caught === 0);
  return { passed: seeds - wrong + caught, failed: wrong + missed + Math.max(crashed, nothing) };
}

/** Runs a script with this Node; its standard error is shown as it comes. */
function output(script: string, ...args: string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, script), ...args],
    {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let text = "";
  child.stdout.on("data", (part) => {
    text += part;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, text })));
}

/** Each operation of the API counts as a test. */
async function fuzz(): Promise<Count> {
  const { code, text } = await output("test/fuzz/run.ts");
  console.log(text);
  const [, tested, wrong] = /^(\d+) operations fuzzed, (\d+) failures/m.exec(text) ?? [];
  const failed = Math.max(Number(wrong ?? 1), Number(code !== 0 || Number(tested ?? 0) === 0));
  return { passed: Math.max(0, Number(tested ?? 0) - failed), failed };
}

const outcomes = ["fine", "an invariant was violated", "the run crashed", "the fleet did not come to rest"];

/** A fresh seed, printed; its report is in the output. */
function chaos(...more: string[]): Count {
  const script = join(root, "test/chaos/run.ts");
  const args = ["--disable-warning=ExperimentalWarning", script, "--for", "60s", ...more];
  const run = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (run.status === 0) return { passed: 1, failed: 0 };
  console.log(`chaos: ${outcomes[run.status ?? 2] ?? "crashed"}`);
  return { passed: 0, failed: 1 };
}

/** `ev test-fault-tolerance` on a fleet of its own; each of its expectations counts as a test. */
async function faultTolerance(offset: string, more: string[]): Promise<Count> {
  const state = mkdtempSync(join(tmpdir(), "ev-fault-tolerance-"));
  const args = ["test-fault-tolerance", "--state", state, "--port-offset", offset, ...more];
  const { code, text } = await output("simulator/cli.ts", ...args);
  console.log(text);
  rmSync(state, { recursive: true, force: true });
  const [, passed = 0, failed = 0] = /^(\d+) passed, (\d+) failed$/m.exec(text) ?? [];
  const names = text.match(/^.*✗.*$/gm) ?? [];
  return { passed: Number(passed), failed: Math.max(Number(failed), code === 0 ? 0 : 1), names };
}

const group = groups[process.argv[2] ?? "default"];
if (!group) {
  console.error(`test/run.ts: no group "${process.argv[2]}": use one of ${Object.keys(groups).join(", ")}`);
  process.exit(2);
}
const lines: string[] = [];
const wrong: string[] = [];
const total: Count = { passed: 0, failed: 0 };
for (const suite of group) {
  console.log(`\n── ${suite.name} ──`);
  const began = performance.now();
  const count = await suite.run();
  const minutes = (performance.now() - began) / 60_000;
  total.passed += count.passed;
  total.failed += count.failed;
  wrong.push(...(count.names ?? []).map((name) => `  failed: ${name.trim()}`));
  if (count.failed > 0 && (count.names ?? []).length === 0)
    wrong.push(`  failed: ${suite.name}, see its output`);
  const late = minutes > suite.minutes ? `  (longer than its ${suite.minutes} min)` : "";
  lines.push(
    `${suite.name.padEnd(32)} ${(minutes * 60).toFixed(0).padStart(4)} s  ${count.passed} passed, ${count.failed} failed${late}`,
  );
}
const summary = [...lines, ...wrong].join("\n");
console.log(`\n${summary}\n`);
if (process.env.SUMMARY) appendFileSync(process.env.SUMMARY, `${summary}\n`);
console.log(`${total.passed} passed, ${total.failed} failed`);
if (process.env.TALLY) appendFileSync(process.env.TALLY, `${total.passed} ${total.failed}\n`);
process.exit(total.failed === 0 ? 0 : 1);
