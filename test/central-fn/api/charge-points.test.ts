// GET /cp, /cp/{id}, /telemetry, /health: the four-row table, live figures, and a reading shared by all who ask.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TableUnavailable } from "../../../central-fn/tables/port.ts";
import { type CpRow, keys } from "../../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../../central-fn/tables/sqlite.ts";
import {
  claimOf,
  cpRow,
  hear,
  liveRow,
  nowMs,
  openCentral,
  seed,
  sessionRow,
  sid,
  type TestCentral,
} from "./central.ts";

let central: TestCentral;
beforeEach(() => {
  central = openCentral();
});
afterEach(() => central.close());

interface Shown {
  cp_id: string;
  state: string;
  engine_state: string;
  monitor_status: string;
  [field: string]: unknown;
}
const fleet = async (who: string | null = null) => {
  const answer = await central.call(who, "GET", "/cp");
  expect(answer.status).toBe(200);
  return (await answer.json()) as {
    charging_points: Shown[];
    active_requests: number;
    feed: { stale_since: string | null };
  };
};
const one = async (cp: string, row: CpRow, who: string | null = null) => {
  await central.put(keys.cp(cp), row);
  return (await fleet(who)).charging_points.find(({ cp_id }) => cp_id === cp);
};
const health = (change: Partial<NonNullable<CpRow["health"]>>) => {
  const base = cpRow("CP-001").health;
  return base && { ...base, ...change };
};

describe("GET /cp", () => {
  it("has exactly the documented fields, in cp_id order, and no personal data without a token", async () => {
    await seed(central);
    const { charging_points, active_requests, feed } = await fleet();
    expect(charging_points.map(({ cp_id }) => cp_id)).toEqual(["CP-001", "CP-002", "CP-003", "CP-004"]);
    expect(active_requests).toBe(1);
    expect(feed).toEqual({ stale_since: null });
    expect(charging_points[2]).toEqual({
      cp_id: "CP-003",
      state: "ON",
      engine_state: "SUPPLYING",
      monitor_status: "OK",
      last_update: new Date(nowMs - 500).toISOString(),
      monitor_last_seen: new Date(nowMs - 1_000).toISOString(),
      telemetry: { kw: 21.5, kwh: 1.234, euros: 0.37, session_id: sid("CP-003") },
      connector_status: "Occupied",
      charging_state: "Charging",
      evse_id: 1,
      energy_wh: 1_234,
      cost: { amount_minor: 37, currency: "EUR" },
    });
    expect(charging_points[0]).toMatchObject({
      engine_state: "ACTIVATED",
      telemetry: null,
      connector_status: "Available",
      charging_state: "Idle",
      energy_wh: null,
      cost: null,
    });
    expect(JSON.stringify(charging_points)).not.toContain("driver-");
    expect(JSON.stringify((await fleet("driver-alice")).charging_points)).not.toContain("driver-");
  });

  it("tells operators the current driver, and nobody once the session has ended", async () => {
    await seed(central);
    const drivers = (await fleet("operator")).charging_points.map(({ current_driver }) => current_driver);
    expect(drivers).toEqual([null, null, "driver-alice", null]);
  });

  it("shows monitor OK and engine OK as On, engine KO as Broken, no monitor as Disconnected whatever the engine does", async () => {
    await hear(central, ["CP-001"]);
    expect(await one("CP-001", cpRow("CP-001"))).toMatchObject({
      state: "ON",
      engine_state: "ACTIVATED",
      monitor_status: "OK",
    });
    const broken = cpRow("CP-001", { health: health({ engine: "KO" }) });
    expect(await one("CP-001", broken)).toMatchObject({
      state: "BROKEN",
      engine_state: "FAULT",
      monitor_status: "OK",
      connector_status: "Faulted",
    });
    for (const gone of [null, health({ willConn: 1 }), health({ willConn: 1, engine: "KO" })])
      expect(await one("CP-001", cpRow("CP-001", { health: gone }))).toMatchObject({
        state: "DISCONNECTED",
        engine_state: "DISCONNECTED",
        monitor_status: "DOWN",
      });
    await hear(central, ["CP-001"], { heard: { "CP-001": nowMs - 6_001 } });
    expect(await one("CP-001", cpRow("CP-001"))).toMatchObject({ state: "DISCONNECTED" });
    await hear(central, ["CP-001"], { heard: { "CP-001": nowMs - 5_999 } });
    expect(await one("CP-001", cpRow("CP-001"))).toMatchObject({ state: "ON" });
  });

  it("says that the feed is stale instead of declaring the fleet dead", async () => {
    await seed(central);
    const sinceMs = nowMs - 3_600_000;
    await hear(central, [], {
      canaryMs: sinceMs,
      heard: Object.fromEntries(["CP-001", "CP-002", "CP-003", "CP-004"].map((cp) => [cp, sinceMs - 1_000])),
    });
    for (const cp of ["CP-001", "CP-002", "CP-003", "CP-004"])
      await central.put(keys.cp(cp), cpRow(cp, { health: health({ sinceMs: sinceMs - 5_000 }) }));
    const { charging_points, feed } = await fleet();
    expect(feed.stale_since).toBe(new Date(sinceMs).toISOString());
    expect(new Set(charging_points.map(({ state }) => state))).toEqual(new Set(["ON"]));
  });

  it("shows a charge point that its operator stopped, by the device's word", async () => {
    await hear(central, ["CP-001"]);
    const engine = cpRow("CP-001").engine;
    const stopped = cpRow("CP-001", { engine: engine && { ...engine, operative: false } });
    expect(await one("CP-001", stopped)).toMatchObject({
      state: "ON",
      engine_state: "STOPPED",
      connector_status: "Unavailable",
    });
  });

  it("shows figures of the running session only, at the tariff it was granted", async () => {
    await seed(central);
    const id = sid("CP-003");
    const tariff = { version: 7, priceE5PerKwh: 100_000, currency: "EUR" as const };
    await central.put(keys.session("driver-alice", id), sessionRow(id, "driver-alice", { tariff }));
    const find = async () => (await fleet()).charging_points[2];
    expect(await find()).toMatchObject({ telemetry: { euros: 1.23 }, cost: { amount_minor: 123 } });
    await central.put(
      keys.session("driver-alice", id),
      sessionRow(id, "driver-alice", { rank: "SUSPENDED" }),
    );
    expect(await find()).toMatchObject({ charging_state: "SuspendedEV" });
    await central.put(keys.live("CP-003"), liveRow(sid("CP-003", 99)));
    expect(await find()).toMatchObject({ engine_state: "SUPPLYING", telemetry: null });
  });

  it("counts requests that wait for their car, and charges that Central has not heard the start of", async () => {
    await hear(central, ["CP-001"]);
    const id = sid("CP-001");
    const waiting = cpRow("CP-001", { claim: claimOf(id, "driver-eve", "applied") });
    expect(await one("CP-001", waiting)).toMatchObject({
      engine_state: "ACTIVATED",
      connector_status: "Occupied",
    });
    expect((await fleet()).active_requests).toBe(1);
    await central.put(keys.live("CP-001"), liveRow(id));
    expect((await fleet()).charging_points[0]).toMatchObject({
      engine_state: "SUPPLYING",
      telemetry: { kw: 21.5 },
    });
  });

  it("tells what was charged but no power at a point that is not On", async () => {
    const id = sid("CP-001");
    await hear(central, ["CP-001"]);
    await central.put(keys.live("CP-001"), liveRow(id));
    const claim = claimOf(id, "driver-eve", "charging");
    const { health } = cpRow("CP-001");
    for (const change of [{ engine: "KO" as const }, { willConn: 1 }])
      expect(
        await one("CP-001", cpRow("CP-001", { claim, health: health && { ...health, ...change } })),
      ).toMatchObject({ telemetry: { kw: null, kwh: 1.234, session_id: id } });
  });

  it("leaves out a retired charge point, and shows one that never registered as disconnected", async () => {
    await central.put(keys.cp("CP-001"), cpRow("CP-001", { retired: true }));
    await central.put(
      keys.cp("CP-002"),
      cpRow("CP-002", { registration: null, registeredAtMs: null, tariff: null, health: null, engine: null }),
    );
    expect((await fleet()).charging_points).toMatchObject([
      { cp_id: "CP-002", state: "DISCONNECTED", last_update: null, monitor_last_seen: null },
    ]);
  });

  it("answers 304 to who has it, and anew once something changed", async () => {
    await seed(central);
    const etag = (await central.call(null, "GET", "/cp")).headers.get("etag") ?? "";
    const again = () => central.call(null, "GET", "/cp", { headers: { "if-none-match": `"x", W/${etag}` } });
    expect((await again()).status).toBe(304);
    const asOperator = await central.call("operator", "GET", "/cp", { headers: { "if-none-match": etag } });
    expect(asOperator.status).toBe(200);
    await central.put(keys.live("CP-003"), liveRow(sid("CP-003"), { powerW: 1 }));
    expect((await again()).status).toBe(200);
  });

  it("reads the tables once for all who ask at the same time, and again after a failure", async () => {
    const table = openSqliteTable(":memory:");
    let queries = 0;
    let failing = false;
    const counted = openCentral({
      fleetFreshMs: 60_000,
      table: {
        ...table,
        async query(pk, range) {
          queries++;
          if (failing) throw new TableUnavailable("away");
          return table.query(pk, range);
        },
      },
    });
    failing = true;
    expect((await counted.call(null, "GET", "/cp")).status).toBe(503);
    failing = false;
    queries = 0;
    const answers = await Promise.all(Array.from({ length: 50 }, () => counted.call(null, "GET", "/cp")));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(queries).toBe(64);
    await counted.close();
  });
});

describe("GET /cp/{cp_id} and /telemetry", () => {
  it("show one charge point, and 404 for one that nobody knows", async () => {
    await seed(central);
    expect(await (await central.call(null, "GET", "/cp/CP-003")).json()).toMatchObject({
      cp_id: "CP-003",
      engine_state: "SUPPLYING",
      telemetry: { kwh: 1.234 },
      power_kw: 22,
    });
    const unknown = await central.call(null, "GET", "/cp/CP-999");
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ detail: "no charge point CP-999", instance: "/cp/CP-999" });
  });

  it("list the running sessions' figures", async () => {
    await seed(central);
    const answer = await central.call(null, "GET", "/telemetry");
    expect(await answer.json()).toEqual([
      {
        cp_id: "CP-003",
        kw: 21.5,
        kwh: 1.234,
        euros: 0.37,
        session_id: sid("CP-003"),
        energy_wh: 1_234,
        cost: { amount_minor: 37, currency: "EUR" },
        last_update: new Date(nowMs - 500).toISOString(),
      },
    ]);
  });
});

describe("GET /health", () => {
  it("tells the feed's age and that the table is reachable", async () => {
    await hear(central, []);
    expect(await (await central.call(null, "GET", "/health")).json()).toMatchObject({
      status: "ok",
      table: "reachable",
      feed: { age_ms: 0, stale_since: null },
    });
    await hear(central, [], { canaryMs: nowMs - 5_001 });
    expect(await (await central.call(null, "GET", "/health")).json()).toMatchObject({
      status: "degraded",
      feed: { age_ms: 5_001, stale_since: new Date(nowMs - 5_001).toISOString() },
    });
  });

  it("is 503 when the table is not reachable, and names no inside", async () => {
    const table = openSqliteTable(":memory:");
    const away = openCentral({
      table: { ...table, getMany: () => Promise.reject(new TableUnavailable("secret path")) },
    });
    const health = await away.call(null, "GET", "/health");
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: "down", table: "unreachable" });
    const fleet = await away.call(null, "GET", "/cp");
    expect(fleet.status).toBe(503);
    expect(fleet.headers.get("retry-after")).toBe("1");
    expect(await fleet.text()).not.toContain("secret");
    await away.close();
  });
});
