import { describe, expect, it } from "vitest";
import { alice, bob, cp, endedBody, newSid, Story } from "./story.ts";

describe("a start request", () => {
  it("is accepted in one commit: claim, command, session, driver and inbox", () => {
    const story = new Story().ready();
    const sid = newSid();
    const before = story.table.commits;
    story.nowMs += 10_000;
    story.canary();
    story.status("OK");
    story.commands();
    const commits = story.table.commits;
    story.request(sid);
    expect(story.table.commits - commits).toBe(2); // the decision, then publishedAt
    expect(before).toBeLessThan(commits);
    expect(story.session(sid)).toMatchObject({ rank: "ACCEPTED", fence: 1, command: { state: "sent" } });
    expect(story.cpRow().claim).toMatchObject({ sid, driver: alice, fence: 1, state: "claimed" });
    expect(story.driver()?.activeSid).toBe(sid);
    expect(story.inbox()).toEqual(["accepted"]);
    const [command, ...others] = story.commands();
    expect(others).toEqual([]);
    // The echo is the engine's newest stamp, 10 s old, so it may be 40 s old on arrival.
    expect(command).toMatchObject({
      op: "start-supply",
      cp,
      sid,
      fence: 1,
      ttlMs: 40_000,
      echo: { boot: "boot-1", mono: 1_000_000 },
      plugInTimeoutS: 120,
      tariff: { version: 1, priceE5PerKwh: 30_000, currency: "EUR" },
    });
    expect(story.cpRow().commands).toMatchObject([{ publishes: 1, publishedAtMs: story.nowMs }]);
    expect(story.logs).toContain(`START_SUPPLY sent to CP-001 for driver-alice (session ${sid})`);
  });

  it("that is read again has no second effect and says what was decided", () => {
    const story = new Story().ready();
    const record = story.request(newSid());
    const dump = story.table.dump();
    story.commands();
    story.take(record);
    expect(story.table.dump()).toEqual(dump);
    expect(story.commands()).toEqual([]);
  });

  it("that is read again after a refusal stays refused although the point is free by then", () => {
    const story = new Story().ready();
    const grant = story.granted(newSid(), bob);
    const sid = newSid();
    const record = story.request(sid);
    story.started(grant);
    story.ended(grant);
    story.take(record);
    expect(story.session(sid)?.rank).toBe("REJECTED");
    expect(story.inbox()).toEqual(["rejected"]);
  });

  const refusals: [string, (story: Story) => void, string][] = [
    ["at an unknown point", () => {}, "unknown charging point"],
    ["at a point that is broken", (s) => s.ready().status("KO"), "the charging point is broken"],
    ["after the last will", (s) => s.ready().say("will", { conn: 1 }), "the charging point is disconnected"],
    [
      "at a point not heard within its ttl, although no sweep noticed",
      (s) => {
        s.ready().nowMs += 7_000;
        s.canary();
      },
      "the charging point is disconnected",
    ],
    [
      "at a retired point",
      (s) => s.ready().operatorSays("retire-cp", { reason: "gone" }),
      "the charging point is retired",
    ],
    [
      "while another driver charges",
      (s) => s.ready().granted(newSid(), bob),
      "the charging point is occupied",
    ],
    [
      "while the last car is plugged",
      (s) => s.ready().ended(s.granted(newSid(), bob), 2_000, { plugged: true }),
      "the last car is still plugged in",
    ],
    [
      "from an operator's stop on",
      (s) => s.ready().operatorSays("stop-cp"),
      "the charging point is out of service",
    ],
    [
      "while the point says it is out of service",
      (s) => s.ready().connector({ operative: false }),
      "the charging point is out of service",
    ],
    [
      "at a point whose engine was never heard",
      (s) => {
        s.register();
        s.status("OK");
        s.canary();
      },
      "the charging point is not ready",
    ],
  ];
  it.each(refusals)("is refused %s", (_, given, reason) => {
    const story = new Story();
    given(story);
    story.commands();
    const sid = newSid();
    story.request(sid);
    expect(story.session(sid)).toMatchObject({ rank: "REJECTED", reason });
    expect(story.inbox()).toEqual(["rejected"]);
    expect(story.driver()?.activeSid ?? null).toBe(null);
    expect(story.commands()).toEqual([]);
  });

  it("is refused while the driver charges elsewhere", () => {
    const story = new Story().ready();
    const first = story.granted();
    const sid = newSid("CP-002");
    const other = { cp: "CP-002" };
    story.register(30_000, other);
    story.hello({ ...other, journal: "cccccccc-0001" });
    story.status("OK", 1, { ...other, journal: "dddddddd-0001" });
    story.take(
      story.record(
        "driver.requests",
        {
          v: 1,
          type: "start",
          sid,
          driver: alice,
          cp: "CP-002",
          vehicleId: "V",
          requestedAt: story.nowMs,
          expiresAt: story.nowMs + 60_000,
        },
        "CP-002",
      ),
    );
    expect(story.session(sid)).toMatchObject({ rank: "REJECTED", reason: "you have another session" });
    expect(story.driver()?.activeSid).toBe(first.sid);
  });

  it("expires when it was not decided in time: a queue never starts a car tomorrow", () => {
    const story = new Story().ready();
    const sid = newSid();
    const at = story.nowMs;
    story.nowMs += 60_001;
    story.canary();
    story.status("OK");
    story.commands();
    story.request(sid, { requestedAt: at, expiresAt: at + 60_000 });
    expect(story.session(sid)?.rank).toBe("EXPIRED");
    expect(story.commands()).toEqual([]);
  });

  it("cancelled ahead of its arrival is never started", () => {
    const story = new Story().ready();
    const sid = newSid();
    story.driverSays("cancel", sid);
    story.request(sid);
    expect(story.session(sid)?.rank).toBe("CANCELLED");
    expect(story.commands()).toEqual([]);
    expect(story.cpRow().claim).toBe(null);
  });
});

describe("the device's answer", () => {
  it("applied makes it an intent and takes the command out of the row", () => {
    const story = new Story().ready();
    const { sid } = story.granted();
    expect(story.session(sid)).toMatchObject({ rank: "INTENT", command: { state: "applied" } });
    expect(story.cpRow()).toMatchObject({ claim: { state: "applied" }, commands: [] });
  });

  it.each([
    ["busy", "REJECTED"],
    ["stale", "REJECTED"],
    ["refused", "REJECTED"],
    ["expired", "EXPIRED"],
    ["cancelled", "CANCELLED"],
  ])("%s closes the session as %s, frees point and driver, and says why", (result, rank) => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid);
    const { cmdId, fence } = story.grantOf(sid);
    story.say("answer", { cmdId, op: "start-supply", sid, fence, result, reason: "because" });
    expect(story.session(sid)).toMatchObject({ rank, reason: "because", command: { state: "refused" } });
    expect(story.cpRow()).toMatchObject({ claim: null, commands: [] });
    expect(story.driver()?.activeSid).toBe(null);
    expect(story.inbox()).toEqual(["accepted", rank.toLowerCase()]);
  });

  it("of an older claim does not release a newer one", () => {
    const story = new Story().ready();
    const first = newSid();
    story.request(first);
    const old = story.grantOf(first);
    story.say("answer", { cmdId: old.cmdId, op: "start-supply", sid: first, fence: 1, result: "busy" });
    const second = newSid();
    story.request(second, { driver: bob });
    story.say("answer", { cmdId: old.cmdId, op: "start-supply", sid: first, fence: 1, result: "busy" });
    expect(story.cpRow().claim).toMatchObject({ sid: second, fence: 2 });
  });
});

describe("an end", () => {
  it("bills in one commit: session, CDR, inbox, claim, driver", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.nowMs += 60_000;
    const commits = story.table.commits;
    story.ended(grant);
    expect(story.table.commits - commits).toBe(1);
    expect(story.cdr(grant.sid)).toMatchObject({
      energyWh: 12_345,
      amountMinor: 370, // 12.345 kWh × 0.30 € = 3.7035 €
      registerStartWh: 1_000,
      registerEndWh: 13_345,
      stopReason: "EVDisconnected",
      tariff: { version: 1 },
      event: { journal: "aaaaaaaa-0001", epoch: 1 },
    });
    expect(story.session(grant.sid)).toMatchObject({ rank: "BILLED", costMinor: 370, energyWh: 12_345 });
    expect(story.cpRow().claim).toBe(null);
    expect(story.driver()?.activeSid).toBe(null);
    expect(story.inbox()).toEqual(["accepted", "started", "completed"]);
    expect(story.table.queryNow(`cdrs#2026-05-01`)).toHaveLength(1);
    expect(story.sends.at(-1)).toMatchObject({
      to: "cp",
      message: { kind: "processed", journal: "aaaaaaaa-0001" },
    });
  });

  it("bills even when nothing told of the start", () => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid);
    story.ended(story.grantOf(sid));
    expect(story.session(sid)).toMatchObject({ rank: "BILLED", registerStartWh: 1_000 });
    expect(story.inbox()).toEqual(["accepted", "completed"]);
  });

  it("bills at the price of the grant although the price changed meanwhile", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.operatorSays("tariff", { priceE5PerKwh: 90_000 });
    story.ended(grant);
    expect(story.cdr(grant.sid)).toMatchObject({ amountMinor: 370, tariff: { version: 1 } });
    expect(story.cpRow().tariff).toMatchObject({ version: 2, priceE5PerKwh: 90_000 });
  });

  it("learns of the plug from a session's end, without a connector message", () => {
    const story = new Story().ready();
    story.connector({ plugged: true });
    const grant = story.granted();
    story.started(grant);
    story.ended(grant, 13_345, { plugged: false });
    expect(story.cpRow().engine).toMatchObject({ plugged: false, relayClosed: false, registerWh: 13_345 });
    expect(story.cpRow().claim).toBe(null);
  });

  it("keeps the point finishing until the car has left", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.ended(grant, 13_345, { plugged: true });
    expect(story.cpRow().claim).toMatchObject({ state: "finishing", sid: grant.sid });
    story.connector({ plugged: false });
    expect(story.cpRow().claim).toBe(null);
  });

  it("does not wait for a car that was seen leaving before the end was read", () => {
    const story = new Story().ready();
    const grant = story.granted();
    const ended = story.event("session.ended", {
      ...(JSON.parse(JSON.stringify(grant)) as object),
      registerStartWh: 1_000,
      registerEndWh: 2_000,
      startedAt: null,
      endedAt: { boot: "boot-1", mono: 1, wall: story.nowMs, synced: true },
      durationMs: null,
      reason: "Remote",
      plugged: true,
    });
    story.connector({ plugged: false });
    story.take(ended);
    expect(story.cpRow().claim).toBe(null);
  });

  it("is not released by an older word of the connector that arrives late", () => {
    const story = new Story().ready();
    const stale = story.event("connector", {
      plugged: false,
      relayClosed: false,
      operative: true,
      finishing: null,
      registerWh: 1,
    });
    const grant = story.granted();
    story.ended(grant, 13_345, { plugged: true });
    story.take(stale);
    expect(story.cpRow().claim?.state).toBe("finishing");
  });

  it("that nobody was granted goes to a review, never to a bill", () => {
    const story = new Story().ready();
    const sid = newSid();
    const grant = {
      sid,
      driver: alice,
      cmdId: "x",
      fence: 1,
      tariff: { version: 1, priceE5PerKwh: 1, currency: "EUR" },
    };
    const record = story.ended(grant);
    expect(story.cdrs()).toEqual([]);
    expect(story.review(sid)).toMatchObject({
      cause: "ended, but never requested",
      registerEndWh: 13_345,
      settled: null,
    });
    const dump = story.table.dump();
    story.take(record);
    expect(story.table.dump()).toEqual(dump);
  });

  it("under another fence goes to a review and leaves the newer claim alone", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.ended({ ...grant, fence: 9 });
    expect(story.cdrs()).toEqual([]);
    expect(story.session(grant.sid)?.rank).toBe("NEEDS_REVIEW");
    expect(story.cpRow().claim).toMatchObject({ sid: grant.sid });
  });

  it("whose register went back goes to a review", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.ended(grant, 999);
    expect(story.cdrs()).toEqual([]);
    expect(story.review(grant.sid)?.cause).toBe("register went back");
    expect(story.cpRow().claim).toBe(null);
  });

  it("of another point's session is a dead letter", () => {
    const story = new Story().ready();
    const sid = newSid("CP-002");
    story.ended({
      sid,
      driver: alice,
      cmdId: "x",
      fence: 1,
      tariff: { version: 1, priceE5PerKwh: 1, currency: "EUR" },
    });
    expect(story.table.queryNow("dead-letters")).toHaveLength(1);
    expect(story.logs.some((line) => line.startsWith("ALERT: a session event is a dead letter"))).toBe(true);
  });
});

describe("a session without energy", () => {
  const abort = (story: Story, grant: object, reason: string, plugged = false) =>
    story.say("session.aborted", { ...grant, registerWh: 1_000, reason, plugged });

  it("aborted by the plug-in time-out costs nothing and frees everybody", () => {
    const story = new Story().ready();
    const grant = story.granted();
    abort(story, grant, "plug-in-timeout");
    expect(story.session(grant.sid)).toMatchObject({
      rank: "ABORTED",
      costMinor: 0,
      reason: "no car was plugged in",
    });
    expect(story.cpRow().claim).toBe(null);
    expect(story.driver()?.activeSid).toBe(null);
    expect(story.cdrs()).toEqual([]);
  });

  it("cancelled while claimed is closed by the device's word, as CANCELLED", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.commands();
    story.driverSays("cancel", grant.sid);
    expect(story.commands()).toMatchObject([{ op: "stop-supply", sid: grant.sid, reason: "Remote" }]);
    expect(story.session(grant.sid)?.rank).toBe("INTENT");
    abort(story, grant, "stopped-before-start");
    expect(story.session(grant.sid)?.rank).toBe("CANCELLED");
    expect(story.cpRow()).toMatchObject({ claim: null, commands: [] });
  });

  it("whose stop found none is cancelled, and its start is not published again", () => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid);
    story.driverSays("cancel", sid);
    const stop = story.commands().find((command) => command.op === "stop-supply");
    story.say("answer", {
      cmdId: stop?.cmdId,
      op: "stop-supply",
      sid,
      fence: 1,
      result: "applied",
      found: "none",
    });
    expect(story.session(sid)?.rank).toBe("CANCELLED");
    expect(story.cpRow()).toMatchObject({ claim: null, commands: [] });
  });
});

describe("a stop", () => {
  it("goes out once per session however often it is asked for, and the end bills", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    story.commands();
    story.driverSays("stop", grant.sid);
    story.driverSays("stop", grant.sid);
    const ids = story.commands().map((command) => command.cmdId);
    expect(new Set(ids)).toEqual(new Set([`${grant.sid}-stop`]));
    expect(story.cpRow().commands).toHaveLength(1);
    story.say("answer", {
      cmdId: ids[0],
      op: "stop-supply",
      sid: grant.sid,
      fence: 1,
      result: "applied",
      found: "session",
    });
    expect(story.session(grant.sid)?.rank).toBe("CHARGING");
    story.ended(grant, 13_345, { reason: "Remote" });
    expect(story.session(grant.sid)).toMatchObject({ rank: "BILLED", stopReason: "Remote" });
  });

  it("of a session that is over has no effect", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.ended(grant);
    story.commands();
    const dump = story.table.dump();
    story.driverSays("stop", grant.sid);
    expect(story.table.dump()).toEqual(dump);
    expect(story.commands()).toEqual([]);
  });

  it("of another driver's session creates nothing of hers", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.commands();
    story.driverSays("stop", grant.sid, bob);
    expect(story.commands()).toEqual([]);
    expect(story.session(grant.sid)?.rank).toBe("INTENT");
  });
});

describe("suspended and resumed", () => {
  it("alternate, and an older one that arrives late does not undo the newer", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    const suspended = story.event("session.suspended", { ...grant, registerWh: 1_500, by: "EV" });
    const resumed = story.event("session.resumed", { ...grant, registerWh: 1_500 });
    story.take(resumed);
    story.take(suspended);
    expect(story.session(grant.sid)?.rank).toBe("CHARGING");
    story.say("session.suspended", { ...grant, registerWh: 1_600, by: "EV" });
    expect(story.session(grant.sid)?.rank).toBe("SUSPENDED");
  });

  it("in bursts is told three times, and shown always", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    for (let n = 1; n <= 9; n++) {
      story.say("session.suspended", { ...grant, registerWh: 1_000 + n, by: "EV" });
      expect(story.session(grant.sid)?.rank).toBe("SUSPENDED");
      story.say("session.resumed", { ...grant, registerWh: 1_000 + n });
      expect(story.session(grant.sid)?.rank).toBe("CHARGING");
    }
    expect(story.inbox()).toEqual(["accepted", "started", "suspended", "suspended", "suspended"]);
  });

  it("suspended ahead of its start stays suspended when the start arrives", () => {
    const story = new Story().ready();
    const grant = story.granted();
    const started = story.event("session.started", {
      ...grant,
      registerStartWh: 1_000,
      startedAt: { boot: "boot-1", mono: 1_000_000, wall: story.nowMs, synced: true },
    });
    story.say("session.suspended", { ...grant, registerWh: 1_500, by: "EV" });
    story.take(started);
    expect(story.session(grant.sid)).toMatchObject({ rank: "SUSPENDED", registerStartWh: 1_000 });
  });
});

describe("what is said on cp.events", () => {
  it("is an engine's to say: a monitor ends no session and has no journal of sessions", () => {
    const story = new Story().ready();
    const grant = story.granted();
    story.started(grant);
    const byMonitor = { src: "monitor", journal: "bbbbbbbb-0001" } as const;
    story.ended(grant, 99_000, {});
    const other = story.granted();
    story.started(other);
    story.say("session.ended", endedBody(other, story.nowMs, 99_000), byMonitor);
    story.hello(byMonitor);
    expect(story.session(other.sid)?.rank).toBe("CHARGING");
    expect(story.cpRow().claim?.sid).toBe(other.sid);
    expect(story.table.queryNow("dead-letters")).toHaveLength(2);
  });

  it("is a monitor's to say when it is who the charge point is", () => {
    const story = new Story().ready();
    const before = story.cpRow().tariff;
    story.register(1, { src: "engine", journal: "aaaaaaaa-0001" });
    expect(story.cpRow().tariff).toEqual(before);
    expect(story.table.queryNow("dead-letters")).toHaveLength(1);
  });
});
