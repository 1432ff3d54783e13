// The API under a fuzzer that reads /openapi.json: whatever comes in, no 5xx, no answer that is not as the document
// says, nothing done for who may not. `npm run test:fuzz`; a seed can be given: `npm run test:fuzz -- --seed 7`.
//
// Left out of schemathesis' checks, because they hold an API to more than its schemas say: that all well-formed data is
// accepted (a cursor is opaque, latitude needs longitude), and `Allow` of /cp/stop (it is a charge point's path too).
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type FuzzedCentral, startCentral } from "./central.ts";
import { schemathesis } from "./schemathesis.ts";

const { values } = parseArgs({
  options: { seed: { type: "string" }, examples: { type: "string", default: "10" } },
});
const seed = values.seed ?? String(Math.floor(Math.random() * 1e9));

interface Outcome {
  who: string;
  tested: number;
  failures: number;
  output: string;
}

/** Streams have no end to wait for; test/central-fn/api/live reads them. */
const streams = "/events$";

async function fuzz(program: string, central: FuzzedCentral, who: "driver" | "operator"): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "ev-fuzz-run-"));
  const parameters = Object.entries(central.ids).map(([name, id]) => `"path.${name}" = "${id}"`);
  // A body that is too large is refused as such, whatever else is wrong with it.
  const refusals = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429].map(
    (status) => `"${status}"`,
  );
  const settings = [
    "[parameters]",
    ...parameters,
    "[checks.negative_data_rejection]",
    `expected-statuses = [${refusals.join(", ")}]`,
  ];
  writeFileSync(join(folder, "schemathesis.toml"), `${settings.join("\n")}\n`);
  const paths =
    who === "driver"
      ? ["--include-path-regex", "^/(drivers|charging-points)"]
      : ["--exclude-path-regex", `^/drivers|${streams}`];
  const args = [
    "-m",
    "schemathesis.cli",
    "run",
    `${central.url}/openapi.json`,
    ...["--header", `Authorization: Bearer ${await central.token(who)}`],
    ...paths,
    ...(who === "driver" ? ["--exclude-path-regex", streams] : []),
    ...["--phases", "coverage,fuzzing", "--max-examples", values.examples, "--seed", seed],
    ...["--exclude-checks", "positive_data_acceptance,allow_header_conformance"],
    ...["--continue-on-failure", "--max-failures", "20", "--request-timeout", "20"],
    ...["--warnings", "off", "--generation-database", "none", "--no-color"],
  ];
  const child = spawn("python3", args, {
    cwd: folder,
    env: { ...process.env, PYTHONPATH: program, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => {
      output += text.toString();
    });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  rmSync(folder, { recursive: true, force: true });
  const tested = Number(/^ *Tested: (\d+)/m.exec(output)?.[1] ?? 0);
  const found = Number(/(\d+) unique failures?/.exec(output)?.[1] ?? 0);
  // A run that ends badly, or tests nothing, has failed whatever it counts.
  return { who, tested, failures: Math.max(found, Number(code !== 0 || tested === 0)), output };
}

const program = await schemathesis();
const central = await startCentral();
const outcomes = await Promise.all([fuzz(program, central, "driver"), fuzz(program, central, "operator")]);
const wrong = central.lines.filter((line) => / ERROR /.test(line));
await central.stop();
for (const { who, output, failures } of outcomes) if (failures > 0) console.log(`── as ${who} ──\n${output}`);
for (const line of wrong.slice(0, 20)) console.log(line);
const tested = outcomes.reduce((sum, outcome) => sum + outcome.tested, 0);
const failures = outcomes.reduce((sum, outcome) => sum + outcome.failures, 0) + wrong.length;
const cases = outcomes.map(({ who, output }) => `${/(\d+) generated/.exec(output)?.[1] ?? 0} as ${who}`);
console.log(`seed ${seed}: ${cases.join(", ")}`);
console.log(`${tested} operations fuzzed, ${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
