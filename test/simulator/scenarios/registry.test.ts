// The scenarios as files: short, listed, named as they are typed.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blueprint } from "../../../simulator/scenarios/_blueprint.ts";
import { parts } from "../../../simulator/scenarios/fault-tolerance/parts.ts";
import { scenarios } from "../../../simulator/scenarios/registry.ts";

const folder = join(import.meta.dirname, "../../../simulator/scenarios");
const files = readdirSync(folder).filter((file) => {
  return file.endsWith(".ts") && /: Scenario = \{/.test(readFileSync(join(folder, file), "utf8"));
});

test("every scenario has a file of its name with 20 to 60 lines, and every such file is listed", () => {
  const listed = scenarios.map(({ name }) => `${name}.ts`);
  expect(listed).toHaveLength(10);
  expect([...listed, "_blueprint.ts"].sort()).toEqual(files.sort());
  for (const file of files) {
    const lines = readFileSync(join(folder, file), "utf8").trimEnd().split("\n").length;
    expect(lines, file).toBeGreaterThanOrEqual(20);
    expect(lines, file).toBeLessThanOrEqual(60);
  }
});

test("names are told apart, and each title is one line", () => {
  const all = [...scenarios, blueprint];
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { title } of [...all, ...parts]) expect(title).toMatch(/^[^\n]{10,110}$/);
});

test("the fault tolerance tests have a part for each component of the promise", () => {
  expect(parts.map(({ name }) => name)).toEqual([
    "monitor",
    "engine",
    "driver",
    "central",
    "kafka",
    "multiple",
  ]);
});
