// Services of a small live fleet frozen and cut off by `ev`, as a demonstrator does it: what goes on, what is shown,
// and that every session is billed once.
import { statSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ChargerControl, openChargerControl } from "../../simulator/charger/control.ts";
import { eventually, LiveFleet } from "../support/live-fleet.ts";

const fleet = new LiveFleet(2_400);
const boxes = new Map<string, ChargerControl>();
const patienceMs = 60_000;

beforeAll(async () => {
  fleet.write((files) => {
    // 22 kW: some 6 Wh a second.
    files.cps = files.cps.slice(2, 4).map((cp) => ({ ...cp, cars: "none" as const }));
    files.drivers = files.drivers.slice(0, 1).map((driver) => ({ ...driver, requests: [] }));
  });
  await fleet.up();
  await Promise.all(["CP-003", "CP-004"].map((cp) => shows(cp, "ON")));
});

afterAll(async () => {
  for (const box of boxes.values()) box.close();
  await fleet.down();
  fleet.remove();
});

async function shows(cp: string, state: string): Promise<void> {
  await eventually(
    `${cp} ${state}`,
    async () =>
      (await fleet.cps().catch(() => undefined))?.charging_points.some(
        (one) => one.cp_id === cp && one.state === state,
      ) || undefined,
    patienceMs,
  );
}

async function box(cp: string): Promise<ChargerControl> {
  const open = boxes.get(cp) ?? (await openChargerControl(`${fleet.places.sockets}/${cp}.box.sock`));
  boxes.set(cp, open);
  return open;
}

const report = async (service: string) =>
  (await fleet.ask({ verb: "status" })).find(({ name }) => name === service);

/** The car is gone, and the charge point has seen it. */
async function unplugged(cp: string): Promise<void> {
  await (await box(cp)).unplug();
  await eventually(
    `${cp} free`,
    async () =>
      (await fleet.cps()).charging_points.some(
        (one) => one.cp_id === cp && one.connector_status === "Available",
      ) || undefined,
    patienceMs,
  );
}

async function relay(cp: string, closed: boolean): Promise<void> {
  const charger = await box(cp);
  await eventually(
    `relay of ${cp} ${closed ? "closed" : "open"}`,
    async () => (await charger.status()).relayClosed === closed || undefined,
    patienceMs,
  );
}

/** A session under way, its car plugged in; resolves with its id. */
async function session(cp: string, limit?: { energy_kwh: number }): Promise<string> {
  const charger = await box(cp);
  if (!(await charger.status()).plugged) await charger.plug({ needWh: 100_000 });
  const sid = await eventually(
    `${cp} takes a request`,
    async () => {
      const answer = await fetch(`http://127.0.0.1:${fleet.port(8100)}/drivers/driver-alice/requests`, {
        method: "POST",
        headers: { "content-type": "application/json", prefer: "wait=10" },
        body: JSON.stringify({ cp_id: cp, vehicle_id: "VEH-1", ...(limit && { limit }) }),
      });
      const { session_id, status } = (await answer.json()) as { session_id: string; status: string };
      // The last car may still be leaving: the next request is another session.
      return status === "DENIED" ? undefined : session_id;
    },
    patienceMs,
  );
  await relay(cp, true);
  return sid;
}

const bills = (sid: string) => fleet.cdrs.filter((cdr) => cdr.sid === sid);
const isBilled = (sid: string) =>
  eventually(`${sid} billed`, () => bills(sid).length > 0 || undefined, patienceMs);

test("the operator's link holds a token, and its key is this user's alone", () => {
  expect(fleet.output).toMatch(/operator page\s+http:\/\/localhost:\d+\/#token=[\w-]+\.[\w-]+\.[\w-]+/);
  expect(statSync(fleet.places.tokenKey).mode & 0o077).toBe(0);
});

test("an engine cut off in mid-session ends it by itself; its events arrive after connect, and it is billed once", async () => {
  const sid = await session("CP-003", { energy_kwh: 0.02 });
  expect(await fleet.ev("disconnect", "ev-cp-e-3")).toMatch(/ev-cp-e-3 is cut off: .*\n(.*\n)*.*ev connect/);
  await relay("CP-003", false);
  const completed = `Session ${sid} completed`;
  await eventually(completed, () => fleet.log("ev-cp-e-3").includes(completed) || undefined, patienceMs);
  // Its monitor is another service, with another line: what it says now comes through the whole road.
  await fleet.heardAfter(Date.now(), patienceMs);
  await shows("CP-003", "ON");
  expect((await report("ev-cp-e-3"))?.link).toBe("cut");
  expect(bills(sid)).toEqual([]);
  await fleet.ev("connect", "ev-cp-e-3");
  await isBilled(sid);
  expect(bills(sid)).toHaveLength(1);
  expect(bills(sid)[0]?.energyWh).toBeGreaterThanOrEqual(20);
});

test("a monitor cut off shows Disconnected, and On after connect; a fault waits for a service that does not run", async () => {
  await fleet.ev("disconnect", "ev-cp-m-4");
  await shows("CP-004", "DISCONNECTED");
  await fleet.ev("restart", "ev-cp-m-4");
  const cutAndRunning = async () => {
    const seen = await report("ev-cp-m-4");
    return (seen?.link === "cut" && seen.status === "running") || undefined;
  };
  await eventually("ev-cp-m-4 runs and is cut off", cutAndRunning, patienceMs);
  await fleet.ev("stop", "ev-cp-m-4");
  await fleet.ev("connect", "ev-cp-m-4");
  expect(await fleet.ev("disconnect", "ev-cp-m-4")).toContain("from its start on");
  await fleet.ev("start", "ev-cp-m-4");
  await fleet.ev("connect", "ev-cp-m-4");
  await shows("CP-004", "ON");
});

test("over a half-open line a session's end is heard and its acknowledgement lost: it is billed once all the same", async () => {
  const sid = await session("CP-004");
  await fleet.ev("disconnect", "--half-open", "ev-cp-e-4");
  await (await box("CP-004")).unplug();
  await isBilled(sid);
  await fleet.ev("connect", "ev-cp-e-4");
  // Sent again and answered at last: the next session starts, and that one is still billed once.
  const next = await session("CP-004", { energy_kwh: 0.005 });
  await isBilled(next);
  expect([bills(sid).length, bills(next).length]).toEqual([1, 1]);
});

test("over slow and lossy lines to the broker everything still works", async () => {
  expect(await fleet.ev("disconnect", "--delay", "150", "--loss", "3", "ev-mqtt")).toContain(
    "ev-mqtt has a bad line: 150 ms late, 3 % lost",
  );
  expect((await report("ev-bridge"))?.link).toBe("ev-mqtt 150 ms late, 3 % lost");
  await unplugged("CP-003");
  await isBilled(await session("CP-003", { energy_kwh: 0.005 }));
  await fleet.ev("connect", "ev-mqtt");
});

test("a paused engine is Broken, goes on when it is let, and a paused service ends at once when it is told to", async () => {
  expect(await fleet.ev("pause", "ev-cp-e-3")).toContain("ev-cp-e-3 is paused");
  expect(await report("ev-cp-e-3")).toMatchObject({ status: "paused" });
  await shows("CP-003", "BROKEN");
  await fleet.ev("unpause", "ev-cp-e-3");
  await shows("CP-003", "ON");
  await fleet.ev("pause", "ev-cp-m-3", "ev-driver-alice");
  const began = performance.now();
  expect(await fleet.ev("stop", "ev-driver-alice")).toContain("stopped");
  // One that does not hear is ended by force after nine seconds.
  expect(performance.now() - began).toBeLessThan(8_000);
  expect(await fleet.ev("kill", "ev-cp-m-3")).toContain("was killed");
});

test("simulate-crash without a name kills one that runs and says how to start it again", async () => {
  const said = await fleet.ev("simulate-crash");
  const [, victim = ""] = /^chance picked (ev-[a-z0-9-]+)$/m.exec(said) ?? [];
  expect(said).toContain(`${victim} was killed`);
  expect(said).toContain(`ev start ${victim}`);
  expect(await report(victim)).toMatchObject({ status: "killed" });
  await fleet.ev("start");
  await Promise.all(["CP-003", "CP-004"].map((cp) => shows(cp, "ON")));
});
