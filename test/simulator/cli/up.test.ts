// `ev up` as a real process, with one real service (the MQTT broker): start, Ctrl-C, again with its state, detached,
// and what it says when it cannot start.
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identityOf, isAlive } from "../../../simulator/fleet/process-identity.ts";
import { isTaken } from "../../../simulator/servers/ports.ts";
import { until } from "../../support/fleet-stub.ts";

let state: string;
let offset: number;
let children: ChildProcess[];

beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), "ev-up-"));
  offset = await freeOffset();
  children = [];
});
afterEach(async () => {
  await ev("down").over;
  for (const child of children) child.kill("SIGKILL");
  rmSync(state, { recursive: true, force: true });
});

/** The broker's port and Central's are free, and below those that outgoing connections get. */
async function freeOffset(): Promise<number> {
  for (;;) {
    const found = randomInt(20_000, 24_000);
    if (!(await isTaken(1883 + found)) && !(await isTaken(8000 + found))) return found;
  }
}

/** One run of the command; `said` grows, `over` resolves with the exit code. */
function ev(...argv: string[]) {
  return evWith({}, ...argv);
}
function evWith(env: Record<string, string>, ...argv: string[]) {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "simulator/cli.ts", ...argv],
    {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        EV_STATE: state,
        EV_PORT_OFFSET: String(offset),
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  children.push(child);
  const run = {
    child,
    said: "",
    over: new Promise<number | null>((resolve) => child.once("close", resolve)),
  };
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      run.said += chunk;
    });
  return run;
}
const upOfOne = (...more: string[]) => ev("up", "--only", "mqtt", ...more);
const ready = (run: { said: string }) =>
  until("the fleet to be ready", () => run.said.includes("1 of 1 services ready"), 15_000);
const brokerPid = () => Number(JSON.parse(readFileSync(join(state, "run", "ev-mqtt.pid"), "utf8")).pid);

test("it starts, says where everything is, ends cleanly on Ctrl-C and starts again with its state", async () => {
  const first = upOfOne();
  await ready(first);
  expect(first.said).toMatch(/wrote the base fleet/);
  expect(first.said).toContain(`mqtt://localhost:${1883 + offset}`);
  // No Central of its own: no link of an operator.
  expect(first.said).not.toContain("operator page");
  const broker = identityOf(brokerPid());
  // The launcher hands on the signal that the terminal sent already: two at once are one Ctrl-C.
  first.child.kill("SIGINT");
  first.child.kill("SIGINT");
  expect(await first.over).toBe(0);
  expect(first.said).toMatch(/stopped 1 services in \d\.\d\d s/);
  expect(broker && isAlive(broker)).toBe(false);

  const second = upOfOne();
  await ready(second);
  expect(second.said).not.toContain("wrote the base fleet");
  second.child.kill("SIGTERM");
  expect(await second.over).toBe(0);
}, 40_000);

test("a second fleet with the same state is refused while the first goes on", async () => {
  const first = upOfOne();
  await ready(first);
  const second = upOfOne();
  expect(await second.over).toBe(1);
  expect(second.said).toMatch(
    /^ev: a fleet already runs with state .* or run a second one with --state DIR --port-offset N\n$/,
  );
  const services = ev("ps");
  await services.over;
  expect(services.said).toMatch(/ev-mqtt\s+mqtt\s+running/);
}, 40_000);

test("detached, it leaves when all is ready, and down ends it", async () => {
  const up = upOfOne("--detach");
  expect(await up.over).toBe(0);
  expect(up.said).toMatch(/1 of 1 services ready.*ev down` stops it/s);
  const broker = identityOf(brokerPid());
  expect(broker && isAlive(broker)).toBe(true);
  const down = ev("down");
  expect(await down.over).toBe(0);
  expect(down.said).toMatch(/^stopped 1 services in \d\.\d\d s; state stays in /);
  expect(broker && isAlive(broker)).toBe(false);
  expect(readdirSync(join(state, "run")).filter((name) => /pid|sock|supervisor/.test(name))).toEqual([]);
}, 40_000);

test("detached again, it starts what does not run and leaves the rest as it is; another size is refused", async () => {
  const up = upOfOne("--detach");
  expect(await up.over).toBe(0);
  const same = ev("up", "--detach");
  expect(await same.over).toBe(0);
  expect(same.said).toMatch(/runs already: starting what does not\nevery service runs already/);
  await ev("kill", "ev-mqtt").over;
  const again = ev("up", "--detach");
  expect(await again.over).toBe(0);
  expect(again.said).toMatch(/ev-mqtt is ready after/);
  for (const other of [upOfOne("--detach"), ev("up", "--detach", "--cps", "20")]) {
    expect(await other.over).toBe(1);
    expect(other.said).toMatch(/a fleet already runs with state/);
  }
}, 40_000);

test("detached, a service that does not come up is told and fails the command; the others run", async () => {
  const up = evWith({ TABLE_URL: "nonsense" }, "up", "--detach", "--only", "mqtt,central");
  expect(await up.over).toBe(1);
  expect(up.said).toMatch(/1 of 2 services ready/);
  expect(up.said).toMatch(/ev-central exited by itself with code 1: .*TABLE_URL=nonsense/);
  expect(up.said).toMatch(/^ev: 1 of its services did not come up, as told above$/m);
  expect(brokerPid()).toBeGreaterThan(0);
}, 60_000);

test("a detached start that is stopped before it is ready says so and fails", async () => {
  const up = upOfOne("--detach");
  const pidFile = join(state, "run", "ev-mqtt.pid");
  const isStarting = () => existsSync(pidFile) && readFileSync(pidFile, "utf8").endsWith("}");
  await until("the broker to be starting", isStarting, 20_000);
  process.kill(brokerPid(), "SIGSTOP"); // frozen before it could say that it is ready
  expect(await ev("down").over).toBe(0);
  expect(await up.over).toBe(1);
  expect(up.said).toContain(
    `ev: the fleet ended before it was ready: see ${join(state, "logs", "fleet.log")}\n`,
  );
}, 60_000);

test("detached again with other servers is refused, and so is a fleet whose services are paused", async () => {
  expect(await upOfOne("--detach").over).toBe(0);
  const other = evWith({ KAFKA_BOOTSTRAP: "kafka:9092" }, "up", "--detach", "--servers", "real");
  expect(await other.over).toBe(1);
  expect(other.said).toMatch(
    /^ev: the fleet of .* runs already, and not as KAFKA_BOOTSTRAP and --servers real say: stop it first with `ev down`/,
  );
  await ev("pause", "ev-mqtt").over;
  for (const run of [ev("start"), ev("up", "--detach")]) {
    expect(await run.over).toBe(1);
    expect(run.said).toMatch(/ev-mqtt is paused .*`ev unpause ev-mqtt`/);
    expect(run.said).not.toContain("every service runs already");
  }
}, 60_000);

test("another size of a fleet that runs is refused before its files are touched", async () => {
  expect(await upOfOne("--detach", "--no-watch").over).toBe(0);
  const file = join(state, "fleet", "system.json");
  const before = readFileSync(file, "utf8");
  expect(await ev("up", "--cps", "20").over).toBe(1);
  expect(readFileSync(file, "utf8")).toBe(before);
}, 60_000);

test("a taken port is one line that names it, also when detached", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(1883 + offset, "127.0.0.1", resolve));
  const line = `ev: port ${1883 + offset} (for ev-mqtt) is taken: stop what listens there, or move all ports of this fleet with --port-offset N`;
  for (const more of [[], ["--detach"]]) {
    const up = upOfOne(...more);
    expect(await up.over).toBe(1);
    expect(up.said).toContain(line);
    expect(up.said).not.toMatch(/\n\s+at /);
  }
  await new Promise((resolve) => server.close(resolve));
}, 40_000);

test("a wrong value in an editable file is one line that names file and field", async () => {
  const first = upOfOne();
  await ready(first);
  const path = join(state, "fleet", "CP-002.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"power_kw": 11', '"power_kw": "much"'));
  const start = ev("start");
  expect(await start.over).toBe(1);
  expect(start.said).toMatch(/^ev: .*CP-002\.json: power_kw: .*expected number.*\n$/);
  await ev("down").over;
  const again = upOfOne();
  expect(await again.over).toBe(1);
  expect(again.said).toMatch(/^ev: .*CP-002\.json: power_kw: /);
}, 40_000);

test("after the supervisor was killed the next start removes what it left and goes on", async () => {
  const first = upOfOne();
  await ready(first);
  first.child.kill("SIGKILL");
  await first.over;
  const second = upOfOne();
  await ready(second);
}, 40_000);
