// A field that gets another name on the server breaks the type check of those who read it: the pages and the simulated
// drivers. Shown on a copy of the sources, by the compiler itself.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "ev-types-"));
  for (const room of ["wire", "central-fn", "simulator"])
    cpSync(join(root, room), join(copy, room), { recursive: true });
  for (const file of ["tsconfig.json", "package.json"]) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const pages = JSON.parse(readFileSync(join(root, "central-fn/pages/tsconfig.json"), "utf8")) as {
    compilerOptions: object;
  };
  const clients = {
    extends: "./tsconfig.json",
    compilerOptions: pages.compilerOptions,
    include: [
      "central-fn/pages/kit/files.d.ts",
      "central-fn/pages/operator/review-view.tsx",
      "central-fn/pages/driver/waiting.tsx",
      "simulator/driver/driver-api.ts",
    ],
    exclude: [],
  };
  writeFileSync(join(copy, "clients.json"), JSON.stringify(clients));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Each error's file, and the field that it does not find. */
function missingFields(): string[] {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [compiler, "-p", "clients.json", "--pretty", "false"], {
    cwd: copy,
    encoding: "utf8",
  });
  const errors = stdout.matchAll(/^([^\s(]+)\(\d+,\d+\): error TS2339: Property '(\w+)'/gm);
  return [...new Set([...errors].map(([, file, field]) => `${file} ${field}`))].sort();
}

/** In the server's sources alone, where the field is declared and told. */
function rename(from: string, to: string): void {
  for (const name of readdirSync(join(copy, "central-fn/api"), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const file = join(copy, "central-fn/api", name);
    const text = readFileSync(file, "utf8");
    const changed = text.replaceAll(new RegExp(`\\b${from}\\b`, "g"), to);
    if (changed !== text) writeFileSync(file, changed);
  }
}

it("is found before anything runs, at every place that reads it", () => {
  // The sources as they are have no error: that is a check of its own.
  rename("queue_position", "place_in_line");
  rename("billable", "can_be_billed");
  const missing = missingFields();
  expect(missing).toContain("simulator/driver/driver-api.ts queue_position");
  expect(missing).toContain("central-fn/pages/operator/review-view.tsx billable");
  expect(missing.some((error) => /^central-fn\/pages\/driver\/.* queue_position$/.test(error))).toBe(true);
  expect(missing.filter((error) => !/ (queue_position|billable)$/.test(error))).toEqual([]);
});
