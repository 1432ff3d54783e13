// Fetching: once, whole or not at all, and a failure that says what to do.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fetchedOnce } from "../../../simulator/servers/cache.ts";
import { fetchJars } from "../../../simulator/servers/maven.ts";

const before = { cache: process.env.XDG_CACHE_HOME, path: process.env.PATH };
let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "ev-cache-"));
  process.env.XDG_CACHE_HOME = cache;
});
afterEach(() => {
  if (before.cache === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before.cache;
  process.env.PATH = before.path ?? "";
  rmSync(cache, { recursive: true });
});

/** Puts a program of this name first on the path. */
function programOnPath(name: string, script: string): void {
  writeFileSync(join(cache, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  process.env.PATH = `${cache}:${before.path}`;
}
const jars = { title: "Some Server 1", name: "some/1", megabytes: 1, artifacts: ["a:b:1"] };

test("what was fetched is kept; what failed leaves nothing and is fetched again", async () => {
  let runs = 0;
  const fetch = (fails: boolean) =>
    fetchedOnce("some/thing", async (fresh) => {
      runs += 1;
      writeFileSync(join(fresh, "part"), "x");
      if (fails) throw new Error("cut");
    });
  await expect(fetch(true)).rejects.toThrow("cut");
  expect(readdirSync(join(cache, "ev-charging", "some"))).toEqual([]);
  const folder = await fetch(false);
  expect(await fetch(false)).toBe(folder);
  expect([runs, readdirSync(folder)]).toEqual([2, ["part"]]);
});

test("two that fetch the same at once both have it", async () => {
  const both = Promise.withResolvers<void>();
  let filled = 0;
  const fetch = () =>
    fetchedOnce("some/thing", async (fresh) => {
      writeFileSync(join(fresh, "part"), "x");
      if (++filled === 2) both.resolve();
      await both.promise;
    });
  const folders = await Promise.all([fetch(), fetch()]);
  expect(folders[0]).toBe(folders[1]);
  expect(readdirSync(join(cache, "ev-charging", "some"))).toEqual(["thing"]);
  expect(readdirSync(join(cache, "ev-charging", "some", "thing"))).toEqual(["part"]);
});

test("jars come by Maven, and the pom stays out of their folder", async () => {
  programOnPath(
    "mvn",
    'for a in "$@"; do case $a in -DoutputDirectory=*) touch "$(echo $a | cut -d= -f2)/b-1.jar";; esac; done',
  );
  const said: string[] = [];
  const folder = await fetchJars(jars, (line) => said.push(line));
  expect(readdirSync(folder)).toEqual(["b-1.jar"]);
  expect(said).toEqual([
    "Some Server 1: fetching about 1 MB from Maven Central, once",
    "Some Server 1: fetched",
  ]);
  await fetchJars(jars, (line) => said.push(line));
  expect(said).toHaveLength(2);
});

test("a download that fails names the reason and what to do, and keeps nothing", async () => {
  programOnPath("mvn", 'echo "[INFO] Scanning"; echo "[ERROR] repo.maven.apache.org: Unknown host"; exit 1');
  await expect(fetchJars(jars, () => {})).rejects.toThrow(
    /Some Server 1 could not be fetched .*mvn exit 1.*Unknown host[\s\S]*Check that this machine reaches/,
  );
  expect(existsSync(join(cache, "ev-charging", "some", "1"))).toBe(false);
});

test("without Maven the complaint says which packages to install", async () => {
  process.env.PATH = cache;
  await expect(fetchJars(jars, () => {})).rejects.toThrow(/mvn cannot be run .*apt-get install .*maven/);
});
