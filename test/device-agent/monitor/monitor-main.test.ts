// The monitor as a process: a real broker, a real engine stand-in on a real socket, real signals. Probes run five
// times faster than in the field, so that the tests stay short; the ratios between the times are the field's.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openProbe } from "../../../device-agent/health/health-client.ts";
import { openBroker } from "../../../simulator/brokers/mqtt/broker.ts";
import {
  type Ack,
  type Envelope,
  mqttTopics,
  parseEnvelope,
  type Registration,
  StatusReport,
  Will,
} from "../../../wire/messages/index.ts";
import { openLink } from "../../../wire/mqtt/index.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { openProxy, until } from "../../wire/mqtt/support.ts";

const intervalMs = 200;
const cp = "CP-001";
const place: Registration = {
  name: "Harbour",
  address: "Quay 1",
  city: "Valencia",
  latitude: 39.4,
  longitude: -0.3,
  connectorType: "CCS2",
  amenities: [],
  powerW: 50_000,
  priceE5PerKwh: 35_000,
  currency: "EUR",
};

const built = mkdtempSync(join(tmpdir(), "ev-mb-"));
const bundle = join(built, "monitor-main.mjs");
beforeAll(async () => {
  await build({
    entryPoints: ["device-agent/monitor-main.ts"],
    outfile: bundle,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
});
afterAll(() => rmSync(built, { recursive: true }));

const afterwards: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of afterwards.splice(0).reverse()) await step();
});

function start(command: string[], env: Record<string, string>): { child: ChildProcess; lines: string[] } {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...command], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  afterwards.push(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  child.stdout?.on("data", (chunk: Buffer) => lines.push(...chunk.toString().trim().split("\n")));
  return { child, lines };
}

/** The whole neighbourhood of a monitor; messages arrive as the bridge would see them. */
async function world() {
  const folder = mkdtempSync(join(tmpdir(), "ev-mp-"));
  afterwards.push(() => rmSync(folder, { recursive: true }));
  const broker = await openBroker({ host: "127.0.0.1", port: 0, open: true }, silentLog);
  afterwards.push(() => broker.close());
  const proxy = await openProxy(() => broker.port);
  afterwards.push(() => proxy.close());
  const events: Envelope[] = [];
  const bridge = openLink(
    { url: `mqtt://127.0.0.1:${broker.port}`, clientId: "bridge-all", cleanSession: true, keepaliveS: 10 },
    [{ topic: mqttTopics.allMonitorEvents, qos: 1 }],
    {
      up: () => {},
      down: () => {},
      message: (topic, payload) => {
        const parsed = parseEnvelope(payload);
        if (!parsed.ok || topic !== mqttTopics.monitorEvents(cp)) throw new Error("not an envelope");
        events.push(parsed.value);
      },
    },
    silentLog,
  );
  afterwards.push(() => bridge.close());
  await until("bridge", () => bridge.connected);
  const registration = join(folder, "registration.json");
  writeFileSync(registration, JSON.stringify(place));
  const env = {
    CP_ID: cp,
    HEALTH_SOCKET: join(folder, "run", "health.sock"),
    MQTT_URL: `mqtt://127.0.0.1:${proxy.port}`,
    STATE_PATH: join(folder, "monitor.json"),
    REGISTRATION_PATH: registration,
    PROBE_INTERVAL_MS: String(intervalMs),
    PROBE_TIMEOUT_MS: String(intervalMs * 0.8),
    STATUS_INTERVAL_MS: "400",
    STATUS_TTL_MS: "1200",
  };
  const of = (type: string) => events.filter((event) => event.type === type);
  const statuses = () => of("status").map((event) => StatusReport.parse(event.body));
  return {
    proxy,
    bridge,
    events,
    of,
    statuses,
    registration,
    latest: () => statuses().at(-1),
    engine: async () => {
      const engine = start(["test/device-agent/health/stub-engine.ts"], env);
      const probe = openProbe(env.HEALTH_SOCKET, 1_000);
      let serves = false;
      while (!serves) serves = (await probe.probe()).is === "reply";
      probe.close();
      return engine;
    },
    monitor: (other: Record<string, string> = {}) => start([bundle], { ...env, ...other }),
    acknowledge: (event: Envelope) => {
      const { src, journal, epoch, seq } = event;
      const ack: Ack = { kind: "ack", src, journal, epoch, ranges: [[seq, seq]] };
      return bridge.publish(mqttTopics.acks(cp), JSON.stringify(ack), 1);
    },
  };
}
const said = (lines: string[], what: string) => lines.some((line) => line.endsWith(`CP_M:${cp} | ${what}`));

test("killed and stopped engines are noticed, told in the exact words, and so is their return", async () => {
  const w = await world();
  let engine = await w.engine();
  const monitor = w.monitor();
  await until("engine OK", () => w.latest()?.engine === "OK");
  expect(w.statuses().filter((report) => report.engine === "KO")).toEqual([]);

  engine.child.kill("SIGKILL");
  const killed = performance.now();
  await until("engine KO", () => w.latest()?.engine === "KO");
  const killSeenMs = performance.now() - killed;
  expect(w.latest()).toMatchObject({ reason: "engine not running", conn: 1, intervalMs: 400, ttlMs: 1_200 });
  await until("told", () => said(monitor.lines, "Fault notification sent to Central"));
  engine = await w.engine();
  await until("engine OK again", () => w.latest()?.engine === "OK");
  await until("told", () => said(monitor.lines, "Health restoration notification sent to Central"));
  const story = monitor.lines
    .map((line) => line.split(" | ")[1] ?? "")
    .filter((text) => /^(Health|FAULT|Fault)/.test(text));
  expect(story.slice(-7)).toEqual([
    "Health check failed (1)",
    "Health check failed (2)",
    "Health check failed (3)",
    "FAULT DETECTED",
    "Fault notification sent to Central",
    "Health restored",
    "Health restoration notification sent to Central",
  ]);

  engine.child.kill("SIGSTOP");
  const stopped = performance.now();
  await until("engine KO", () => w.latest()?.engine === "KO");
  const stopSeenMs = performance.now() - stopped;
  expect(w.latest()?.reason).toBe("no answer within 160 ms");
  engine.child.kill("SIGCONT");
  await until("engine OK", () => w.latest()?.engine === "OK");
  console.log(
    `kill seen after ${(killSeenMs / intervalMs).toFixed(2)} intervals, stop after ${(stopSeenMs / intervalMs).toFixed(2)}`,
  );
});

test("an engine that lives but does not progress is KO, with the reason", async () => {
  const w = await world();
  const engine = await w.engine();
  w.monitor();
  await until("engine OK", () => w.latest()?.engine === "OK");
  engine.child.stdin?.write('{"chargerHeardMs":12000}\n');
  await until("charger unreachable", () => w.latest()?.reason === "charger unreachable");
  engine.child.stdin?.write('{"chargerHeardMs":100,"tickAgeMs":2500}\n');
  await until("stands still", () => w.latest()?.reason === "engine loop stands still");
  engine.child.stdin?.write('{"tickAgeMs":1}\n');
  await until("engine OK", () => w.latest()?.engine === "OK");
});

test("a monitor that was stopped itself does not blame the engine", async () => {
  const w = await world();
  await w.engine();
  const monitor = w.monitor({ PROBE_TIMEOUT_MS: "400" });
  await until("engine OK", () => w.latest()?.engine === "OK");
  for (let n = 0; n < 4; n++) {
    const before = w.statuses().length;
    monitor.child.kill("SIGSTOP");
    const restMs = performance.now() + 1_000;
    await until("the stop has lasted", () => performance.now() > restMs);
    monitor.child.kill("SIGCONT");
    await until("it reports again", () => w.statuses().length > before);
  }
  expect(w.statuses().filter((report) => report.engine === "KO")).toEqual([]);
});

test("registration is repeated with the same bytes until acknowledged, and anew when the file changes", async () => {
  const w = await world();
  const monitor = w.monitor();
  await until("two registrations", () => w.of("registration").length === 2);
  const [first, again] = w.of("registration");
  expect(again).toEqual(first);
  expect(first?.body).toEqual(place);
  if (first) await w.acknowledge(first);
  await until("acknowledged", () => said(monitor.lines, "registration acknowledged"));
  w.proxy.cut();
  writeFileSync(w.registration, JSON.stringify({ ...place, priceE5PerKwh: 1 }));
  await until("the new price", () => w.of("registration").length === 3);
  const third = w.of("registration")[2];
  expect(third).toMatchObject({ body: { priceE5PerKwh: 1 }, prev: first?.seq });
  // Not acknowledged: a new connection repeats it at once.
  w.proxy.cut();
  await until("again", () => w.of("registration").length === 4);
  expect(w.of("registration")[3]).toEqual(third);
});

test("a monitor that dies leaves its connection's will; one that is stopped in order says the same itself", async () => {
  const w = await world();
  await w.engine();
  const killed = w.monitor();
  await until("engine OK", () => w.latest()?.engine === "OK");
  killed.child.kill("SIGKILL");
  await until("will", () => w.of("will").length === 1);
  const first = w.of("will")[0];
  expect(Will.parse(first?.body)).toEqual({ conn: 1 });

  const next = w.monitor();
  await until("next epoch", () => w.events.at(-1)?.epoch === (first?.epoch ?? 0) + 1);
  await until("engine OK", () => w.of("status").at(-1)?.epoch === (first?.epoch ?? 0) + 1);
  w.proxy.cut();
  await until("will of connection 1", () => w.of("will").length === 2);
  await until("connection 2", () => w.latest()?.conn === 2);
  const asked = performance.now();
  next.child.kill("SIGTERM");
  await until("farewell", () => w.of("will").length === 3);
  expect(performance.now() - asked).toBeLessThan(2_000);
  await until("ended", () => next.child.exitCode === 0, 6_000);
  const second = w.of("will").slice(1);
  expect(second.map((event) => event.body)).toEqual([{ conn: 1 }, { conn: 2 }]);
  // One identity, one payload; numbers rise in order of sending but for wills, numbered when they were left.
  const known = new Map<string, string>();
  for (const event of w.events) {
    const id = `${event.epoch}/${event.seq}`;
    expect(known.get(id) ?? JSON.stringify(event)).toBe(JSON.stringify(event));
    known.set(id, JSON.stringify(event));
  }
});

test("a monitor takes little memory and hardly any processor time", async () => {
  const w = await world();
  await w.engine();
  const monitor = w.monitor();
  await until("engine OK", () => w.latest()?.engine === "OK");
  const [cpu0, at0] = [cpuMs(monitor.child), performance.now()];
  const beats = w.statuses().length;
  await until("some beats", () => w.statuses().length >= beats + 5);
  const share = (cpuMs(monitor.child) - cpu0) / (performance.now() - at0);
  const residentMb = Number(/VmRSS:\s+(\d+) kB/.exec(procFile(monitor.child, "status"))?.[1]) / 1_024;
  console.log(
    `monitor: ${residentMb.toFixed(1)} MB resident, ${(share * 100).toFixed(2)} % of a core at 5 probes/s`,
  );
  expect(residentMb).toBeLessThan(80);
});

function procFile(child: ChildProcess, name: string): string {
  return readFileSync(`/proc/${child.pid}/${name}`, "utf8");
}
/** User and system time; a tick is 10 ms. */
function cpuMs(child: ChildProcess): number {
  const fields = procFile(child, "stat").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
