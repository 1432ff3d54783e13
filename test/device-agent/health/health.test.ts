import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openProbe } from "../../../device-agent/health/health-client.ts";
import { serveHealth } from "../../../device-agent/health/health-server.ts";
import { type HealthReply, lineCutter } from "../../../device-agent/health/protocol.ts";
import { openLog, silentLog } from "../../../wire/process/log.ts";
import { until } from "../../wire/mqtt/support.ts";

const afterwards: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of afterwards.splice(0).reverse()) await step();
});

const well: HealthReply = {
  epoch: 3,
  tickAgeMs: 5,
  journalWritable: true,
  chargerHeardMs: 400,
  operative: true,
  sid: null,
};

function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "ev-h-"));
  afterwards.push(() => rmSync(folder, { recursive: true }));
  return join(folder, "run", "health.sock");
}
async function serve(path: string, reply: () => HealthReply = () => well, log = silentLog) {
  const server = await serveHealth(path, reply, log);
  afterwards.push(() => server.close());
  return server;
}
function probeOf(path: string, timeoutMs = 500) {
  const probe = openProbe(path, timeoutMs);
  afterwards.push(() => probe.close());
  return probe;
}

test("a probe is answered with what the engine says at that moment, over one connection", async () => {
  const path = freshPath();
  let epoch = 1;
  await serve(path, () => ({ ...well, epoch: epoch++ }));
  const probe = probeOf(path);
  for (const expected of [1, 2, 3])
    expect(await probe.probe()).toEqual({ is: "reply", reply: { ...well, epoch: expected } });
  expect(statSync(join(path, "..")).mode & 0o777).toBe(0o750);
  expect(statSync(path).mode & 0o777).toBe(0o660);
});

test("without an engine the answer is at once that it is not running; when it comes, the next probe succeeds", async () => {
  const path = freshPath();
  const probe = probeOf(path, 5_000);
  expect(await probe.probe()).toEqual({ is: "no-answer", why: "engine not running" });
  const server = await serve(path);
  expect(await probe.probe()).toMatchObject({ is: "reply" });
  await server.close();
  expect(existsSync(path)).toBe(false);
  expect(await probe.probe()).toEqual({ is: "no-answer", why: "engine not running" });
  await serve(path);
  expect(await probe.probe()).toMatchObject({ is: "reply" });
});

test("a stale socket file is replaced, a file that is none is left alone", async () => {
  const path = freshPath();
  const child = engineProcess(path);
  await until("the first engine", () => existsSync(path));
  child.kill("SIGKILL");
  await until("killed", () => child.signalCode !== null);
  expect(existsSync(path)).toBe(true);
  await serve(path);
  expect(await probeOf(path).probe()).toMatchObject({ is: "reply" });
  const other = freshPath();
  await serve(other).then((server) => server.close());
  writeFileSync(other, "precious");
  await expect(serve(other)).rejects.toThrow(/no socket/);
});

test("an engine that ends late does not take its successor's socket away", async () => {
  const path = freshPath();
  const old = await serve(path);
  await serve(path);
  await old.close();
  expect(await probeOf(path).probe()).toMatchObject({ is: "reply" });
});

test("requests that are too long or no requests are cut, the others are answered", async () => {
  const path = freshPath();
  const lines: string[] = [];
  await serve(
    path,
    () => well,
    openLog("E", (line) => lines.push(line)),
  );
  for (const bytes of [Buffer.alloc(10_000_000, 65), "{}\n", '{"v":1,"n":-1}\n', "\n"]) {
    const socket = connect(path);
    socket.on("error", () => {});
    socket.write(bytes);
    await until("cut", () => socket.closed);
  }
  expect(lines.filter((line) => line.includes("above 1024 bytes"))).toHaveLength(1);
  expect(lines).toHaveLength(4);
  expect(await probeOf(path).probe()).toMatchObject({ is: "reply" });
});

test("of many connections the newest four live", async () => {
  const path = freshPath();
  await serve(path);
  const sockets = Array.from({ length: 10 }, () => connect(path));
  afterwards.push(() => sockets.map((socket) => socket.destroy()));
  await until("six cut", () => sockets.filter((socket) => socket.closed).length === 6);
  expect(await probeOf(path).probe()).toMatchObject({ is: "reply" });
});

test("an engine whose answer throws loses the connection, not its loop", async () => {
  const path = freshPath();
  let broken = true;
  const lines: string[] = [];
  await serve(
    path,
    () => {
      if (broken) throw new Error("no state yet");
      return well;
    },
    openLog("E", (line) => lines.push(line)),
  );
  const probe = probeOf(path);
  expect(await probe.probe()).toEqual({ is: "no-answer", why: "connection closed" });
  expect(lines[0]).toContain("no state yet");
  broken = false;
  expect(await probe.probe()).toMatchObject({ is: "reply" });
});

test("a stopped engine gives a time-out, and answers again once it goes on, however many probes it missed", async () => {
  const path = freshPath();
  const child = engineProcess(path);
  await until("engine", () => existsSync(path));
  const probe = probeOf(path, 60);
  child.kill("SIGSTOP");
  const started = performance.now();
  for (let i = 0; i < 8; i++)
    expect(await probe.probe()).toEqual({ is: "no-answer", why: "no answer within 60 ms" });
  expect(performance.now() - started).toBeGreaterThan(8 * 59);
  child.kill("SIGCONT");
  let replies = 0;
  for (let i = 0; i < 20 && replies === 0; i++) if ((await probe.probe()).is === "reply") replies += 1;
  expect(replies).toBe(1);
});

test("an answer that lies ready counts although the prober itself was late", async () => {
  const path = freshPath();
  engineProcess(path);
  await until("engine", () => existsSync(path));
  const probe = probeOf(path, 100);
  await probe.probe();
  const outcome = probe.probe();
  // The request must leave before this process goes deaf.
  await new Promise((resolve) => setImmediate(resolve));
  const end = performance.now() + 300;
  while (performance.now() < end);
  expect(await outcome).toMatchObject({ is: "reply" });
});

function engineProcess(path: string): ChildProcess {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "test/device-agent/health/stub-engine.ts"],
    { env: { ...process.env, HEALTH_SOCKET: path }, stdio: ["ignore", "inherit", "inherit"] },
  );
  afterwards.push(() => child.kill("SIGKILL"));
  return child;
}

test("lines are cut wherever the bytes are, and a long one is refused", () => {
  const cut = lineCutter(4);
  expect(cut(Buffer.from("ab"))).toEqual([]);
  expect(cut(Buffer.from("c\n\nde"))).toEqual(["abc", ""]);
  expect(cut(Buffer.from("fg\n"))).toEqual(["defg"]);
  expect(cut(Buffer.from("12345"))).toBeNull();
  expect(lineCutter(4)(Buffer.from("12345\n"))).toBeNull();
});
