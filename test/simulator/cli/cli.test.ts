// The command line as a real process against a supervisor of stub services on a real control socket.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { controlHandler } from "../../../simulator/fleet/control-handler.ts";
import { type ControlServer, serveControl } from "../../../simulator/fleet/control-server.ts";
import { readFleet } from "../../../simulator/fleet/fleet-files.ts";
import { openSupervisor, type Supervisor } from "../../../simulator/fleet/supervisor.ts";
import { type StubWorld, stubWorld, until } from "../../support/fleet-stub.ts";

let world: StubWorld;
let supervisor: Supervisor;
let control: ControlServer;
let downs = 0;

beforeAll(async () => {
  world = stubWorld();
  readFleet(world.places.fleet);
  const specs = [
    world.spec("ev-central", "chatty", { role: "central", port: 8000 }),
    world.spec("ev-cp-e-5", "obedient", { role: "engine", subject: "CP-005" }),
    world.spec("ev-cp-m-5", "refuses", { role: "monitor", subject: "CP-005" }),
  ];
  supervisor = openSupervisor({ places: world.places, specs, commandOf: world.commandOf });
  control = await serveControl(
    world.places.controlSocket,
    controlHandler(
      supervisor,
      () => specs,
      () => downs++,
    ),
  );
  await supervisor.start(["ev-central", "ev-cp-e-5"]);
});
afterAll(async () => {
  await control.close();
  await supervisor.stopAll(500);
  world.remove();
});

interface Ran {
  code: number | null;
  out: string;
  err: string;
}
function ev(argv: string[], state = world.places.state): Promise<Ran> {
  const cli = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "simulator/cli.ts", ...argv],
    {
      env: { PATH: process.env.PATH, EV_STATE: state },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const ran: Ran = { code: null, out: "", err: "" };
  cli.stdout.on("data", (chunk) => {
    ran.out += chunk;
  });
  cli.stderr.on("data", (chunk) => {
    ran.err += chunk;
  });
  return new Promise((resolve) => cli.once("close", (code) => resolve({ ...ran, code })));
}

test("ps lists every service, as a table and as JSON", async () => {
  const table = await ev(["ps"]);
  expect(table.out).toMatch(/NAME\s+ROLE\s+STATUS\s+LINK\s+SINCE\s+PORT\s+PID\s+MEMORY/);
  expect(table.out).toMatch(/ev-central\s+central\s+running\s+-\s+\d.*\s8000\s+\d+\s+\d+ MB/);
  expect(table.out).toMatch(/ev-cp-m-5\s+monitor CP-005\s+stopped/);
  const services = JSON.parse((await ev(["ps", "--json"])).out);
  expect(services[0]).toMatchObject({
    name: "ev-central",
    status: "running",
    port: 8000,
    pid: expect.any(Number),
  });
});

test("kill, start and stop say what became of each service and how long it took", async () => {
  const killed = await ev(["kill", "ev-cp-e-5", "ev-cp-m-5"]);
  expect(killed).toMatchObject({ code: 0, err: "" });
  expect(killed.out).toMatch(
    /^ev-cp-e-5 was killed\nev-cp-m-5 was not running \(stopped\)\nkill took \d\.\d\d s\n$/,
  );
  const started = await ev(["start", "cp-e-5"]);
  expect(started.out).toMatch(/^ev-cp-e-5 is ready after \d\.\d\d s \(process \d+\)\nstart took/);
  const stopped = await ev(["stop", "ev-cp-e-5", "--json"]);
  expect(JSON.parse(stopped.out)).toMatchObject({
    verb: "stop",
    took_ms: expect.any(Number),
    services: [{ name: "ev-cp-e-5", status: "stopped", code: 0, changed: true }],
  });
});

test("start without names starts what does not run, and fails with the reason of what did not come up", async () => {
  const started = await ev(["start"]);
  expect(started.code).toBe(1);
  expect(started.out).toMatch(
    /ev-cp-m-5 exited by itself with code 78: configuration: TABLE_URL=nonsense: wrong/,
  );
  expect(started.out).not.toContain("ev-central");
});

test.each([
  [["kill", "ev-cp-e-55"], "there is no service ev-cp-e-55: did you mean ev-cp-e-5"],
  [["logs", "ev-driver-alise"], "there is no service ev-driver-alise: did you mean ev-driver-alice"],
  [["strat"], "there is no command strat: did you mean `ev start`"],
  [["stop"], "stop which service?"],
  [["ps", "--forget", "--yes"], "ps takes no --forget: it is an option of remove and clean"],
  [["logs", "ev-central", "--json"], "logs takes no --json"],
  [["down", "--need-kwh", "3"], "down takes no --need-kwh: it is an option of plug"],
  [["logs", "ev-central", "--grep", "("], "--grep=( is no regular expression"],
])("%j is one clear line", async (argv, message) => {
  const ran = await ev(argv);
  expect(ran).toMatchObject({ code: 1, out: "" });
  expect(ran.err).toContain(`ev: ${message}`);
  expect(ran.err.trim().split("\n")).toHaveLength(1);
});

test("logs: the tail, a pattern, and several services merged", async () => {
  const tail = await ev(["logs", "ev-central", "--tail", "2"]);
  expect(tail.out).toBe("line 298\nline 299\n");
  const found = await ev(["logs", "--grep", "LINE 1[0-2]$", "ev-central"]);
  expect(found.out).toBe("line 10\nline 11\nline 12\n");
  const merged = await ev(["logs", "ev-central", "ev-cp-e-5"]);
  expect(merged.out).toMatch(/^ev-central \| .*ev-central starting \(process \d+\)$/m);
  expect(merged.out).toMatch(/^ev-cp-e-5 {2}\| .*ev-cp-e-5 was killed$/m);
});

test("logs -f shows what comes", async () => {
  const cli = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "simulator/cli.ts", "logs", "-f", "--tail", "0", "ev-cp-e-5"],
    { env: { PATH: process.env.PATH, EV_STATE: world.places.state }, stdio: ["ignore", "pipe", "inherit"] },
  );
  let out = "";
  cli.stdout.on("data", (chunk) => {
    out += chunk;
  });
  try {
    // The follower begins at the end of the file at a moment that it does not tell: write until it shows.
    await until(
      "a new line",
      () => {
        if (supervisor.status("ev-cp-e-5").pid === null) void supervisor.start(["ev-cp-e-5"]);
        else void supervisor.kill(["ev-cp-e-5"]);
        return /ev-cp-e-5 (starting|was killed)/.test(out);
      },
      10_000,
    );
  } finally {
    cli.kill("SIGKILL");
  }
});

test("without a fleet, ps says so, a verb fails with the cure, and down has nothing to do", async () => {
  const nowhere = join(world.places.state, "elsewhere");
  expect(await ev(["ps", "--json"], nowhere)).toMatchObject({ code: 0, out: "[]\n" });
  const start = await ev(["start"], nowhere);
  expect(start.code).toBe(1);
  expect(start.err).toMatch(/no fleet runs with state .*elsewhere: `npm start` or `ev up` starts one/);
  expect((await ev(["down"], nowhere)).out).toMatch(/^nothing was running with state/);
});

test("what the machine refuses is one line with what to do, without a stack", async () => {
  const ran = await ev(["add-cp", "11"], "/sys/ev-nowhere");
  expect(ran).toMatchObject({ code: 1, out: "" });
  expect(ran.err).toMatch(/^ev: E[A-Z]+: .*, mkdir '\/sys\/ev-nowhere': [a-z ]+, then repeat the command\n$/);
});

test("help names every verb, and an unknown option is refused", async () => {
  const help = await ev(["help"]);
  for (const verb of ["up", "down", "ps", "logs", "start", "stop", "kill"])
    expect(help.out).toContain(`  ev ${verb}`);
  expect((await ev(["ps", "--verbose"])).err).toContain("unknown option --verbose");
});

test("down stops everything and then lets the supervisor end", async () => {
  const down = await ev(["down", "--json"]);
  expect(down.code).toBe(0);
  expect(JSON.parse(down.out)).toMatchObject({ verb: "down", state: world.places.state });
  expect(supervisor.statuses().every(({ pid }) => pid === null)).toBe(true);
  await until("the end to be asked for", () => downs === 1);
});
