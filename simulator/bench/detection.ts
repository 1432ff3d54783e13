// `npm run bench:detection`: how soon a fault is seen at GET /cp, and how soon all is whole after `ev start`, on a live
// base fleet. `--rounds N` (8) samples each; `--only engine,bridge …` some of it. Figures depend on the machine.
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openTcpProxy, type TcpProxy } from "../faults/tcp-proxy.ts";
import { signalGroup } from "../fleet/process-identity.ts";
import { awaited, quantile, startFleet } from "./bench-fleet.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "8" }, only: { type: "string" } },
});
const rounds = Number(values.rounds);
const only = values.only?.split(",");
const wanted = (what: string) => only === undefined || only.some((word) => what.includes(word));

const portOffset = 14_000;
const seenWithinMs = 20_000;
const wholeWithinMs = 60_000;
const lookEveryMs = 25;

interface CpAnswer {
  charging_points: { cp_id: string; state: string; monitor_last_seen: string | null }[];
  feed: { stale_since: string | null };
}

interface Aim {
  medianS: number;
  mostS: number;
}

const figures: string[] = [];

function say(what: string, samplesMs: readonly number[], aim: Aim | null): void {
  const s = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const [median, most] = [quantile(samplesMs, 0.5), Math.max(...samplesMs)];
  const missed =
    aim !== null && (median > aim.medianS * 1000 || most > aim.mostS * 1000) ? "  ← aim missed" : "";
  const aims = aim ? ` (aim: median ≤${aim.medianS} s, never above ${aim.mostS} s)` : "";
  const line = `${what.padEnd(58)} median ${s(median)}, max ${s(most)}, n ${samplesMs.length}${aims}${missed}`;
  figures.push(line);
  console.log(line);
}

const engineOf = (n: number) => `ev-cp-e-${n}`;
const monitorOf = (n: number) => `ev-cp-m-${n}`;
const cpOf = (n: number) => `CP-${String(n).padStart(3, "0")}`;
/** A point of its own to which no car comes: starts there prove that commands get through. */
const probedCp = "CP-011";
const probingDriver = "driver-probe";
const proxied = [7, 8, 9, 10];

const proxies = new Map<number, TcpProxy>();
for (const n of proxied) proxies.set(n, await openTcpProxy({ port: 1883 + portOffset }));
const fleet = await startFleet(portOffset, (files) => {
  for (const [n, proxy] of proxies)
    files.system.env[monitorOf(n)] = { MQTT_URL: `mqtt://127.0.0.1:${proxy.port}` };
  const like = files.cps[2];
  if (like) files.cps.push({ ...like, cp_id: probedCp, name: "Probe", cars: "none" });
});

async function list(): Promise<CpAnswer | undefined> {
  const response = await fetch(`${fleet.url}/cp`, { signal: AbortSignal.timeout(1_000) }).catch(
    () => undefined,
  );
  if (!response?.ok) return undefined;
  return (await response.json().catch(() => undefined)) as CpAnswer | undefined;
}

async function shows(n: number, state: string, withinMs: number): Promise<void> {
  const look = async () =>
    (await list())?.charging_points.some((cp) => cp.cp_id === cpOf(n) && cp.state === state) || undefined;
  await awaited(`${cpOf(n)} ${state}`, look, withinMs, lookEveryMs);
}

/** Everything On by reports that came through broker, bridge, Kafka and Central after `sinceMs` (wall clock). */
async function whole(sinceMs: number, of: "some" | "every"): Promise<void> {
  const look = async () => {
    const answer = await list();
    if (!answer || answer.feed.stale_since !== null || answer.charging_points.length < 11) return undefined;
    const heard = ({ monitor_last_seen: at }: CpAnswer["charging_points"][number]) =>
      at !== null && Date.parse(at) > sinceMs;
    const fresh = of === "some" ? answer.charging_points.some(heard) : answer.charging_points.every(heard);
    return (fresh && answer.charging_points.every(({ state }) => state === "ON")) || undefined;
  };
  await awaited("all On and fresh", look, wholeWithinMs, lookEveryMs);
}

async function pidOf(service: string): Promise<number> {
  const pid = (await fleet.services()).find(({ name }) => name === service)?.pid;
  if (!pid) throw new Error(`${service} does not run`);
  return pid;
}

/** Sends the signal to the service; resolves with the instant. */
async function strike(service: string, signal: NodeJS.Signals): Promise<number> {
  const pid = await pidOf(service);
  await pause(Math.random() * 1_000); // anywhere in the monitor's second
  signalGroup(pid, signal);
  return performance.now();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** How long a start takes from the driver's request to the device's word; asked again until somebody takes it. */
async function commandThrough(): Promise<void> {
  const at = (path: string) => `${fleet.url}/drivers/${probingDriver}${path}`;
  const headers = {
    authorization: await fleet.driverToken(probingDriver),
    "content-type": "application/json",
  };
  const call = (path: string, init: RequestInit = {}) =>
    fetch(at(path), { ...init, headers, signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
  const body = JSON.stringify({ cp_id: probedCp, vehicle_id: "VEH-PROBE" });
  const sid = await awaited(
    "a request taken",
    async () => {
      const posted = await call("/requests", { method: "POST", body });
      if (posted?.status !== 202) return undefined;
      return ((await posted.json()) as { session_id: string }).session_id;
    },
    wholeWithinMs,
    lookEveryMs,
  );
  await awaited(
    `${sid} taken by ${probedCp}`,
    async () => {
      const current = await call("/sessions/current");
      if (current?.status !== 200) return undefined;
      return ((await current.json()) as { command?: { state: string } }).command?.state === "applied"
        ? true
        : undefined;
    },
    wholeWithinMs,
    lookEveryMs,
  );
  await call(`/sessions/${sid}/stop`, { method: "POST" });
  await awaited(
    `${sid} over`,
    async () => ((await call("/sessions/current"))?.status === 204 ? true : undefined),
    wholeWithinMs,
  );
}

/** Faults of engines and monitors: one after the other on `rounds` charge points, each whole again before the next. */
async function detections(
  what: string,
  serviceOf: (n: number) => string,
  signal: "SIGKILL" | "SIGSTOP",
  state: string,
  aims: { seen: Aim; whole: Aim | null },
): Promise<void> {
  const seen: number[] = [];
  const back: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const n = (i % 6) + 1;
    const service = serviceOf(n);
    const pid = await pidOf(service);
    const at = await strike(service, signal);
    await shows(n, state, seenWithinMs);
    seen.push(performance.now() - at);
    const began = performance.now();
    if (signal === "SIGSTOP") signalGroup(pid, "SIGCONT");
    else await fleet.ev("start", service);
    await shows(n, "ON", wholeWithinMs);
    back.push(performance.now() - began);
  }
  say(`${what} → ${state} at GET /cp`, seen, aims.seen);
  say(`${signal === "SIGSTOP" ? "SIGCONT" : "ev start"} of it → On again`, back, aims.whole);
}

async function partitions(): Promise<void> {
  const seen: number[] = [];
  const back: number[] = [];
  while (seen.length < rounds)
    await Promise.all(
      [...proxies].map(async ([n, proxy]) => {
        await pause(Math.random() * 2_000);
        proxy.blackHole();
        seen.push(await timed(() => shows(n, "DISCONNECTED", seenWithinMs)));
        proxy.heal();
        back.push(await timed(() => shows(n, "ON", wholeWithinMs)));
      }),
    );
  say("monitor cut off (its packets vanish) → DISCONNECTED", seen, { medianS: 7, mostS: 7.5 });
  say("its line mended → On again", back, null);
}

const recovery: Aim = { medianS: 3, mostS: 10 };

/** Servers: killed, started again at once by `ev start`, until the display is fresh and until commands get through. */
async function restarts(service: string, of: "some" | "every"): Promise<void> {
  const display: number[] = [];
  const commands: number[] = [];
  for (let i = 0; i < rounds; i++) {
    signalGroup(await pidOf(service), "SIGKILL");
    await awaited(
      `${service} gone`,
      async () =>
        (await fleet.services()).some(({ name, pid }) => name === service && pid === null) ? true : undefined,
      10_000,
    );
    const sinceMs = Date.now();
    const began = performance.now();
    const started = fleet.ev("start", service);
    await Promise.all([
      started,
      whole(sinceMs, of).then(() => display.push(performance.now() - began)),
      timed(commandThrough).then((ms) => commands.push(ms)),
    ]);
    await whole(Date.now(), "every");
  }
  say(`ev start ${service} → all On and fresh`, display, recovery);
  say(`ev start ${service} → a start asked, taken by a device, stopped`, commands, null);
}

async function phone(): Promise<void> {
  const back: number[] = [];
  for (let i = 0; i < rounds; i++) {
    await strike("ev-driver-bob", "SIGKILL");
    const began = performance.now();
    await fleet.ev("start", "ev-driver-bob");
    await awaited(
      "the phone answers",
      async () =>
        (await fetch(`http://127.0.0.1:${8101 + portOffset}/charging-points`).catch(() => undefined))?.ok ||
        undefined,
      wholeWithinMs,
      lookEveryMs,
    );
    back.push(performance.now() - began);
  }
  say("ev start ev-driver-bob → its port answers", back, recovery);
}

try {
  await whole(Date.now(), "every");
  console.log(`the base fleet is up; ${rounds} samples each …`);
  if (wanted("engine"))
    await detections("engine SIGKILL", engineOf, "SIGKILL", "BROKEN", {
      seen: { medianS: 3, mostS: 6 },
      whole: recovery,
    });
  if (wanted("freeze"))
    await detections("engine SIGSTOP", engineOf, "SIGSTOP", "BROKEN", {
      seen: { medianS: 3.8, mostS: 6 },
      whole: null,
    });
  if (wanted("monitor"))
    await detections("monitor SIGKILL", monitorOf, "SIGKILL", "DISCONNECTED", {
      seen: { medianS: 2, mostS: 2 },
      whole: recovery,
    });
  if (wanted("partition")) await partitions();
  if (wanted("central")) await restarts("ev-central", "some");
  if (wanted("bridge")) await restarts("ev-bridge", "some");
  if (wanted("kafka")) await restarts("ev-kafka", "some");
  if (wanted("mqtt")) await restarts("ev-mqtt", "every");
  if (wanted("driver")) await phone();
} finally {
  await fleet.end();
  for (const proxy of proxies.values()) await proxy.close();
}
console.log(`\n${figures.join("\n")}`);
process.exit();
