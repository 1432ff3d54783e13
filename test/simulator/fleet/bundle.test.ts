// Bundles: built once, used until a source changes, and running with CommonJS packages and Node's modules inside.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { bundle } from "../../../simulator/fleet/bundle.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ev-bundle-"));
  mkdirSync(join(root, "node_modules", "old-style"), { recursive: true });
  writeFileSync(
    join(root, "node_modules", "old-style", "index.js"),
    'module.exports = { base: require("node:path").basename("/a/b") };',
  );
  write("word.ts", 'export const word: string = "first";');
  write(
    "one-main.ts",
    'import old from "old-style"; import { word } from "./word.ts"; console.log(word, old.base);',
  );
  write("two-main.ts", 'import { word } from "./word.ts"; console.log("two", word);');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, text: string): void {
  writeFileSync(join(root, name), `${text}\n`);
}
const run = (file: string) => spawnSync(process.execPath, [file], { encoding: "utf8" }).stdout.trim();
const entries = ["one-main.ts", "two-main.ts"];

test("each entry runs from its bundle, and an unchanged source is not bundled again", async () => {
  const first = await bundle(root, entries);
  expect(first.reused).toBe(false);
  expect(run(first.fileOf("one-main.ts"))).toBe("first b");
  expect(run(first.fileOf("two-main.ts"))).toBe("two first");
  const second = await bundle(root, entries);
  expect(second).toMatchObject({ reused: true, dir: first.dir });
});

test("a changed source is bundled again, and what runs from the old bundle keeps its files", async () => {
  const first = await bundle(root, entries);
  write("word.ts", 'export const word: string = "second, longer";');
  const second = await bundle(root, entries);
  expect(second.reused).toBe(false);
  expect(run(second.fileOf("two-main.ts"))).toBe("two second, longer");
  expect(run(first.fileOf("two-main.ts"))).toBe("two first");
});

test("a build stays as long as a process runs from it, however many come after; others go", async () => {
  const builds = () =>
    readdirSync(join(root, "node_modules/.cache/ev")).filter((name) => /^[0-9a-f]{16}$/.test(name));
  const bundlePath = join(import.meta.dirname, "../../../simulator/fleet/bundle.ts");
  const building = (entry: string, then = "") => [
    "--input-type=module",
    "-e",
    `const { bundle } = await import(${JSON.stringify(bundlePath)});
     console.log((await bundle(${JSON.stringify(root)}, ["${entry}"])).fileOf("${entry}")); ${then}`,
  ];
  // Another fleet: it builds, lives on, and starts its services from there much later.
  const other = spawn(process.execPath, building("two-main.ts", "setInterval(() => {}, 1_000);"), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void other.kill("SIGKILL"));
  const [file] = (await once(other.stdout, "data")) as [Buffer];
  for (let n = 0; n < 6; n++) {
    write("word.ts", `export const word: string = "${"another ".repeat(n + 1)}";`);
    expect(spawnSync(process.execPath, building("one-main.ts")).status).toBe(0);
  }
  expect(run(file.toString().trim())).toBe("two first");
  expect(builds()).toHaveLength(5);
  other.kill("SIGKILL");
  await once(other, "close");
  write("word.ts", 'export const word: string = "last of all";');
  await bundle(root, ["one-main.ts"]);
  expect(builds()).toHaveLength(4);
});

test("a missing entry and a source that does not parse are told in words", async () => {
  await expect(bundle(root, ["three-main.ts"])).rejects.toThrow("three-main.ts is missing");
  write("word.ts", "export const word = ;");
  await expect(bundle(root, entries)).rejects.toThrow(/bundling failed: .*word\.ts:1:20/s);
});
