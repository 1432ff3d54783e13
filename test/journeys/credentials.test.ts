// A charge point loses its credentials in mid-session and gets new ones, while everything runs: it is cut and refused,
// goes on charging, comes back by itself and is billed once. On whatever servers the fleet has.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ChargerControl, openChargerControl } from "../../simulator/charger/control.ts";
import { eventually, LiveFleet } from "../support/live-fleet.ts";

const fleet = new LiveFleet(3_600);
let box: ChargerControl;
const patienceMs = 60_000;

beforeAll(async () => {
  fleet.write((files) => {
    files.cps = files.cps.slice(2, 4).map((cp) => ({ ...cp, cars: "none" as const }));
    files.drivers = files.drivers.slice(0, 1).map((driver) => ({ ...driver, requests: [] }));
  });
  await fleet.up();
  await Promise.all(["CP-003", "CP-004"].map((cp) => shows(cp, "ON")));
  box = await openChargerControl(`${fleet.places.sockets}/CP-003.box.sock`);
});

afterAll(async () => {
  box?.close();
  await fleet.down();
  fleet.remove();
});

const point = async (cp: string) =>
  (await fleet.cps().catch(() => undefined))?.charging_points.find(({ cp_id }) => cp_id === cp);

function shows(cp: string, state: string): Promise<unknown> {
  return eventually(
    `${cp} ${state}`,
    async () => (await point(cp))?.state === state || undefined,
    patienceMs,
  );
}

const phone = async (path: string, body: object) => {
  const answer = await fetch(`http://127.0.0.1:${fleet.port(8100)}/drivers/driver-alice${path}`, {
    method: "POST",
    // As long as the API waits.
    headers: { "content-type": "application/json", prefer: "wait=10" },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as { session_id: string; status: string };
};
const pidOf = async (service: string) =>
  (await fleet.ask({ verb: "status" })).find(({ name }) => name === service)?.pid;

test("a revoked charge point is cut, charges on, and is billed once when it has new credentials", async () => {
  await box.plug({ needWh: 100_000 });
  const { session_id: sid } = await phone("/requests", { cp_id: "CP-003", vehicle_id: "VEH-1" });
  await eventually("charging", async () => (await box.status()).relayClosed || undefined, patienceMs);
  const pids = await Promise.all(["ev-cp-e-3", "ev-cp-m-3"].map(pidOf));

  const said = await fleet.ev("revoke", "3");
  expect(said).toMatch(/CP-003-engine {2}revoked, its connection cut/);
  expect(said).toMatch(/CP-003-monitor {2}revoked, its connection cut/);
  expect(said).toContain("ev rotate-credentials 3");
  await shows("CP-003", "DISCONNECTED");
  expect((await point("CP-004"))?.state).toBe("ON");
  // It goes on without anybody, and is asked to stop by nobody: its car leaves.
  const before = (await box.status()).meteredRegisterWs;
  const grown = async () => (await box.status()).meteredRegisterWs > before + 7_200 || undefined;
  await eventually("energy flows on", grown, patienceMs);
  await box.unplug();
  const completed = `Session ${sid} completed`;
  await eventually(completed, () => fleet.log("ev-cp-e-3").includes(completed) || undefined, patienceMs);
  expect(fleet.cdrs).toEqual([]);
  expect((await point("CP-003"))?.state).toBe("DISCONNECTED");

  expect(await fleet.ev("rotate-credentials", "3")).toMatch(
    /CP-003-engine {2}has a new \w+, connected with it/,
  );
  await shows("CP-003", "ON");
  await eventually("the bill", () => fleet.cdrs.length > 0 || undefined, patienceMs);
  const metered = (await box.status()).meteredRegisterWs / 3_600;
  expect(fleet.cdrs).toHaveLength(1);
  expect(fleet.cdrs[0]).toMatchObject({ sid, driver: "driver-alice" });
  expect(Math.abs((fleet.cdrs[0]?.energyWh ?? 0) - metered)).toBeLessThan(2);
  expect(await Promise.all(["ev-cp-e-3", "ev-cp-m-3"].map(pidOf))).toEqual(pids);
});

test("an engine alone is revoked: its monitor goes on reporting", async () => {
  expect(await fleet.ev("revoke", "ev-cp-e-4")).toMatch(/^CP-004-engine {2}revoked, its connection cut/);
  await eventually(
    "it is refused",
    () => /no connection to .*(Not authorized|revoked)/s.test(fleet.log("ev-cp-e-4")) || undefined,
    patienceMs,
  );
  expect((await point("CP-004"))?.state).toBe("ON");
  expect(fleet.log("ev-cp-m-4")).not.toContain("broke");
  await fleet.ev("rotate-credentials", "4");
});

test("the bridge takes up new credentials in between, and nothing is lost", async () => {
  await fleet.ev("rotate-credentials", "bridge");
  await fleet.heardAfter(Date.now(), patienceMs);
  await Promise.all(["CP-003", "CP-004"].map((cp) => shows(cp, "ON")));
});

test("the key of the tokens is replaced: phones go on without a restart, and the old operator's link still counts", async () => {
  const link = /#token=(\S+)/.exec(fleet.output)?.[1] ?? "";
  const tokenPath = `${fleet.places.run}/driver-alice.token`;
  const before = readFileSync(tokenPath, "utf8");
  const pid = await pidOf("ev-driver-alice");
  expect(await fleet.ev("rotate-key")).toMatch(/key (\w{8}) signs from now on.*\nkey (?!\1)\w{8} verifies/);
  expect(readFileSync(tokenPath, "utf8")).not.toBe(before);
  await box.plug({ needWh: 100_000 });
  const { status } = await phone("/requests", { cp_id: "CP-003", vehicle_id: "VEH-1" });
  expect(status).toBe("APPROVED");
  const reviews = await fetch(`http://127.0.0.1:${fleet.port(8000)}/reviews`, {
    headers: { authorization: `Bearer ${link}` },
  });
  expect([reviews.status, await pidOf("ev-driver-alice")]).toEqual([200, pid]);
  await fleet.ev("rotate-key", "--for", "1s");
  await eventually(
    "the old link is over",
    async () => {
      const answer = await fetch(`http://127.0.0.1:${fleet.port(8000)}/reviews`, {
        headers: { authorization: `Bearer ${link}` },
      });
      return answer.status === 401 || undefined;
    },
    patienceMs,
  );
  const inbox = `http://127.0.0.1:${fleet.port(8100)}/drivers/driver-alice/notifications`;
  await eventually("the phone goes on", async () => (await fetch(inbox)).ok || undefined, patienceMs);
});
