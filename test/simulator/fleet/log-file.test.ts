// A service's log and its readers: bounded, and no line lost to a follower when the file turns.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { follow, readLines } from "../../../simulator/cli/log-reader.ts";
import { openLogFile } from "../../../simulator/fleet/log-file.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ev-log-"));
  path = join(dir, "ev-a.log");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a full log turns, keeps one older part, and reading gives both in order", () => {
  const log = openLogFile(path, 1_000);
  for (let i = 0; i < 150; i++) log.write(`line ${String(i).padStart(4, "0")}\n`);
  log.close();
  expect(statSync(path).size).toBeLessThanOrEqual(1_000);
  expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(1_000);
  const lines = readLines(path, undefined);
  expect(lines.at(-1)).toBe("line 0149");
  expect(lines).toEqual([...lines].sort());
  expect(readLines(path, 3)).toEqual(["line 0147", "line 0148", "line 0149"]);
  expect(readLines(path, 120)).toHaveLength(120);
  expect(readLines(path, 0)).toEqual([]);
});

test("a log goes on after its process starts again", () => {
  for (const text of ["one\n", "two\n"]) {
    const log = openLogFile(path);
    log.write(text);
    log.close();
  }
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
});

test("a follower sees every new line once, across the turn to a new file", () => {
  const log = openLogFile(path, 200);
  log.write("before\n");
  const follower = follow(path);
  const seen: string[] = [];
  for (let i = 0; i < 60; i++) {
    log.write(`line ${i}\n`);
    if (i % 7 === 0) seen.push(...follower.more());
  }
  log.write("half a ");
  seen.push(...follower.more());
  log.write("line\n");
  seen.push(...follower.more());
  expect(seen).toEqual([...Array.from({ length: 60 }, (_, i) => `line ${i}`), "half a line"]);
  follower.close();
  log.close();
});

test("a follower waits for a log that does not exist yet", () => {
  const follower = follow(path);
  expect(follower.more()).toEqual([]);
  const log = openLogFile(path);
  log.write("first\n");
  expect(follower.more()).toEqual(["first"]);
  follower.close();
  log.close();
});
