// What an operator orders and reads.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dayOf, keys } from "../../../central-fn/tables/rows.ts";
import { OperatorRequest, partitionOf } from "../../../wire/messages/index.ts";
import { cdrRow, nowMs, openCentral, partitions, seed, sid, type TestCentral } from "./central.ts";

let central: TestCentral;
beforeEach(async () => {
  central = openCentral();
  await seed(central);
});
afterEach(() => central.close());

const call = (method: string, path: string) => central.call("operator-olga", method, path);
const get = async (path: string) => (await call("GET", path)).json();

describe("an operator's orders", () => {
  it("are one record each, at the charge point's partition, with who asked", async () => {
    const running = sid("CP-003");
    for (const path of ["/cp/CP-002/stop", "/cp/CP-002/resume", `/sessions/${running}/stop`]) {
      const answer = await call("POST", path);
      expect([path, answer.status]).toEqual([path, 202]);
    }
    const requests = central.appended.map(({ value }) => OperatorRequest.parse(JSON.parse(value)));
    expect(requests).toMatchObject([
      { type: "stop-cp", cp: "CP-002", operator: "operator-olga", requestedAt: nowMs },
      { type: "resume-cp", cp: "CP-002" },
      { type: "stop-session", cp: "CP-003", sid: running, driver: "driver-alice" },
    ]);
    expect(new Set(requests.map(({ id }) => id)).size).toBe(3);
    expect(central.appended.map(({ topic, key, partition }) => [topic, key, partition])).toEqual(
      ["CP-002", "CP-002", "CP-003"].map((cp) => ["operator.requests", cp, partitionOf(cp, partitions)]),
    );
  });

  it("for what is not there are 404 and leave no record", async () => {
    for (const path of [
      "/cp/CP-999/stop",
      "/cp/CP-999/resume",
      `/sessions/${sid("CP-002")}/stop`,
      `/sessions/${sid("CP-003", 9)}/stop`,
      `/sessions/${sid("CP-999")}/stop`,
    ])
      expect([path, (await call("POST", path)).status]).toEqual([path, 404]);
    expect(central.appended).toEqual([]);
  });
});

describe("an operator reads", () => {
  it("the sessions and bills of a day, newest first", async () => {
    const running = sid("CP-003");
    const done = sid("CP-001", 7);
    const index = (id: string, driver: string, cp: string) => ({ sid: id, driver, cp });
    await central.put(keys.sessionOfDay(nowMs, running), index(running, "driver-alice", "CP-003"));
    await central.put(keys.cdr("driver-bob", done), cdrRow(done, "driver-bob"));
    await central.put(keys.cdrOfDay(nowMs - 10_000, done), index(done, "driver-bob", "CP-001"));
    expect(await get("/sessions")).toMatchObject([{ session_id: running, driver_id: "driver-alice" }]);
    expect(await get(`/cdrs?day=${dayOf(nowMs)}`)).toMatchObject([
      { cdr_id: `CDR-${done}`, energy_wh: 10_005, cost: { amount_minor: 300, currency: "EUR" }, cost_eur: 3 },
    ]);
    expect(await get("/cdrs?day=2020-01-01")).toEqual([]);
    for (const path of ["/cdrs?day=yesterday", "/sessions?limit=0", "/sessions?day=2026-02-30"])
      expect([path, (await call("GET", path)).status]).toEqual([path, 400]);
  });

  it("a charge point's history with its causes, newest first", async () => {
    const to = async (n: number, from: string | null, state: string, cause: string) =>
      central.put(keys.transition("CP-001", nowMs + n, n), {
        cp: "CP-001",
        atMs: nowMs + n,
        from,
        to: state,
        cause,
      });
    await to(1, null, "ON", "status report");
    await to(2, "ON", "BROKEN", "no answer");
    expect(await get("/cp/CP-001/faults")).toEqual([
      {
        cp_id: "CP-001",
        at: new Date(nowMs + 2).toISOString(),
        from: "ON",
        to: "BROKEN",
        cause: "no answer",
      },
      {
        cp_id: "CP-001",
        at: new Date(nowMs + 1).toISOString(),
        from: null,
        to: "ON",
        cause: "status report",
      },
    ]);
    expect((await call("GET", "/cp/CP-999/faults")).status).toBe(404);
  });

  it("open reviews, settled ones on demand, and dead letters without their bytes", async () => {
    const review = (id: string, settled: object | null) => ({
      id,
      cp: "CP-001",
      sid: sid("CP-001"),
      driver: "driver-alice",
      cause: "journal lost",
      registerStartWh: 1,
      registerEndWh: null,
      tariff: null,
      openedAtMs: nowMs,
      settled,
    });
    await central.put(keys.review("open"), review("open", null));
    await central.put(
      keys.review("settled"),
      review("settled", { decision: "waive", by: "olga", reason: "r", atMs: nowMs }),
    );
    expect(await get("/reviews")).toMatchObject([{ review_id: "open", cause: "journal lost" }]);
    expect(await get("/reviews?settled=true")).toMatchObject([{ review_id: "settled" }]);
    await central.put(keys.deadLetter("cp.events/1"), {
      id: "cp.events/1",
      where: "central",
      topic: "cp.events",
      reason: "not JSON",
      payloadBase64: "c2VjcmV0",
      event: null,
      atMs: nowMs,
      resolved: null,
    });
    const letters = await get("/dead-letters");
    expect(letters).toMatchObject([{ id: "cp.events/1", reason: "not JSON", resolved: false }]);
    expect(JSON.stringify(letters)).not.toContain("c2VjcmV0");
  });
});
