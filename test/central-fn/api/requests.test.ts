// Requests of a driver: one record in Kafka each, ids minted at once, waits, limits, and what goes wrong.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limitsOf } from "../../../central-fn/api/driver/limit.ts";
import type { Appended } from "../../../central-fn/api/parts.ts";
import { sessionIds } from "../../../central-fn/api/session-id.ts";
import { costMinor } from "../../../central-fn/rules/cost.ts";
import { limitUnder } from "../../../central-fn/rules/limit.rules.ts";
import { keys } from "../../../central-fn/tables/rows.ts";
import { DriverRequest, partitionOf, sidPattern } from "../../../wire/messages/index.ts";
import {
  cpRow,
  ids,
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

const path = "/drivers/driver-alice/requests";
const wish = { cp_id: "CP-002", vehicle_id: "VEH-001" };
const ask = (body: unknown = wish, headers: Record<string, string> = {}) =>
  central.call("driver-alice", "POST", path, { body, headers });
const appendedOf = ({ appended }: { appended: Appended[] }) =>
  appended.map(({ value }) => DriverRequest.parse(JSON.parse(value)));

describe("POST /drivers/{id}/requests", () => {
  it("appends one start to the charge point's partition and answers 202 with a pending session", async () => {
    const answer = await ask();
    expect(answer.status).toBe(202);
    const session = (await answer.json()) as { session_id: string };
    expect(session).toMatchObject({
      request_id: session.session_id,
      cp_id: "CP-002",
      status: "PENDING",
      queue_position: null,
      started_at: null,
      completed_at: null,
      energy_kwh: null,
      cost_eur: null,
    });
    expect(session.session_id).toMatch(sidPattern);
    expect(answer.headers.get("location")).toBe(`${path}/${session.session_id}`);
    expect(central.appended).toMatchObject([
      { topic: "driver.requests", key: "CP-002", partition: partitionOf("CP-002", partitions) },
    ]);
    expect(appendedOf(central)).toEqual([
      {
        v: 1,
        type: "start",
        sid: session.session_id,
        driver: "driver-alice",
        cp: "CP-002",
        vehicleId: "VEH-001",
        requestedAt: nowMs,
        expiresAt: nowMs + 60_000,
      },
    ]);
    expect(await central.table.get(keys.session("driver-alice", session.session_id))).toBeUndefined();
  });

  it("is the same request when its Idempotency-Key is, and another without one", async () => {
    const id = async (headers?: Record<string, string>) =>
      ((await (await ask(wish, headers)).json()) as { session_id: string }).session_id;
    const first = await id({ "idempotency-key": "abc" });
    expect(await id({ "idempotency-key": "abc" })).toBe(first);
    expect(await id({ "idempotency-key": "abd" })).not.toBe(first);
    expect(await id()).not.toBe(await id());
    await central.put(keys.session("driver-alice", first), sessionRow(first, "driver-alice"));
    const before = central.appended.length;
    const again = await ask(wish, { "idempotency-key": "abc" });
    expect([again.status, central.appended.length]).toEqual([202, before]);
    expect(await again.json()).toMatchObject({ session_id: first, status: "CHARGING" });
    const other = await ask({ ...wish, vehicle_id: "VEH-009" }, { "idempotency-key": "abc" });
    expect([other.status, central.appended.length]).toEqual([422, before]);
    expect((await ask(wish, { "idempotency-key": "a b" })).status).toBe(400);
  });

  it("with Prefer: wait answers as soon as it is decided, and in time when it is not", async () => {
    const key = "decided";
    const id = ids.mint("driver-alice", "CP-002", key);
    const asked = ask(wish, { prefer: "respond-async, wait=10", "idempotency-key": key });
    await pause(60);
    const rejected = sessionRow(id, "driver-alice", {
      rank: "REJECTED",
      reason: "occupied",
      startedAtMs: null,
    });
    await central.put(keys.session("driver-alice", id), rejected);
    const answer = await asked;
    expect(answer.headers.get("preference-applied")).toBe("wait=10");
    expect(await answer.json()).toMatchObject({ session_id: id, status: "DENIED", reason: "occupied" });
    const fromMs = performance.now();
    expect(await (await ask(wish, { prefer: "wait=1" })).json()).toMatchObject({ status: "PENDING" });
    expect(performance.now() - fromMs).toBeGreaterThanOrEqual(990);
  });

  it("refuses an unknown, unregistered or retired charge point with 404 and stores nothing", async () => {
    await central.put(keys.cp("CP-007"), cpRow("CP-007", { registration: null }));
    await central.put(keys.cp("CP-008"), cpRow("CP-008", { retired: true }));
    for (const cp_id of ["CP-999", "CP-007", "CP-008"]) {
      const answer = await ask({ ...wish, cp_id });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ detail: `no charging point ${cp_id}` });
    }
    expect(central.appended).toEqual([]);
  });

  it("refuses a body that is no JSON, has wrong fields or ones that nobody knows, and says where", async () => {
    const cases: [unknown, RegExp][] = [
      ['{"cp_id": "CP-002", }', /position|line|property/i],
      ["", /empty/],
      [{ vehicle_id: "VEH-001" }, /cp_id/],
      [{ ...wish, cp_id: "<img onerror=x>" }, /cp_id: an id is/],
      [{ ...wish, role: "operator" }, /role/],
      [{ ...wish, limit: { energy_kwh: -1 } }, /limit\.energy_kwh/],
      [{ ...wish, preferred_start: "tomorrow" }, /preferred_start/],
      ["[1,2]", /object/],
    ];
    for (const [body, text] of cases) {
      const answer = await ask(body);
      expect([body, answer.status]).toEqual([body, 400]);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(((await answer.json()) as { detail: string }).detail).toMatch(text);
    }
    expect(central.appended).toEqual([]);
  });

  it("starts at once for a preferred start that has come, later within a day, and never after that", async () => {
    const at = (ms: number) => new Date(ms).toISOString();
    expect((await ask({ ...wish, preferred_start: at(nowMs - 1) })).status).toBe(202);
    expect((await ask({ ...wish, preferred_start: null })).status).toBe(202);
    expect((await ask({ ...wish, preferred_start: at(nowMs + 86_400_000) })).status).toBe(202);
    expect(appendedOf(central).map((request) => "startAt" in request && request.startAt)).toEqual([
      false,
      false,
      nowMs + 86_400_000,
    ]);
    const later = await ask({ ...wish, preferred_start: at(nowMs + 86_400_001) });
    expect(later.status).toBe(422);
    expect(await later.json()).toMatchObject({ detail: expect.stringContaining("24 hours") });
  });

  it("is 503 with Retry-After when Kafka refuses or takes too long", async () => {
    for (const append of [
      () => Promise.reject(new Error("secret broker")),
      () => new Promise<void>(() => {}),
    ]) {
      const down = openCentral({ append, appendWithinMs: 30, table: central.table });
      const answer = await down.call("driver-alice", "POST", path, { body: wish });
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("5");
      expect(await answer.text()).not.toContain("secret");
    }
  });
});

describe("a request that is not decided yet", () => {
  it("answers PENDING, can be taken back and stopped at once, with the handlers at rest", async () => {
    const { session_id: id } = (await (await ask()).json()) as { session_id: string };
    for (const kind of ["requests", "sessions"]) {
      const got = await central.call("driver-alice", "GET", `/drivers/driver-alice/${kind}/${id}`);
      expect(await got.json()).toMatchObject({ session_id: id, cp_id: "CP-002", status: "PENDING" });
    }
    const gone = await central.call("driver-alice", "DELETE", `${path}/${id}`);
    expect([gone.status, await gone.text()]).toEqual([204, ""]);
    const stop = await central.call("driver-alice", "POST", `/drivers/driver-alice/sessions/${id}/stop`);
    expect(stop.status).toBe(200);
    expect(appendedOf(central).slice(1)).toEqual([
      { v: 1, type: "cancel", sid: id, driver: "driver-alice", cp: "CP-002", requestedAt: nowMs },
      { v: 1, type: "stop", sid: id, driver: "driver-alice", cp: "CP-002", requestedAt: nowMs },
    ]);
    expect(central.appended.every(({ key }) => key === "CP-002")).toBe(true);
  });

  it("is found by an id of another form once the handlers know it", async () => {
    const id = sid("CP-003");
    const got = await central.call("driver-alice", "GET", `/drivers/driver-alice/requests/${id}`);
    expect(await got.json()).toMatchObject({
      status: "CHARGING",
      energy_kwh: 1.234,
      cost_eur: 0.37,
      power_kw: 21.5,
    });
    const unknown = await central.call(
      "driver-alice",
      "GET",
      `/drivers/driver-alice/requests/${sid("CP-003", 2)}`,
    );
    expect(unknown.status).toBe(404);
  });
});

describe("a session id", () => {
  it("fits the driver it was minted for and no other, whatever the charge point is called", () => {
    for (let n = 0; n < 200; n++) {
      const cp = n % 2 ? `CP-${n}` : `S-${n}-0123456789abcdef`;
      const id = ids.mint("driver-alice", cp, `key ${n}`);
      expect(id).toMatch(sidPattern);
      expect(ids.isOwn("driver-alice", id)).toBe(true);
      expect(ids.isOwn("driver-bob", id)).toBe(false);
    }
  });

  it("tells nobody whose it is who has not the secret: public lists show it", () => {
    const id = ids.mint("driver-alice", "CP-001", "a key");
    expect(sessionIds(randomBytes(32)).isOwn("driver-alice", id)).toBe(false);
  });
});

describe("a limit", () => {
  it("of money is the most energy that is billed at or below it", () => {
    for (const [costEur, priceE5] of [
      [5, 30_000],
      [0.29, 45_000],
      [1.1, 28_000],
      [99.99, 7],
    ] as const) {
      const { costLimitMinor } = limitsOf({ cost_eur: costEur }, priceE5);
      const limit = limitUnder(undefined, costLimitMinor, priceE5);
      const energyWh = (typeof limit === "object" && limit.energyWh) || 0;
      expect(costMinor(energyWh, priceE5)).toBeLessThanOrEqual(Math.round(costEur * 100));
      if (energyWh < 10_000_000)
        expect(costMinor(energyWh + 1, priceE5)).toBeGreaterThan(Math.round(costEur * 100));
    }
  });

  it("takes the tightest of each kind, and none where none is meant", () => {
    const under = (wish: Parameters<typeof limitsOf>[0], priceE5: number) => {
      const { limit, costLimitMinor } = limitsOf(wish, priceE5);
      return limitUnder(limit, costLimitMinor, priceE5);
    };
    expect(under({ energy_kwh: 1, cost_eur: 1_000 }, 30_000)).toEqual({ energyWh: 1_000 });
    expect(under({ energy_kwh: 100, cost_eur: 0.3 }, 30_000)).toEqual({ energyWh: 1_016 });
    expect(under({ duration_minutes: 1.5, duration_s: 100 }, 30_000)).toEqual({ durationS: 90 });
    expect(under({ duration_s: 60, cost_eur: 0.3 }, 30_000)).toEqual({ durationS: 60, energyWh: 1_016 });
    expect(under({}, 30_000)).toBeUndefined();
    expect(under({ cost_eur: 5 }, 0)).toBeUndefined();
    expect(() => limitsOf({ cost_eur: 0.01 }, 10_000_000)).toThrow(/less than 1 Wh/);
    expect(() => limitsOf({ cost_eur: 1 }, undefined)).toThrow(/no price/);
  });

  it("travels with the request", async () => {
    const limit = { energy_kwh: 7.5, duration_minutes: 30, cost_eur: 4.999 };
    expect((await ask({ ...wish, limit, queue: true })).status).toBe(202);
    expect(appendedOf(central)[0]).toMatchObject({
      limit: { energyWh: 7_500, durationS: 1_800 },
      costLimitMinor: 499,
      queue: true,
    });
  });
});
