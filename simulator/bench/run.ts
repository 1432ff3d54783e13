// `npm run bench`: the base fleet's start-up, the way from a request to the closed relay, memory and idle CPU.
// Figures depend on the machine: compare runs on one machine, and quote medians.
import { setTimeout as pause } from "node:timers/promises";
import { awaited, type BenchFleet, cpuSeconds, quantile, startFleet } from "./bench-fleet.ts";

const rounds = 3;
const idleS = 20;
const cps = ["CP-002", "CP-004", "CP-006", "CP-008", "CP-010"];

interface CpAnswer {
  charging_points: { cp_id: string; state: string; engine_state: string; connector_status: string }[];
}

const isFree = (cp: CpAnswer["charging_points"][number]) =>
  cp.state === "ON" && cp.engine_state === "ACTIVATED" && cp.connector_status === "Available";

async function listed(fleet: BenchFleet): Promise<CpAnswer["charging_points"]> {
  const answer = await fetch(`${fleet.url}/cp`);
  return answer.ok ? ((await answer.json()) as CpAnswer).charging_points : [];
}

async function allOn(fleet: BenchFleet): Promise<void> {
  await awaited(
    "every charge point On",
    async () => {
      const points = await listed(fleet);
      return points.length >= 10 && points.every((cp) => cp.state === "ON") ? true : undefined;
    },
    20_000,
  );
}

/** One session with the car plugged in before: milliseconds from POST to the relay seen closed, then to its bill. */
async function session(
  fleet: BenchFleet,
  cp: string,
  driver: string,
): Promise<{ relayMs: number; appliedMs: number }> {
  const control = await fleet.control(cp);
  const headers = { authorization: await fleet.driverToken(driver), "content-type": "application/json" };
  await control.cars("none");
  await control.plug({ needWh: 100_000 });
  await awaited("the car plugged", async () => ((await control.status()).plugged ? true : undefined), 5_000);
  const began = performance.now();
  const posted = await fetch(`${fleet.url}/drivers/${driver}/requests`, {
    method: "POST",
    headers,
    body: JSON.stringify({ cp_id: cp, vehicle_id: "VEH-BENCH" }),
  });
  if (posted.status !== 202) throw new Error(`POST answered ${posted.status}: ${await posted.text()}`);
  const { session_id } = (await posted.json()) as { session_id: string };
  let appliedMs = Number.NaN;
  const relayMs = await awaited(
    `relay of ${cp} closed`,
    async () => {
      const answer = await fetch(`${fleet.url}/drivers/${driver}/sessions/current`, { headers });
      if (answer.status === 200 && Number.isNaN(appliedMs)) {
        const { command } = (await answer.json()) as { command: { state: string } };
        if (command.state === "applied") appliedMs = performance.now() - began;
      }
      return (await control.status()).relayClosed ? performance.now() - began : undefined;
    },
    20_000,
  );
  await fetch(`${fleet.url}/drivers/${driver}/sessions/${session_id}/stop`, { method: "POST", headers });
  await awaited(
    "relay open again",
    async () => ((await control.status()).relayClosed ? undefined : true),
    15_000,
  );
  await control.unplug();
  control.close();
  await awaited(
    `${cp} free again`,
    async () => ((await listed(fleet)).some((one) => one.cp_id === cp && isFree(one)) ? true : undefined),
    20_000,
  );
  return { relayMs, appliedMs };
}

const figures: string[] = [];
const say = (line: string) => {
  figures.push(line);
  console.log(line);
};
const ms = (value: number) => `${value.toFixed(0)} ms`;
const mb = (value: number) => `${value.toFixed(0)} MB`;

const fleet = await startFleet(4_000);
try {
  await allOn(fleet);
  say(`start-up: ready ${(fleet.readyMs / 1000).toFixed(1)} s after the command (aim ≤10 s)`);
  const drivers = (await fleet.services())
    .filter((service) => service.role === "driver")
    .map(({ name }) => name);
  await fleet.ev("stop", ...drivers);
  await awaited(
    "sessions over and cars gone",
    async () => ((await listed(fleet)).every(isFree) ? true : undefined),
    120_000,
    500,
  );

  const relay: number[] = [];
  const applied: number[] = [];
  for (let round = 0; round < rounds; round++) {
    console.log(`sessions: round ${round + 1} of ${rounds} …`);
    const results = await Promise.all(cps.map((cp, i) => session(fleet, cp, `driver-bench-${i}`)));
    relay.push(...results.map((result) => result.relayMs));
    applied.push(...results.map((result) => result.appliedMs));
  }
  say(
    `POST request → intent durable and seen at the API: median ${ms(quantile(applied, 0.5))}, p99 ${ms(quantile(applied, 0.99))} (${applied.length} sessions, five at a time)`,
  );
  say(
    `POST request → relay closed: median ${ms(quantile(relay, 0.5))}, p99 ${ms(quantile(relay, 0.99))} (of it about 2.2 s are the charger's own)`,
  );

  const services = await fleet.services();
  const memory = new Map<string, number[]>();
  for (const { role, memory_mb } of services)
    if (memory_mb !== null) memory.set(role, [...(memory.get(role) ?? []), memory_mb]);
  for (const [role, values] of [...memory].sort(([a], [b]) => a.localeCompare(b)))
    say(
      `resident memory, ${role}: median ${mb(quantile(values, 0.5))}, largest ${mb(Math.max(...values))} (${values.length})`,
    );

  console.log(`idle CPU: waiting ${idleS} s …`);
  const pids = [...services.flatMap(({ pid }) => (pid === null ? [] : [pid])), fleet.supervisorPid];
  const before = new Map(pids.map((pid) => [pid, cpuSeconds(pid)]));
  const began = performance.now();
  await pause(idleS * 1000);
  const seconds = (performance.now() - began) / 1000;
  const shares = pids.map((pid) => ({
    name: services.find((service) => service.pid === pid)?.role ?? "supervisor",
    share: (100 * (cpuSeconds(pid) - (before.get(pid) ?? 0))) / seconds,
  }));
  const byRole = new Map<string, number>();
  for (const { name, share } of shares) byRole.set(name, (byRole.get(name) ?? 0) + share);
  const total = shares.reduce((sum, { share }) => sum + share, 0);
  say(
    `idle CPU of the base fleet without drivers' requests: ${total.toFixed(1)} % of one core (aim ≤35): ${[
      ...byRole,
    ]
      .sort(([, a], [, b]) => b - a)
      .map(([role, share]) => `${role} ${share.toFixed(1)}`)
      .join(", ")}`,
  );
} finally {
  await fleet.end();
}
console.log(`\n${figures.join("\n")}`);
