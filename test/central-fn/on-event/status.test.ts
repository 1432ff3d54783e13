import { describe, expect, it } from "vitest";
import { alice, newSid, Story, startMs } from "./story.ts";

const will = (conn: number) => ({ conn });

describe("a charge point's state as shown", () => {
  it("goes Broken and back with the exact lines, the history, and one word to its driver", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.logs.length = 0;
    story.nowMs += 1_000;
    story.status("KO");
    expect(story.logs).toEqual([
      "CP CP-001 marked as FAULTY",
      "CP CP-001 has active session with driver-alice",
    ]);
    expect(story.session(grant.sid)).toMatchObject({ rank: "CHARGING", interrupted: true });
    expect(story.driver()?.activeSid).toBe(null);
    story.say("will", will(1));
    story.status("KO", 2);
    expect(story.inbox()).toEqual(["accepted", "started", "interrupted"]);
    story.logs.length = 0;
    story.status("OK", 2);
    expect(story.logs).toEqual(["CP CP-001 fault cleared, now available"]);
    expect(story.session(grant.sid)).toMatchObject({ rank: "CHARGING", interrupted: false });
    expect(story.driver()?.activeSid).toBe(grant.sid);
    expect(story.history()).toEqual([
      "-→ON: status report",
      "ON→BROKEN: no answer",
      "BROKEN→DISCONNECTED: last will",
      "DISCONNECTED→BROKEN: no answer",
      "BROKEN→ON: status report",
    ]);
  });

  it("that comes and goes does not fill its driver's inbox: a later return is told when it has lasted", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    const told = () => story.inbox().slice(2);
    const flap = () => {
      for (const engine of ["KO", "OK"] as const) {
        story.nowMs += 2_000;
        story.status(engine);
      }
    };
    const calm = (ms: number) => {
      for (const until = story.nowMs + ms; story.nowMs < until; story.sweep()) {
        story.nowMs += 2_000;
        story.status("OK");
        story.canary();
      }
    };
    for (let n = 0; n < 100; n++) flap();
    const twice = ["interrupted", "resumed", "interrupted", "resumed"];
    expect(told()).toEqual([...twice, "interrupted"]);
    // What is shown follows all the same.
    expect(story.session(grant.sid)).toMatchObject({ rank: "CHARGING", interrupted: false });
    expect(story.driver()?.activeSid).toBe(grant.sid);
    story.nowMs += 2_000;
    story.status("KO");
    expect(story.session(grant.sid)?.interrupted).toBe(true);
    expect(story.driver()?.activeSid).toBe(null);
    story.status("OK");
    calm(290_000);
    expect(told()).toEqual([...twice, "interrupted"]);
    calm(20_000);
    expect(told()).toEqual([...twice, "interrupted", "resumed"]);
    expect(story.sweep()).toBe(0);
    // The next has to last twice as long; at the end there is the bill, and nothing after it.
    flap();
    calm(590_000);
    expect(told().slice(6)).toEqual(["interrupted"]);
    calm(20_000);
    expect(told().slice(6)).toEqual(["interrupted", "resumed"]);
    flap();
    story.ended(grant, 9_000);
    calm(3_600_000);
    expect(told().slice(8)).toEqual(["interrupted", "completed"]);
  });

  it("says a disconnection and the return", () => {
    const story = new Story().ready();
    story.logs.length = 0;
    story.say("will", will(1));
    story.status("OK", 2);
    expect(story.logs).toEqual(["CP CP-001 disconnected (last will)", "CP CP-001 connected again"]);
  });

  it("of a monitor whose count went back follows it once the higher count has been silent for long", () => {
    const story = new Story().ready();
    const report = (epoch: number) => story.status("OK", 1, { epoch });
    report(2);
    story.nowMs += 11_000;
    report(1);
    expect(story.cpRow().health?.epoch).toBe(2);
    story.nowMs += 2_000;
    report(1);
    expect(story.cpRow().health?.epoch).toBe(1);
  });

  it.each([
    ["its own connection", 1],
    ["a later one", 7],
  ])("of a monitor follows it again when the will of a copy named %s", (_, conn) => {
    const story = new Story().ready();
    story.status("OK", 1, { seq: 50 });
    story.say("will", will(conn));
    story.nowMs += 11_000;
    story.status("OK", 1, { seq: 20 });
    expect(story.cpRow().shown?.state).toBe("DISCONNECTED");
    story.nowMs += 2_000;
    story.status("OK", 1, { seq: 21 });
    expect(story.cpRow()).toMatchObject({ shown: { state: "ON" }, health: { conn: 1, willConn: null } });
  });

  it("an interrupted driver may charge elsewhere, and the late end still bills", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.status("KO");
    story.nowMs += 3_600_000;
    story.ended(grant, 2_000, { reason: "PowerLoss" });
    expect(story.session(grant.sid)).toMatchObject({ rank: "BILLED", interrupted: false });
    expect(story.inbox()).toEqual(["accepted", "started", "interrupted", "completed"]);
  });

  it("a session begun elsewhere meanwhile is not thrown out when the first goes on", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.status("KO");
    const driver = story.table.getNow({ pk: `driver#${alice}`, sk: "driver" });
    const elsewhere = { ...(driver?.value as object), activeSid: "S-CP-002-0000000000000001" };
    story.table.commitNow([
      { do: "put", key: { pk: `driver#${alice}`, sk: "driver" }, value: elsewhere, expect: "any" },
    ]);
    story.status("OK");
    expect(story.session(grant.sid)?.interrupted).toBe(false);
    expect(story.driver()?.activeSid).toBe("S-CP-002-0000000000000001");
  });

  const late: [string, (story: Story) => void][] = [
    ["a will of an older connection", (s) => s.say("will", will(1))],
    ["a report of an older connection", (s) => s.status("KO", 1, { seq: 3 })],
    ["a report of an older epoch", (s) => s.status("KO", 9, { epoch: 0, seq: 900 })],
    ["an older report of this connection", (s) => s.status("KO", 2, { seq: 4 })],
    ["the will of another journal", (s) => s.say("will", will(9), { journal: "eeeeeeee-0001" })],
  ];
  it.each(late)("is not changed by %s that arrives late", (_, given) => {
    const story = new Story();
    story.status("OK", 2, { seq: 5 });
    story.canary();
    const dump = story.table.dump();
    given(story);
    expect(story.table.dump()).toEqual(dump);
  });

  it("stays disconnected when the living connection's last report arrives after its will", () => {
    const story = new Story();
    story.status("OK", 1, { seq: 1 });
    const last = story.event(
      "status",
      { engine: "OK", conn: 1, intervalMs: 2_000, ttlMs: 6_000 },
      { seq: 2 },
    );
    story.say("will", will(1));
    story.take(last);
    expect(story.cpRow().shown?.state).toBe("DISCONNECTED");
  });

  it("is written once per change and not per report: the rest is only heard, about once per second", () => {
    const story = new Story().ready();
    const row = story.cpRow();
    const commits = story.table.commits;
    for (let i = 0; i < 20; i++) {
      story.nowMs += 200;
      story.status("OK");
    }
    expect(story.cpRow()).toEqual(row);
    expect(story.table.commits - commits).toBeLessThanOrEqual(4);
    expect(story.nowMs - (story.feed()?.heard["CP-001"] ?? 0)).toBeLessThan(900);
    const before = story.table.commits;
    story.take(
      story.event("status", { engine: "OK", conn: 1, intervalMs: 2_000, ttlMs: 6_000 }),
      story.event("status", { engine: "KO", conn: 1, intervalMs: 2_000, ttlMs: 6_000 }),
      story.event("status", { engine: "OK", conn: 1, intervalMs: 2_000, ttlMs: 6_000 }),
    );
    expect(story.history().slice(-2)).toEqual(["ON→BROKEN: engine KO", "BROKEN→ON: status report"]);
    expect(story.table.commits - before).toBeLessThanOrEqual(2);
  });

  it("does not lose what was heard when the feed's write fails after the state's", () => {
    const story = new Story();
    const record = story.event("status", { engine: "OK", conn: 1, intervalMs: 2_000, ttlMs: 6_000 });
    let commits = 0;
    story.table.beforeCommit = () => {
      commits += 1;
      if (commits === 2) throw new Error("table gone");
    };
    expect(() => story.take(record)).toThrow("table gone");
    story.take(record);
    expect(story.feed()?.heard["CP-001"]).toBe(startMs);
  });

  it("an engine cannot report health", () => {
    const story = new Story();
    story.say("status", { engine: "OK", conn: 1, intervalMs: 2_000, ttlMs: 6_000 }, { src: "engine" });
    expect(story.table.queryNow("dead-letters")).toHaveLength(1);
    expect(story.feed()).toBe(undefined);
  });
});

describe("a registration", () => {
  it("takes the newest word, and a changed price is the next tariff version", () => {
    const story = new Story();
    story.register(30_000, { seq: 4 });
    story.register(35_000, { seq: 6 });
    story.register(99_000, { seq: 5 });
    expect(story.cpRow()).toMatchObject({
      registration: { priceE5PerKwh: 35_000 },
      tariff: { version: 2, priceE5PerKwh: 35_000 },
    });
    story.operatorSays("tariff", { priceE5PerKwh: 40_000 });
    story.register(35_000, { seq: 7 });
    expect(story.cpRow().tariff).toMatchObject({ version: 3, priceE5PerKwh: 40_000 });
  });

  it("leaves a running session its tariff", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.register(80_000);
    story.ended(grant);
    expect(story.cdr(grant.sid)?.amountMinor).toBe(370);
    const next = newSid();
    story.request(next);
    expect(story.session(next)?.tariff).toMatchObject({ version: 2, priceE5PerKwh: 80_000 });
  });
});

describe("meter values", () => {
  const meter = (wh: number, w: number) => ({
    sid: "S-CP-001-0000000000000001",
    registerStartWh: 1_000,
    mono0: 5,
    wh0: wh,
    dMs: [0, 1_000],
    dWh: [0, 5],
    w: [w, w + 1],
  });

  it("of a batch are one write per charge point, the newest reading of the newest message", () => {
    const story = new Story();
    const first = story.event("meter", meter(1_100, 7_000), { seq: 1 });
    const second = story.event("meter", meter(1_200, 7_100), { seq: 2 });
    story.take(second, first);
    expect(story.table.commits).toBe(1);
    const live = story.table
      .queryNow("live#59")
      .concat(
        ...[...Array(64).keys()].map((n) => story.table.queryNow(`live#${String(n).padStart(2, "0")}`)),
      );
    expect(live[0]?.value).toMatchObject({
      seq: 2,
      powerW: 7_101,
      registerWh: 1_205,
      sessionWh: 205,
      mono: 1_005,
    });
    story.take(first);
    expect(story.table.commits).toBe(1);
  });
});
