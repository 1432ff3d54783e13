// Servers as processes: found again by their pid file, ended for certain, explained when they do not come up.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { isAlive } from "../../../simulator/fleet/process-identity.ts";
import {
  endServer,
  runningServer,
  type ServerCommand,
  startServer,
  whenReady,
} from "../../../simulator/servers/server-process.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) {
    await endServer({ folder, name: "one" }, "SIGKILL");
    rmSync(folder, { recursive: true });
  }
});

function command(script: string): ServerCommand {
  const folder = mkdtempSync(join(tmpdir(), "ev-server-"));
  folders.push(folder);
  return {
    name: "one",
    folder,
    program: process.execPath,
    args: ["-e", script],
    toInstall: "install it",
    lasting: false,
  };
}
const never = () => Promise.resolve(false);

test("a server is found by its pid file until it is ended, also one that does not want to end", async () => {
  const one = command(`process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1e6)`);
  const identity = await startServer(one);
  expect(runningServer(one.folder, "one")).toEqual(identity);
  const isUp = async () => readFileSync(join(one.folder, "one.log"), "utf8").includes("up");
  await whenReady({ ...one, title: "One", identity }, isUp, 20_000);
  await endServer(one, "SIGTERM", 100);
  expect(isAlive(identity)).toBe(false);
  expect(runningServer(one.folder, "one")).toBeUndefined();
  await endServer(one, "SIGTERM");
});

test("a number that another process has by now, or a damaged pid file, means no server", () => {
  const { folder } = command("");
  writeFileSync(join(folder, "one.pid"), JSON.stringify({ pid: process.pid, started: "another boot:1" }));
  expect(runningServer(folder, "one")).toBeUndefined();
  writeFileSync(join(folder, "one.pid"), "{");
  expect(runningServer(folder, "one")).toBeUndefined();
});

test("a server that ends before it is ready is a complaint with its own last words", async () => {
  const one = command(`console.error("no such setting: colour"); process.exit(3)`);
  const identity = await startServer(one);
  const ready = whenReady({ ...one, title: "One", identity }, never, 20_000);
  await expect(ready).rejects.toThrow(/^One ended before it was ready; [\s\S]*no such setting: colour/);
});

test("a server that never answers is ended, and the complaint says how long it had", async () => {
  const one = command("setInterval(() => {}, 1e6)");
  const identity = await startServer(one);
  await expect(whenReady({ ...one, title: "One", identity }, never, 100)).rejects.toThrow(
    /^One does not answer after 0.1 s/,
  );
  expect(isAlive(identity)).toBe(false);
});

test("a program that is not there is a complaint that says what to do", async () => {
  const one = { ...command(""), program: "no-such-program" };
  await expect(startServer(one)).rejects.toThrow(/no-such-program cannot be run .*: install it/);
});
