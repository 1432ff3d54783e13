// `npm run check`: types, format, lint; floating promises are errors.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

export interface Check {
  name: string;
  program: string;
  args: string[];
}

export const checks: Check[] = [
  { name: "types", program: "node_modules/typescript/bin/tsc", args: ["-p", "."] },
  // What runs in a browser knows the browser's types and no other room.
  {
    name: "types of the pages",
    program: "node_modules/typescript/bin/tsc",
    args: ["-p", "central-fn/pages"],
  },
  {
    name: "format and lint",
    program: "node_modules/@biomejs/biome/bin/biome",
    args: ["check", "--error-on-warnings", "."],
  },
  { name: "floating promises", program: "node_modules/oxlint/bin/oxlint", args: ["--type-aware", "--quiet"] },
];

/** True when every check passed; the output of a failing one is shown whole. */
export function runChecks(): { passed: number; failed: number; names: string[] } {
  const names: string[] = [];
  for (const check of checks) {
    const began = performance.now();
    const run = spawnSync(process.execPath, [join(root, check.program), ...check.args], {
      cwd: root,
      encoding: "utf8",
    });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`${run.status === 0 ? "ok  " : "FAIL"} ${check.name} (${seconds} s)`);
    if (run.status === 0) continue;
    names.push(check.name);
    console.log(run.stdout + run.stderr);
  }
  return { passed: checks.length - names.length, failed: names.length, names };
}

if (process.argv[1] === import.meta.filename) process.exit(runChecks().failed === 0 ? 0 : 1);
