// Many charge points in one process, with sessions under way: the process is killed and started again, and every
// session is billed once, with the energy that its charger told.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WorkerAnswer, WorkerRequest } from "../../simulator/workers/worker-messages.ts";
import { askWorker } from "../../simulator/workers/worker-socket.ts";
import { workerSocketPath } from "../../simulator/workers/worker-specs.ts";
import { eventually, LiveFleet } from "../support/live-fleet.ts";

const fleet = new LiveFleet(19_000);
const cps = 60;
const drivers = 6;
const worker = "ev-cps-1";
const patienceMs = 90_000;

async function ask<K extends WorkerAnswer["is"] & WorkerRequest["do"]>(
  request: Extract<WorkerRequest, { do: K }>,
): Promise<Extract<WorkerAnswer, { is: K }>> {
  const answer = await askWorker(workerSocketPath(fleet.places, worker), request);
  if (answer?.is !== request.do) throw new Error(`${worker} answered ${JSON.stringify(answer)}`);
  return answer as Extract<WorkerAnswer, { is: K }>;
}

beforeAll(async () => {
  fleet.write((files) => {
    files.cps = [];
    files.drivers = [];
    files.system.links = false;
    files.system.simulated = { cps, drivers, cps_per_worker: cps };
  });
  await fleet.up();
  await fleet.whole(patienceMs);
});

afterAll(async () => {
  await fleet.down();
  fleet.remove();
});

test("the list of services says how many charge points and drivers are in a process", async () => {
  expect(await fleet.ev("ps")).toMatch(/ev-cps-1 +cps, 60 in it +running/);
  await eventually(
    "all of them registered",
    async () => (await fleet.cps()).charging_points.length === cps || undefined,
    patienceMs,
  );
});

test("a worker killed in mid-session comes back, and every session is billed once", async () => {
  const charging = await eventually(
    "four sessions with energy",
    async () => {
      const { charging_points } = await fleet.cps();
      const sids = charging_points.flatMap(({ telemetry }) =>
        telemetry && telemetry.kwh > 0 ? [telemetry.session_id] : [],
      );
      return sids.length >= 4 ? sids : undefined;
    },
    patienceMs,
  );
  await fleet.ev("stop", "ev-drivers-1");
  await fleet.ev("kill", worker);
  await fleet.ev("start", worker);
  await eventually(
    "no session open, no relay closed",
    async () => {
      // It may still be starting.
      const answer = await ask({ do: "figures" }).catch(() => undefined);
      const { active_requests } = await fleet.cps();
      const isQuiet = answer?.figures.relaysClosed === 0 && answer.figures.backlog === 0;
      return (active_requests === 0 && isQuiet) || undefined;
    },
    patienceMs,
  );
  await fleet.whole(patienceMs);

  const bills = fleet.cdrs;
  const sids = bills.map(({ sid }) => sid);
  expect(new Set(sids).size).toBe(sids.length);
  expect(sids).toEqual(expect.arrayContaining(charging));
  expect(fleet.reviews).toEqual([]);
  for (const { rank } of fleet.sessions) expect(["BILLED", "ABORTED", "REJECTED", "EXPIRED"]).toContain(rank);
  const { books } = await ask({ do: "books" });
  const meteredWh = books.reduce((sum, { meteredWs }) => sum + meteredWs, 0) / 3600;
  const billedWh = bills.reduce((sum, { energyWh }) => sum + energyWh, 0);
  // Whole Wh at both ends of each session; what flowed after the last word before the kill is nobody's.
  expect(billedWh).toBeLessThanOrEqual(meteredWh + 2 * bills.length);
  expect(billedWh).toBeGreaterThanOrEqual(0.8 * meteredWh - 2 * bills.length);
});

test("a box in a worker obeys like one with a control socket of its own", async () => {
  const { answer } = await ask({ do: "charger", cp: "CP-060", command: { do: "plug" } });
  expect(answer).toMatchObject({ ok: true, status: { cp: "CP-060", plugged: true } });
});
