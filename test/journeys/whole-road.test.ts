// The whole road with real processes, as a newcomer sees it: start, watch cars charge, kill any part, start it again.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { costMinor } from "../../central-fn/rules/cost.ts";
import { openChargerControl } from "../../simulator/charger/control.ts";
import { placesOf } from "../../simulator/fleet/places.ts";
import { eventually, LiveFleet } from "../support/live-fleet.ts";
import { fleetReadyWithinMs } from "../support/real-servers.ts";

const fleet = new LiveFleet(2_000);
const cpIds = Array.from({ length: 10 }, (_, i) => `CP-${String(i + 1).padStart(3, "0")}`);

beforeAll(async () => {
  await fleet.up();
  await fleet.whole(60_000);
});

afterAll(async () => {
  await fleet.down();
  fleet.remove();
});

describe("a newcomer's first minute", () => {
  test("the fleet is ready in time and shows ten charge points, all On", async () => {
    const { charging_points } = await fleet.cps();
    expect(charging_points.map((cp) => cp.cp_id)).toEqual(cpIds);
    expect(fleet.readyMs).toBeLessThan(fleetReadyWithinMs);
  });

  test("within a minute cars charge, with live kW, kWh and euros", async () => {
    const cp = await eventually(
      "a charge point that supplies",
      async () =>
        (await fleet.cps()).charging_points.find(
          (one) =>
            one.engine_state === "SUPPLYING" && (one.telemetry?.kw ?? 0) > 0 && (one.telemetry?.kwh ?? 0) > 0,
        ),
      60_000,
    );
    expect(cp.telemetry?.session_id).toMatch(/^S-CP-\d{3}-[0-9a-f]{16}$/);
    expect(cp.telemetry?.euros).toBeGreaterThanOrEqual(0);
  });
});

describe("the documents' HTTP lines, verbatim", () => {
  test("one charge point of the list", async () => {
    const out = await fleet.sh(
      `curl http://localhost:8000/cp | jq '.charging_points[] | select(.cp_id=="CP-005")'`,
    );
    expect(JSON.parse(out)).toMatchObject({ cp_id: "CP-005", state: "ON", monitor_status: "OK" });
  });

  test("the first three charging points on a driver's port", async () => {
    const out = await fleet.sh(`curl http://localhost:8100/charging-points | jq '.[0:3]'`);
    const points = JSON.parse(out) as { cp_id: string; price_eur_per_kwh: number }[];
    expect(points).toHaveLength(3);
    expect(points.every((point) => point.price_eur_per_kwh >= 0.28 && point.price_eur_per_kwh <= 0.45)).toBe(
      true,
    );
  });

  test("how many there are, how many requests run, and the state of all", async () => {
    expect(await fleet.sh(`curl http://localhost:8000/cp | jq '.charging_points | length'`)).toBe("10\n");
    expect(
      Number(await fleet.sh(`curl http://localhost:8000/cp | jq '.active_requests'`)),
    ).toBeGreaterThanOrEqual(0);
    const all = await fleet.sh(
      `curl http://localhost:8000/cp | jq '.charging_points[] | {cp_id, state, engine_state, monitor_status}'`,
    );
    expect(all.match(/"state": "ON"/g)).toHaveLength(10);
  });

  test("a request by hand through a driver's port", async () => {
    const out = await fleet.sh(
      `curl -X POST http://localhost:8100/drivers/driver-alice/requests -H "Content-Type: application/json" -d '{"cp_id": "CP-002", "vehicle_id": "VEH-001"}'`,
    );
    const answer = JSON.parse(out) as {
      session_id: string;
      request_id: string;
      cp_id: string;
      status: string;
    };
    expect(answer).toMatchObject({ cp_id: "CP-002" });
    expect(answer.session_id).toMatch(/^S-CP-002-/);
  });
});

describe("bad input gets a clear error, and the process goes on", () => {
  const api = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${fleet.port(8100)}${path}`, {
      ...init,
      headers: { "content-type": "application/json" },
    });

  test.each([
    [
      "an unknown charge point",
      "POST",
      "/drivers/driver-alice/requests",
      '{"cp_id":"CP-999","vehicle_id":"V1"}',
      404,
    ],
    ["a bad JSON body", "POST", "/drivers/driver-alice/requests", '{"cp_id":', 400],
    ["an id with markup", "POST", "/drivers/driver-alice/requests", '{"cp_id":"<b>","vehicle_id":"V1"}', 400],
    ["another driver", "GET", "/drivers/driver-bob/sessions/history", undefined, 404],
    ["an unknown driver", "GET", "/drivers/driver-nobody/sessions/current", undefined, 404],
  ])("%s", async (_what, method, path, body, status) => {
    const response = await api(path, { method, ...(body === undefined ? {} : { body }) });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(await response.json()).toMatchObject({
      status,
      title: expect.any(String),
      detail: expect.any(String),
    });
  });
});

describe("kill any single service, start it again: whole in the promised 30 s, nothing lost, nobody billed twice", () => {
  test.each([
    ["ev-cp-e-3"],
    ["ev-cp-m-4"],
    ["ev-bridge"],
    ["ev-central"],
    ["ev-kafka"],
    ["ev-mqtt"],
    ["ev-driver-bob"],
  ])("%s", async (service) => {
    const before = fleet.cdrs.map((cdr) => JSON.stringify(cdr)).sort();
    await fleet.ev("kill", service);
    await fleet.ev("start", service);
    const began = performance.now();
    await fleet.heardAfter(Date.now(), 30_000);
    await fleet.whole(30_000 - (performance.now() - began));
    if (service.includes("driver"))
      await eventually(
        "the phone answers",
        async () =>
          (await fetch(`http://127.0.0.1:${fleet.port(8101)}/charging-points`).catch(() => null))?.ok ||
          undefined,
        30_000,
      );
    console.log(
      `${service}: whole again ${((performance.now() - began) / 1000).toFixed(1)} s after its start`,
    );
    const after = new Set(fleet.cdrs.map((cdr) => JSON.stringify(cdr)));
    expect(before.filter((cdr) => !after.has(cdr))).toEqual([]);
  });
});

describe("when the day is over", () => {
  test("every driver has COMPLETED sessions, each billed register difference times tariff, to the cent", async () => {
    await eventually(
      "a bill for every driver",
      () => new Set(fleet.cdrs.map((cdr) => cdr.driver)).size >= 5 || undefined,
      150_000,
    );
    for (const cdr of fleet.cdrs) {
      expect(cdr.energyWh).toBe(cdr.registerEndWh - cdr.registerStartWh);
      expect(cdr.amountMinor).toBe(
        Math.floor((cdr.energyWh * cdr.tariff.priceE5PerKwh + 500_000) / 1_000_000),
      );
      expect(cdr.amountMinor).toBe(costMinor(cdr.energyWh, cdr.tariff.priceE5PerKwh));
    }
    const history = (await (
      await fetch(`http://127.0.0.1:${fleet.port(8102)}/drivers/driver-carol/sessions/history`)
    ).json()) as { status: string; cost_eur: number }[];
    expect(history.some((session) => session.status === "COMPLETED" && session.cost_eur >= 0)).toBe(true);
  });

  test("no session is billed twice, and all the charger metered is billed or under review", async () => {
    const drivers = ["alice", "bob", "carol", "dave", "eve"].map((name) => `ev-driver-${name}`);
    await fleet.ev("stop", ...drivers);
    await eventually("no claim is left but of cars that stay", () => quiet() || undefined, 150_000);
    const sids = fleet.cdrs.map((cdr) => cdr.sid);
    expect(new Set(sids).size).toBe(sids.length);
    for (const row of fleet.cpRows) {
      const control = await openChargerControl(join(placesOf(fleet.state).sockets, `${row.cp}.box.sock`));
      const status = await control.status();
      control.close();
      const billed = fleet.cdrs
        .filter((cdr) => cdr.cp === row.cp)
        .reduce((sum, cdr) => sum + cdr.energyWh, 0);
      const reviewed = fleet.reviews
        .filter((review) => review.cp === row.cp)
        .reduce((sum, review) => sum + (review.registerEndWh ?? 0) - (review.registerStartWh ?? 0), 0);
      expect(billed + reviewed, `${row.cp}: billed and reviewed is what the engine's register counted`).toBe(
        fleet.registerWh(row.cp),
      );
      const meteredWh = status.meteredRegisterWs / 3600;
      expect(billed + reviewed, `${row.cp}: never more than the charger metered`).toBeLessThanOrEqual(
        meteredWh,
      );
      expect(billed + reviewed, `${row.cp}: what no reset hid is counted`).toBeGreaterThan(
        meteredWh * 0.9 - 20,
      );
    }
  });

  test("nothing was written that its reader could not use", () => {
    expect(fleet.rows("dead-letters")).toEqual([]);
  });

  test("Ctrl-C stops everything cleanly, and a start goes on with the same state", async () => {
    const bills = fleet.cdrs.length;
    expect(await fleet.down()).toBe(0);
    expect(processesOf(fleet.state)).toEqual([]);
    await fleet.up();
    await fleet.whole(60_000);
    expect(fleet.cdrs.length).toBeGreaterThanOrEqual(bills);
  });
});

/** No session runs; a car that overstays may still be plugged in. */
function quiet(): boolean {
  return fleet.cpRows.every((row) => !row.claim || row.claim.state === "finishing");
}

/** Processes that still carry this state folder in their environment. */
function processesOf(state: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(state);
      } catch {
        return false;
      }
    })
    .map((pid) => `${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`);
}
