// The supervisor with real stub processes: ready, stop, kill, ends by itself, order, logs, and its own death.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  livingSupervisor,
  pidPathOf,
  removeLeftovers,
  takeLock,
} from "../../../simulator/fleet/leftovers.ts";
import { identityOf, isAlive, type ProcessIdentity } from "../../../simulator/fleet/process-identity.ts";
import type { ServiceSpec } from "../../../simulator/fleet/service-spec.ts";
import {
  openSupervisor,
  type Supervisor,
  type SupervisorEvent,
} from "../../../simulator/fleet/supervisor.ts";
import { type StubWorld, stubWorld, until } from "../../support/fleet-stub.ts";

let world: StubWorld;
let supervisor: Supervisor | undefined;
let events: SupervisorEvent[];

beforeEach(() => {
  world = stubWorld();
  events = [];
});
afterEach(async () => {
  await supervisor?.stopAll(200);
  supervisor = undefined;
  world.remove();
});

function open(
  specs: ServiceSpec[],
  more: Partial<Pick<Parameters<typeof openSupervisor>[0], "readyWithinMs" | "concurrency" | "prepare">> = {},
): Supervisor {
  supervisor = openSupervisor({
    places: world.places,
    specs,
    commandOf: world.commandOf,
    onEvent: (event) => events.push(event),
    ...more,
  });
  return supervisor;
}

function identityFile(name: string): ProcessIdentity {
  return JSON.parse(readFileSync(pidPathOf(world.places, name), "utf8"));
}

test("a service is running once it says that it started successfully, and stops on SIGTERM", async () => {
  const fleet = open([world.spec("ev-a", "obedient")]);
  const [ready] = await fleet.start(["ev-a"]);
  expect(ready).toMatchObject({ status: "running", why: null });
  expect(ready?.readyAfterMs).toBeGreaterThan(0);
  expect(ready?.memoryBytes).toBeGreaterThan(1_000_000);
  expect(isAlive(identityFile("ev-a"))).toBe(true);
  const [stopped] = await fleet.stop(["ev-a"]);
  expect(stopped).toMatchObject({ status: "stopped", pid: null, code: 0 });
  expect(existsSync(pidPathOf(world.places, "ev-a"))).toBe(false);
  expect(readFileSync(join(world.places.logs, "ev-a.log"), "utf8")).toContain(
    "stub | started successfully\n",
  );
});

test("services that cannot be prepared are told to whoever started them; the others run, and so does the supervisor", async () => {
  const specs = ["ev-a", "ev-b", "ev-c"].map((name) => world.spec(name, "obedient"));
  const fleet = open(specs, {
    prepare: async ({ name }) => {
      if (name !== "ev-b") throw new Error(`no room for the files of ${name}`);
    },
  });
  await expect(fleet.start(["ev-a", "ev-b", "ev-c"])).rejects.toThrow("no room for the files of ev-a");
  expect(fleet.status("ev-b").status).toBe("running");
  expect(fleet.status("ev-c")).toMatchObject({ status: "stopped", pid: null });
});

test("a service that ignores SIGTERM is ended by force within the bound", async () => {
  const fleet = open([world.spec("ev-a", "stubborn")]);
  await fleet.start(["ev-a"]);
  const begun = performance.now();
  const [stopped] = await fleet.stop(["ev-a"], 200);
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(stopped).toMatchObject({ status: "stopped", signal: "SIGKILL" });
});

test("a kill takes the service and what it had started", async () => {
  const fleet = open([world.spec("ev-a", "parent")]);
  await fleet.start(["ev-a"]);
  const log = join(world.places.logs, "ev-a.log");
  await until("the child's number", () => /child \d+\n/.test(readFileSync(log, "utf8")));
  const child = identityOf(Number(/child (\d+)/.exec(readFileSync(log, "utf8"))?.[1]));
  expect(child).toBeDefined();
  const [killed] = await fleet.kill(["ev-a"]);
  expect(killed).toMatchObject({ status: "killed", pid: null });
  await until("the child to be gone", () => child !== undefined && !isAlive(child));
});

test("a service that ends by itself leaves nothing that it had started", async () => {
  const fleet = open([world.spec("ev-a", "abandons")]);
  await fleet.start(["ev-a"]);
  await until("its end", () => fleet.status("ev-a").pid === null);
  const log = readFileSync(join(world.places.logs, "ev-a.log"), "utf8");
  const child = Number(/child (\d+)/.exec(log)?.[1]);
  expect(child).toBeGreaterThan(0);
  await until("the child to be gone", () => identityOf(child) === undefined);
});

test("a service that ends by itself is reported with its last words and not started again", async () => {
  const fleet = open([
    world.spec("ev-a", "refuses"),
    world.spec("ev-b", "leaves"),
    world.spec("ev-c", "breaks"),
  ]);
  const [refused] = await fleet.start(["ev-a", "ev-b", "ev-c"]);
  expect(refused).toMatchObject({ status: "exited", code: 78 });
  expect(refused?.why).toBe("exited by itself with code 78: configuration: TABLE_URL=nonsense: wrong");
  await until("both to end", () => fleet.statuses().every(({ pid }) => pid === null));
  expect(fleet.status("ev-b")).toMatchObject({ status: "exited", code: 3 });
  expect(fleet.status("ev-c")).toMatchObject({ status: "crashed", signal: "SIGABRT" });
  expect(events.filter(({ unexpected }) => unexpected)).toHaveLength(3);
  const [again] = await fleet.start(["ev-b"]);
  expect(again?.readyAfterMs).toBeGreaterThan(0);
});

test("a paused service stands still, says so, and goes on when it is let", async () => {
  const fleet = open([world.spec("ev-a", "ticking")]);
  const [ready] = await fleet.start(["ev-a"]);
  const log = join(world.places.logs, "ev-a.log");
  const ticks = () => readFileSync(log, "utf8").split("tick").length;
  expect(fleet.pause(["ev-a"])[0]).toMatchObject({ status: "paused", pid: ready?.pid, why: null });
  const state = () => readFileSync(`/proc/${ready?.pid}/stat`, "utf8").split(") ")[1]?.[0];
  await until("the kernel to stop it", () => state() === "T");
  await new Promise((resolve) => setTimeout(resolve, 50)); // what it had said is in its log by then
  const before = ticks();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(ticks()).toBe(before);
  const [again] = await fleet.start(["ev-a"]);
  expect(again?.status).toBe("paused");
  expect(fleet.unpause(["ev-a"])[0]?.status).toBe("running");
  await until("it to tick again", () => ticks() > before);
  expect(fleet.unpause(["ev-a"])[0]?.status).toBe("running");
});

test.each(["stop", "kill"] as const)("a paused service can be ended at once: %s", async (verb) => {
  const fleet = open([world.spec("ev-a", "obedient")]);
  await fleet.start(["ev-a"]);
  fleet.pause(["ev-a"]);
  const begun = performance.now();
  const [ended] = await fleet[verb](["ev-a"]);
  expect(performance.now() - begun).toBeLessThan(3_000);
  expect(ended).toMatchObject(
    verb === "stop" ? { status: "stopped", code: 0 } : { status: "killed", signal: "SIGKILL" },
  );
});

test("a process killed from outside shows as killed", async () => {
  const fleet = open([world.spec("ev-a", "obedient")]);
  const [ready] = await fleet.start(["ev-a"]);
  process.kill(ready?.pid ?? 0, "SIGKILL");
  await until("the end to be seen", () => fleet.status("ev-a").pid === null);
  expect(fleet.status("ev-a").status).toBe("killed");
});

test("services start after those they depend on, even after one that failed", async () => {
  const fleet = open([
    world.spec("ev-c", "obedient", { dependsOn: ["ev-b", "ev-elsewhere"] }),
    world.spec("ev-b", "refuses", { dependsOn: ["ev-a"] }),
    world.spec("ev-a", "obedient"),
  ]);
  await fleet.start(fleet.names());
  const order = events.map(({ status }) => `${status.name} ${status.status}`);
  expect(order).toEqual([
    "ev-a starting",
    "ev-a running",
    "ev-b starting",
    "ev-b exited",
    "ev-c starting",
    "ev-c running",
  ]);
});

test("no more services than allowed are between start and ready", async () => {
  const fleet = open(
    ["ev-a", "ev-b", "ev-c", "ev-d"].map((name) => world.spec(name, "obedient")),
    { concurrency: 2 },
  );
  await fleet.start(fleet.names());
  let starting = 0;
  let most = 0;
  for (const { status } of events) {
    starting += status.status === "starting" ? 1 : -1;
    most = Math.max(most, starting);
  }
  expect(most).toBe(2);
});

test("a service that never says ready holds up nobody for longer than the bound", async () => {
  const fleet = open(
    [world.spec("ev-a", "silent"), world.spec("ev-b", "obedient", { dependsOn: ["ev-a"] })],
    {
      readyWithinMs: 300,
    },
  );
  const [silent, after] = await fleet.start(["ev-a", "ev-b"]);
  expect(silent?.status).toBe("starting");
  expect(after?.status).toBe("running");
});

test("everything stops in order: drivers, then engines and monitors, brokers last", async () => {
  const fleet = open([
    world.spec("ev-kafka", "obedient", { role: "kafka" }),
    world.spec("ev-central", "obedient", { role: "central" }),
    world.spec("ev-cp-e-1", "obedient", { role: "engine" }),
    world.spec("ev-driver-alice", "obedient", { role: "driver" }),
  ]);
  await fleet.start(fleet.names());
  events.length = 0;
  await fleet.stopAll(5_000);
  const order = events.map(({ status }) => status.name);
  expect(order).toEqual(["ev-driver-alice", "ev-cp-e-1", "ev-central", "ev-kafka"]);
});

test("one that hangs does not cost the others their orderly end", async () => {
  const fleet = open([
    world.spec("ev-kafka", "slow", { role: "kafka" }),
    world.spec("ev-driver-alice", "stubborn", { role: "driver" }),
  ]);
  await fleet.start(fleet.names());
  const begun = performance.now();
  await fleet.stopAll(1_500);
  expect(performance.now() - begun).toBeLessThan(3_000);
  expect(fleet.status("ev-kafka")).toMatchObject({ status: "stopped", code: 0 });
});

test("a spec's files are written before its start, for this user alone", async () => {
  const path = join(world.places.run, "CP-001.registration.json");
  const fleet = open([world.spec("ev-a", "obedient", { files: [{ path, content: "{}\n" }] })]);
  await fleet.start(["ev-a"]);
  expect(readFileSync(path, "utf8")).toBe("{}\n");
});

test("a start uses the newest description", async () => {
  const fleet = open([world.spec("ev-a", "obedient")]);
  await fleet.start(["ev-a"]);
  fleet.describe([world.spec("ev-a", "leaves", { port: 8123 }), world.spec("ev-new", "obedient")]);
  await fleet.kill(["ev-a"]);
  await fleet.start(["ev-a", "ev-new"]);
  expect(fleet.status("ev-a").port).toBe(8123);
  expect(fleet.status("ev-new").status).toBe("running");
});

test("a supervisor killed with SIGKILL leaves no obedient child, and the next one ends those that stay", async () => {
  const script = join(world.places.state, "dying-supervisor.ts");
  const here = join(import.meta.dirname, "../../..");
  writeFileSync(
    script,
    `import { takeLock } from "${here}/simulator/fleet/leftovers.ts";
     import { openSupervisor } from "${here}/simulator/fleet/supervisor.ts";
     const [places, specs] = JSON.parse(process.argv[2]);
     takeLock(places, 0);
     const commandOf = (spec) => ({ file: process.execPath, args: [places.state + "/" + spec.entry], cwd: places.state, env: {} });
     const fleet = openSupervisor({ places, specs, commandOf });
     await fleet.start(fleet.names());
     console.log("all ready");
     setInterval(() => {}, 1000);`,
  );
  const specs = [world.spec("ev-a", "obedient"), world.spec("ev-b", "orphan")];
  const dying = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", script, JSON.stringify([world.places, specs])],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  try {
    let said = "";
    dying.stdout.on("data", (chunk) => {
      said += chunk;
    });
    await until("both to be ready", () => said.includes("all ready"), 10_000);
    const obedient = identityFile("ev-a");
    const orphan = identityFile("ev-b");
    expect(() => takeLock(world.places, 0)).toThrow(/already runs with state .*ev down/);
    dying.kill("SIGKILL");
    await until("the obedient one to end by itself", () => !isAlive(obedient));
    await until("the lock to be nobody's", () => livingSupervisor(world.places) === undefined);
    expect(isAlive(orphan)).toBe(true);

    const unlock = takeLock(world.places, 0);
    const removed = await removeLeftovers(world.places, 1_000);
    expect(removed).toContain("ev-b");
    expect(isAlive(orphan)).toBe(false);
    unlock();
  } finally {
    dying.kill("SIGKILL");
    await removeLeftovers(world.places, 500);
  }
});

test("a process file whose number now means another process harms nobody", async () => {
  const innocent = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
    detached: true,
    stdio: "ignore",
  });
  try {
    const file = pidPathOf(world.places, "ev-a");
    writeFileSync(file, JSON.stringify({ pid: innocent.pid, started: "another-boot:1" }));
    expect(await removeLeftovers(world.places, 500)).toEqual([]);
    expect(innocent.exitCode).toBeNull();
    expect(identityOf(innocent.pid ?? 0)).toBeDefined();
    expect(existsSync(file)).toBe(false);
  } finally {
    innocent.kill("SIGKILL");
  }
});
