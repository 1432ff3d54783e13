// What an operator orders and reads.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dayOf, keys } from "../../../central-fn/tables/rows.ts";
import { OperatorRequest, partitionOf } from "../../../wire/messages/index.ts";
import { cdrRow, cpRow, nowMs, openCentral, partitions, seed, sid, type TestCentral } from "./central.ts";

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

describe("an operator's decisions", () => {
  const session = sid("CP-001", 5);
  const review = (change: object = {}) => ({
    id: session,
    cp: "CP-001",
    sid: session,
    driver: "driver-alice",
    cause: "journal lost",
    registerStartWh: 1_000,
    registerEndWh: 2_000,
    tariff: { version: 1, priceE5PerKwh: 30_000, currency: "EUR" },
    openedAtMs: nowMs,
    settled: null,
    ...change,
  });
  const decide = (id: string, body: unknown) =>
    central.call("operator-olga", "POST", `/reviews/${id}`, { body });
  const sent = () => central.appended.map(({ value }) => OperatorRequest.parse(JSON.parse(value)));

  it("on a review are one record with the reason, at the charge point's partition", async () => {
    await central.put(keys.review(session), review());
    const answer = await decide(session, { decision: "bill", reason: "the meter was read on the spot" });
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ review_id: session, decision: "bill", cp_id: "CP-001" });
    expect(sent()).toMatchObject([
      {
        type: "settle-review",
        cp: "CP-001",
        sid: session,
        driver: "driver-alice",
        decision: "bill",
        reason: "the meter was read on the spot",
        operator: "operator-olga",
      },
    ]);
    expect(central.appended[0]?.partition).toBe(partitionOf("CP-001", partitions));
  });

  it("on energy of no session can only be to waive it", async () => {
    const id = "orphan-CP-001-aaaaaaaa-0001-1-7";
    await central.put(keys.review(id), review({ id, sid: null, driver: null, tariff: null }));
    expect((await decide(id, { decision: "bill", reason: "r" })).status).toBe(409);
    expect((await decide(id, { decision: "waive", reason: "stray current" })).status).toBe(202);
    expect(sent()).toMatchObject([
      { type: "close-review", cp: "CP-001", review: id, reason: "stray current" },
    ]);
  });

  it.each([
    ["settled before", { settled: { decision: "waive", by: "olga", reason: "r", atMs: 1 } }, 409],
    ["without figures", { registerEndWh: null }, 409],
    ["whose register went back", { registerEndWh: 999 }, 409],
  ])("to bill a review %s are refused with the reason", async (_, change, status) => {
    await central.put(keys.review(session), review(change));
    const answer = await decide(session, { decision: "bill", reason: "r" });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(central.appended).toEqual([]);
  });

  it("without a reason, of another kind or about nothing are refused", async () => {
    await central.put(keys.review(session), review());
    for (const [id, body, status] of [
      [session, { decision: "bill" }, 400],
      [session, { decision: "bill", reason: "  " }, 400],
      [session, { decision: "halve", reason: "r" }, 400],
      [session, { decision: "bill", reason: "r", energy_wh: 1 }, 400],
      [sid("CP-001", 6), { decision: "bill", reason: "r" }, 404],
      ["<img>", { decision: "bill", reason: "r" }, 400],
    ] as const)
      expect([id, (await decide(id, body)).status]).toEqual([id, status]);
    expect(central.appended).toEqual([]);
  });

  it("to retire a charge point are one record with the reason", async () => {
    const retire = (cp: string, body: unknown) =>
      central.call("operator-olga", "POST", `/cp/${cp}/retire`, { body });
    expect((await retire("CP-003", { reason: "flooded" })).status).toBe(202);
    expect((await retire("CP-003", {})).status).toBe(400);
    expect((await retire("CP-999", { reason: "flooded" })).status).toBe(404);
    expect(sent()).toMatchObject([
      { type: "retire-cp", cp: "CP-003", reason: "flooded", operator: "operator-olga" },
    ]);
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

  const to = async (atMs: number, n: number, from: string | null, state: string, cause: string) =>
    central.put(keys.transition("CP-001", atMs, n), { cp: "CP-001", atMs, from, to: state, cause });

  it("a charge point's faults with their causes and lengths, newest first", async () => {
    await to(nowMs - 100_000, 1, null, "ON", "status report");
    await to(nowMs - 60_000, 2, "ON", "BROKEN", "no answer");
    await to(nowMs - 18_000, 3, "BROKEN", "ON", "status report");
    await to(nowMs - 5_000, 4, "ON", "DISCONNECTED", "last will");
    const second = {
      cp_id: "CP-001",
      state: "DISCONNECTED",
      from: "ON",
      cause: "last will",
      start: new Date(nowMs - 5_000).toISOString(),
      end: null,
      duration_s: 5,
    };
    expect(await get("/cp/CP-001/faults")).toEqual([
      second,
      {
        cp_id: "CP-001",
        state: "BROKEN",
        from: "ON",
        cause: "no answer",
        start: new Date(nowMs - 60_000).toISOString(),
        end: new Date(nowMs - 18_000).toISOString(),
        duration_s: 42,
      },
    ]);
    expect(await get("/cp/CP-001/faults?limit=1")).toEqual([second]);
    expect(await get("/cp/CP-002/faults")).toEqual([]);
    expect((await call("GET", "/cp/CP-999/faults")).status).toBe(404);
  });

  it("a charge point's statistics: faults and states over a day and a week, sales of the last days", async () => {
    const hour = 3_600_000;
    await to(nowMs - 400 * hour, 1, null, "ON", "status report");
    await to(nowMs - 50 * hour, 2, "ON", "BROKEN", "no answer");
    await to(nowMs - 49 * hour, 3, "BROKEN", "ON", "status report");
    await to(nowMs - hour, 4, "ON", "DISCONNECTED", "last will");
    const sold = sid("CP-001", 7);
    const elsewhere = sid("CP-002", 8);
    for (const [id, cp] of [
      [sold, "CP-001"],
      [elsewhere, "CP-002"],
    ] as const) {
      await central.put(keys.cdr("driver-bob", id), cdrRow(id, "driver-bob"));
      await central.put(keys.cdrOfDay(nowMs - 24 * hour, id), { sid: id, driver: "driver-bob", cp });
    }
    const statistics = await get("/cp/CP-001/statistics");
    expect(statistics).toMatchObject({
      cp_id: "CP-001",
      last_24_h: {
        faults: 1,
        disconnected: 1,
        outages: 0,
        mean_time_to_recover_s: null,
        seconds_in_state: { ON: 23 * 3_600, BROKEN: 0, DISCONNECTED: 3_600, unknown: 0 },
      },
      last_7_d: {
        faults: 2,
        broken: 1,
        outages: 1,
        mean_time_to_recover_s: 3_600,
        seconds_in_state: { ON: 166 * 3_600, BROKEN: 3_600, DISCONNECTED: 3_600, unknown: 0 },
      },
    });
    const { days } = statistics as { days: { day: string; sessions: number; energy_wh: number }[] };
    expect(days).toHaveLength(7);
    expect(days.slice(0, 2)).toMatchObject([
      { day: "2026-05-03", sessions: 0 },
      { day: "2026-05-02", sessions: 1, energy_wh: 10_005, amount_minor: 300 },
    ]);
    expect((await call("GET", "/cp/CP-999/statistics")).status).toBe(404);
  });

  it("why a charge point needs attention, which nobody else is told", async () => {
    const quarantine = {
      cause: "cloned device?",
      journal: "j",
      epoch: 1,
      boot: "a",
      otherBoot: "b",
      sinceMs: 1,
    };
    await central.put(keys.cp("CP-001"), cpRow("CP-001", { quarantine }));
    expect(await get("/cp/CP-001")).toMatchObject({ needs_attention: "cloned device?" });
    expect(await get("/cp/CP-002")).toMatchObject({ needs_attention: null });
    const anyone = await central.call(null, "GET", "/cp/CP-001");
    expect(await anyone.json()).not.toHaveProperty("needs_attention");
    const drivers = await central.call("driver-alice", "GET", "/charging-points/CP-001");
    expect(await drivers.json()).toMatchObject({ status: "OFFLINE" });
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
