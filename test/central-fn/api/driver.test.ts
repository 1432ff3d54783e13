// What a driver reads: charging points, the current and past sessions with their bills, inbox and favourites.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { distanceKm } from "../../../central-fn/api/charging-point.view.ts";
import { keys } from "../../../central-fn/tables/rows.ts";
import { partitionOf } from "../../../wire/messages/index.ts";
import { openCommand } from "../on-event/story.ts";
import {
  cdrRow,
  claimOf,
  cpRow,
  hear,
  nowMs,
  openCentral,
  partitions,
  seed,
  sessionRow,
  sid,
  type TestCentral,
} from "./central.ts";

let central: TestCentral;
beforeEach(async () => {
  central = openCentral();
  await seed(central);
});
afterEach(() => central.close());

const get = async (path: string, who = "driver-alice") => (await central.call(who, "GET", path)).json();
const ids = async (query: string) =>
  ((await get(`/charging-points${query}`)) as { cp_id: string }[]).map(({ cp_id }) => cp_id);

describe("GET /charging-points", () => {
  it("is an array with exactly the documented fields", async () => {
    const points = (await get("/charging-points")) as unknown[];
    expect(points).toHaveLength(4);
    expect(points[0]).toEqual({
      cp_id: "CP-001",
      name: "Station CP-001",
      status: "FREE",
      power_kw: 22,
      connector_type: "TYPE2",
      location: {
        address: "Calle Larios 1",
        city: "Málaga",
        latitude: 36.72,
        longitude: -4.42,
        distance_km: null,
      },
      queue_length: 0,
      estimated_wait_minutes: 0,
      favorite: false,
      price_eur_per_kwh: 0.3,
    });
  });

  it("tells free, occupied, stopped and offline apart", async () => {
    const engine = cpRow("x").engine;
    const stop = openCommand({ op: "stop-cp" });
    const rows = {
      "CP-005": cpRow("CP-005", { engine: engine && { ...engine, plugged: true } }),
      "CP-006": cpRow("CP-006", { engine: engine && { ...engine, operative: false } }),
      "CP-007": cpRow("CP-007", { commands: [stop] }),
      "CP-008": cpRow("CP-008", { health: null }),
      "CP-009": cpRow("CP-009", { registration: null }),
      "CP-010": cpRow("CP-010", { claim: claimOf(sid("CP-010"), "driver-eve", "claimed") }),
    };
    for (const [cp, row] of Object.entries(rows)) await central.put(keys.cp(cp), row);
    await hear(central, ["CP-001", "CP-002", "CP-003", "CP-004", ...Object.keys(rows)]);
    const points = (await get("/charging-points")) as { cp_id: string; status: string }[];
    expect(Object.fromEntries(points.map(({ cp_id, status }) => [cp_id, status]))).toEqual({
      "CP-001": "FREE",
      "CP-002": "FREE",
      "CP-003": "OCCUPIED",
      "CP-004": "OCCUPIED",
      "CP-005": "OCCUPIED",
      "CP-006": "STOPPED",
      "CP-007": "STOPPED",
      "CP-008": "OFFLINE",
      "CP-010": "OCCUPIED",
    });
  });

  it("shows a charging point that registers a moment ago, at its own price", async () => {
    await central.put(
      keys.cp("CP-011"),
      cpRow("CP-011", { tariff: { version: 2, priceE5PerKwh: 38_000, currency: "EUR" } }),
    );
    await hear(central, ["CP-011"]);
    expect(await get("/charging-points/CP-011")).toMatchObject({ status: "FREE", price_eur_per_kwh: 0.38 });
  });

  it("filters by city, connector, power and availability, and orders by distance", async () => {
    const base = cpRow("x").registration;
    if (!base) throw new Error("no registration");
    const far = { ...base, city: "Sevilla", latitude: 37.39, longitude: -5.99, powerW: 150_000 };
    await central.put(
      keys.cp("CP-000"),
      cpRow("CP-000", { registration: { ...far, connectorType: "CCS2" } }),
    );
    expect(await ids("?city=malaga")).toEqual(["CP-001", "CP-002", "CP-003", "CP-004"]);
    expect(await ids("?connector_type=CCS2")).toEqual(["CP-000"]);
    expect(await ids("?min_power_kw=22.5")).toEqual(["CP-000"]);
    expect(await ids("?city=Málaga&only_available=true")).toEqual(["CP-001", "CP-002"]);
    expect((await ids("?lat=36.7&lon=-4.4")).at(-1)).toBe("CP-000");
    expect((await ids("?lat=37.4&lon=-6")).at(0)).toBe("CP-000");
    expect(await get("/charging-points/CP-001?lat=36.72&lon=-4.42")).toMatchObject({
      location: { distance_km: 0 },
      amenities: ["café"],
      last_updated: new Date(nowMs - 1_000).toISOString(),
    });
    for (const query of ["?lat=1", "?lat=91&lon=0", "?connector_type=USB", "?min_power_kw=much"])
      expect((await central.call("driver-alice", "GET", `/charging-points${query}`)).status).toBe(400);
    expect((await central.call("driver-alice", "GET", "/charging-points/CP-999")).status).toBe(404);
  });

  it("is 304 for who has it", async () => {
    const etag = (await central.call("driver-alice", "GET", "/charging-points")).headers.get("etag") ?? "";
    const headers = { "if-none-match": etag };
    expect((await central.call("driver-alice", "GET", "/charging-points", { headers })).status).toBe(304);
  });

  it("measures distances on the sphere", () => {
    expect(distanceKm({ lat: 52.52, lon: 13.405 }, { lat: 48.8566, lon: 2.3522 })).toBeCloseTo(877.5, 0);
    expect(distanceKm({ lat: 0, lon: 179.9 }, { lat: 0, lon: -179.9 })).toBeCloseTo(22.2, 1);
    expect(distanceKm({ lat: 0, lon: 0 }, { lat: 0, lon: 180 })).toBeCloseTo(20_015.09, 1);
  });
});

describe("a driver's sessions", () => {
  it("the current one has live figures and its command, and is 204 for who has none", async () => {
    expect(await get("/drivers/driver-alice/sessions/current")).toMatchObject({
      session_id: sid("CP-003"),
      status: "CHARGING",
      energy_kwh: 1.234,
      cost_eur: 0.37,
      command: { state: "applied", reason: null },
    });
    const none = await central.call("driver-new", "GET", "/drivers/driver-new/sessions/current");
    expect(none.status).toBe(204);
  });

  it("one that went to a review tells whether it was waived", async () => {
    const id = sid("CP-001", 8);
    const own = `/drivers/driver-alice/sessions/${id}`;
    const row = sessionRow(id, "driver-alice", { rank: "NEEDS_REVIEW", reason: "journal lost" });
    await central.put(keys.session("driver-alice", id), row);
    expect(await get(own)).toMatchObject({ phase: "needs_review", reason: "journal lost", waived: false });
    await central.put(keys.session("driver-alice", id), { ...row, waived: true });
    expect(await get(own)).toMatchObject({ phase: "needs_review", reason: "journal lost", waived: true });
  });

  it("the past ones come newest first, billed by the CDR's figures", async () => {
    const done = sid("CP-001", 7);
    const ended = { rank: "BILLED", endedAtMs: nowMs - 10_000, requestedAtMs: nowMs - 1_000 } as const;
    await central.put(
      keys.session("driver-alice", done),
      sessionRow(done, "driver-alice", { ...ended, energyWh: 1, costMinor: 1 }),
    );
    await central.put(keys.cdr("driver-alice", done), cdrRow(done, "driver-alice"));
    for (const [id, requestedAtMs] of [
      [done, nowMs - 1_000],
      [sid("CP-003"), nowMs - 100_000],
    ] as const)
      await central.put(keys.past("driver-alice", requestedAtMs, id), {
        sid: id,
        driver: "driver-alice",
        cp: "CP-001",
      });
    const past = (await get("/drivers/driver-alice/sessions/history")) as { receipt_url: string }[];
    expect(past).toMatchObject([
      {
        session_id: done,
        status: "COMPLETED",
        energy_kwh: 10.005,
        cost_eur: 3,
        register_start_wh: 1_000,
        register_end_wh: 11_005,
        price_eur_per_kwh: 0.3,
        stop_reason: "EVDisconnected",
        cdr_id: `CDR-${done}`,
      },
      { session_id: sid("CP-003"), status: "CHARGING", cdr_id: null, receipt_url: null },
    ]);
    expect(await get(past[0]?.receipt_url ?? "")).toMatchObject({ energy_wh: 10_005, cost_eur: 3 });
    expect(await get("/drivers/driver-bob/sessions/history", "driver-bob")).toEqual([]);
  });
});

describe("a driver's inbox", () => {
  beforeEach(async () => {
    for (let sequence = 1; sequence <= 12; sequence++)
      await central.put(keys.inbox("driver-alice", sequence), {
        sequence,
        createdAtMs: nowMs + sequence,
        type: "SESSION",
        message: `message ${sequence}`,
        sid: null,
        cp: null,
        event: "started",
      });
    await central.put(keys.driver("driver-alice"), {
      driver: "driver-alice",
      activeSid: null,
      inboxLast: 12,
      inboxRead: 10,
      favorites: ["CP-002", "CP-404"],
    });
  });
  const sequences = async (query: string) =>
    ((await get(`/drivers/driver-alice/notifications${query}`)) as { sequence: number }[]).map(
      ({ sequence }) => sequence,
    );

  it("is read from a place on, without a gap, and tells what was read", async () => {
    expect(await sequences("?after=9")).toEqual([10, 11, 12]);
    expect(await sequences("?after=0&limit=3")).toEqual([1, 2, 3]);
    expect(await sequences("?after=12")).toEqual([]);
    expect(await sequences("?limit=2")).toEqual([11, 12]);
    const entries = (await get("/drivers/driver-alice/notifications?after=9")) as unknown[];
    expect(entries[0]).toEqual({
      notification_id: "driver-alice-10",
      created_at: new Date(nowMs + 10).toISOString(),
      message: "message 10",
      type: "SESSION",
      event: "started",
      session_id: null,
      cp_id: null,
      read: true,
      sequence: 10,
    });
    expect(
      (await central.call("driver-alice", "GET", "/drivers/driver-alice/notifications?after=x")).status,
    ).toBe(400);
  });

  it("and the favourites change by records alone, in the driver's own order", async () => {
    expect(await get("/drivers/driver-alice/favorites")).toMatchObject([{ cp_id: "CP-002", favorite: true }]);
    const own = "/drivers/driver-alice";
    const answers = [
      await central.call("driver-alice", "POST", `${own}/favorites`, { body: { cp_id: "CP-001" } }),
      await central.call("driver-alice", "DELETE", `${own}/favorites/CP-002`),
      await central.call("driver-alice", "POST", `${own}/notifications/read`, { body: { up_to: 12 } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
    const place = {
      topic: "driver.requests",
      key: "driver-alice",
      partition: partitionOf("driver-alice", partitions),
    };
    expect(central.appended).toMatchObject([place, place, place]);
    expect(central.appended.map(({ value }) => JSON.parse(value))).toMatchObject([
      { type: "favorite", cp: "CP-001", on: true },
      { type: "favorite", cp: "CP-002", on: false },
      { type: "read", upTo: 12 },
    ]);
    const unknown = await central.call("driver-alice", "POST", `${own}/favorites`, {
      body: { cp_id: "CP-999" },
    });
    expect(unknown.status).toBe(404);
    expect(await get(`${own}/alerts`)).toEqual([]);
  });
});
