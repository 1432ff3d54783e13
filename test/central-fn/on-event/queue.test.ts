// A line at a charge point, from the first who finds it busy to the last who is told: through the production works.
import { describe, expect, it } from "vitest";
import { confirmGraceMs } from "../../../central-fn/rules/queue.rules.ts";
import { type DriverRow, type InboxRow, keys } from "../../../central-fn/tables/rows.ts";
import { alice, bob, cp, newSid, openCommand, Story, startMs } from "./story.ts";

const carol = "driver-carol";
const minuteMs = 60_000;

/** Alice charges. */
function busy() {
  const story = new Story().ready();
  const grant = story.granted();
  story.started(grant);
  return { story, grant };
}

function wait(story: Story, driver: string, more: object = {}): string {
  const sid = newSid();
  story.request(sid, { driver, queue: true, ...more });
  return sid;
}

function confirm(story: Story, sid: string, driver: string, more: object = {}) {
  const record = story.record("driver.requests", {
    v: 1,
    type: "confirm",
    sid,
    driver,
    cp,
    requestedAt: story.nowMs,
    expiresAt: story.nowMs + minuteMs,
    ...more,
  });
  story.take(record);
  return record;
}

/** Time passes, and the point is heard in it. */
function pass(story: Story, ms: number): void {
  story.nowMs += ms;
  story.status("OK");
  story.canary();
  story.sweep();
}

const line = (story: Story) => story.cpRow().line?.queue.map(({ driver }) => driver);
const driverRow = (story: Story, driver: string) => story.table.getNow<DriverRow>(keys.driver(driver))?.value;
const lastEntry = (story: Story, driver: string) =>
  story.table
    .queryNow<InboxRow>(`driver#${driver}`, { prefix: "inbox#" })
    .map((row) => row.value)
    .at(-1);

describe("a driver who finds the point busy", () => {
  it("is put in line when he asked for that, and refused when he did not", () => {
    const { story } = busy();
    const waiting = wait(story, bob);
    expect(story.session(waiting, bob)).toMatchObject({ rank: "QUEUED", cmdId: null });
    expect(story.inbox(bob)).toEqual(["queued"]);
    expect(lastEntry(story, bob)).toMatchObject({ type: "QUEUE", sid: waiting });
    const refused = newSid();
    story.request(refused, { driver: carol });
    expect(story.session(refused, carol)).toMatchObject({
      rank: "REJECTED",
      reason: "the charging point is occupied",
    });
    expect(line(story)).toEqual([bob]);
  });

  it("starts at once where nobody is, line or not", () => {
    const story = new Story().ready();
    const sid = wait(story, bob);
    expect(story.session(sid, bob)?.rank).toBe("ACCEPTED");
    expect(story.cpRow().line).toBe(undefined);
  });

  it("has one place there and three in all, and the line has ten", () => {
    const { story } = busy();
    wait(story, bob);
    const second = wait(story, bob);
    expect(story.session(second, bob)).toMatchObject({
      rank: "REJECTED",
      reason: "you are waiting there already",
    });
    for (let n = 0; n < 9; n++) wait(story, `driver-${n}`);
    const late = wait(story, carol);
    expect(story.session(late, carol)?.reason).toBe("its waiting line is full");
    expect(line(story)).toHaveLength(10);
    story.table.commitNow([
      {
        do: "put",
        key: keys.driver("driver-many"),
        value: {
          driver: "driver-many",
          activeSid: null,
          inboxLast: 0,
          inboxRead: 0,
          favorites: [],
          places: [1, 2, 3].map((n) => ({ sid: `x${n}`, cp: `CP-00${n}` })),
        },
        expect: "any",
      },
    ]);
    const fourth = wait(story, "driver-many");
    expect(story.session(fourth, "driver-many")?.reason).toBe("you wait at 3 charging points already");
  });

  it("does not wait behind himself", () => {
    const { story } = busy();
    const sid = wait(story, alice);
    expect(story.session(sid)).toMatchObject({ rank: "REJECTED", reason: "the charging point is occupied" });
  });

  it("has one place however often his request comes", () => {
    const { story } = busy();
    const sid = newSid();
    const record = story.request(sid, { driver: bob, queue: true });
    story.take(record, record);
    expect(line(story)).toEqual([bob]);
    expect(story.inbox(bob)).toEqual(["queued"]);
  });
});

describe("the head of the line", () => {
  it("is offered the point in the commit in which the last car leaves, not before", () => {
    const { story, grant } = busy();
    const first = wait(story, bob);
    wait(story, carol);
    story.ended(grant, 2_000, { plugged: true });
    expect(story.cpRow().line?.offer).toBe(null);
    expect(story.cpRow().claim?.state).toBe("finishing");
    story.connector({ plugged: false });
    expect(story.cpRow().line?.offer).toEqual({
      sid: first,
      sinceMs: story.nowMs,
      expiresAtMs: story.nowMs + 5 * minuteMs,
    });
    expect(story.session(first, bob)?.rank).toBe("OFFERED");
    expect(story.inbox(bob)).toEqual(["queued", "offered"]);
    expect(story.inbox(carol)).toEqual(["queued"]);
  });

  it("starts by confirming, once, however often the confirmation comes", () => {
    const { story, grant } = busy();
    const sid = wait(story, bob, { limit: { durationS: 600 } });
    story.ended(grant);
    story.commands();
    const record = confirm(story, sid, bob);
    expect(story.commands()).toMatchObject([{ op: "start-supply", sid, limit: { durationS: 600 } }]);
    expect(story.session(sid, bob)).toMatchObject({ rank: "ACCEPTED", fence: 2 });
    expect(story.cpRow()).toMatchObject({ claim: { sid, fence: 2 }, line: { queue: [], offer: null } });
    expect(driverRow(story, bob)).toMatchObject({ activeSid: sid, places: [] });
    const row = story.cpRow();
    story.take(record, record);
    expect(story.cpRow()).toEqual(row);
    expect(story.inbox(bob)).toEqual(["queued", "offered", "accepted"]);
  });

  it("holds the point against everybody else, who is told why or put in line", () => {
    const { story, grant } = busy();
    wait(story, bob);
    story.ended(grant);
    const refused = newSid();
    story.request(refused, { driver: carol });
    expect(story.session(refused, carol)?.reason).toBe("it is offered to the next in line");
    const waiting = wait(story, carol);
    expect(story.session(waiting, carol)?.rank).toBe("QUEUED");
    expect(line(story)).toEqual([bob, carol]);
    const own = newSid();
    story.request(own, { driver: bob });
    expect(story.session(own, bob)?.reason).toBe("you are first in line there already: confirm the offer");
    expect(story.cpRow().claim).toBe(null);
  });

  it("who does not confirm in five minutes loses the place to the next", () => {
    const { story, grant } = busy();
    const late = wait(story, bob);
    const next = wait(story, carol);
    story.ended(grant);
    pass(story, 5 * minuteMs + confirmGraceMs);
    expect(story.session(late, bob)?.rank).toBe("OFFERED");
    pass(story, 1);
    expect(story.session(late, bob)).toMatchObject({
      rank: "EXPIRED",
      reason: "the offer was not confirmed in time",
    });
    expect(story.inbox(bob)).toEqual(["queued", "offered", "expired"]);
    expect(driverRow(story, bob)?.places).toEqual([]);
    expect(story.cpRow().line?.offer?.sid).toBe(next);
    confirm(story, late, bob);
    expect(story.cpRow().claim).toBe(null);
    confirm(story, next, carol);
    expect(story.cpRow().claim?.driver).toBe(carol);
  });

  it("who confirmed in time keeps the place though Central starts only after its end", () => {
    const { story, grant } = busy();
    const sid = wait(story, bob);
    story.ended(grant);
    const requestedAt = story.nowMs + 5 * minuteMs - 1_000;
    pass(story, 5 * minuteMs + 10_000);
    confirm(story, sid, bob, { requestedAt, expiresAt: requestedAt + minuteMs });
    expect(story.session(sid, bob)?.rank).toBe("ACCEPTED");
  });

  it("who confirmed in time is not punished for a slow handler, but nobody's car starts much later", () => {
    const { story, grant } = busy();
    const sid = wait(story, bob);
    story.ended(grant);
    const requestedAt = story.nowMs + 5 * minuteMs;
    story.nowMs += 5 * minuteMs + 30_000;
    story.status("OK");
    story.canary();
    confirm(story, sid, bob, { requestedAt, expiresAt: requestedAt + minuteMs });
    expect(story.session(sid, bob)?.rank).toBe("ACCEPTED");

    const other = busy();
    const slow = wait(other.story, bob);
    other.story.ended(other.grant);
    confirm(other.story, slow, bob, { expiresAt: other.story.nowMs - 1 });
    expect(other.story.session(slow, bob)?.rank).toBe("OFFERED");
  });

  it("who charges elsewhere is told once to end that first, and may confirm again", () => {
    const { story, grant } = busy();
    const sid = wait(story, bob);
    story.ended(grant);
    const key = keys.driver(bob);
    const elsewhere = (activeSid: string | null) => {
      const row = story.table.getNow<DriverRow>(key);
      story.table.commitNow([{ do: "put", key, value: { ...row?.value, activeSid }, expect: "any" }]);
    };
    elsewhere(newSid("CP-002"));
    confirm(story, sid, bob);
    confirm(story, sid, bob);
    expect(story.inbox(bob)).toEqual(["queued", "offered", "unconfirmed"]);
    expect(story.session(sid, bob)).toMatchObject({ rank: "OFFERED", reason: "you have another session" });
    elsewhere(null);
    confirm(story, sid, bob);
    expect(story.session(sid, bob)?.rank).toBe("ACCEPTED");
  });
});

describe("a place in line", () => {
  it("is left by cancelling, and the next one moves up in the same commit", () => {
    const { story, grant } = busy();
    const sid = wait(story, bob);
    const next = wait(story, carol);
    story.ended(grant);
    story.driverSays("cancel", sid, bob);
    expect(story.session(sid, bob)?.rank).toBe("CANCELLED");
    expect(story.inbox(bob)).toEqual(["queued", "offered", "cancelled"]);
    expect(story.cpRow().line).toMatchObject({ queue: [{ driver: carol }], offer: { sid: next } });
    expect(story.commands()).toEqual([expect.objectContaining({ op: "start-supply" })]);
    story.driverSays("cancel", sid, bob);
    expect(story.inbox(bob)).toHaveLength(3);
  });

  it("that was cancelled before it was asked for is never taken", () => {
    const { story } = busy();
    const sid = newSid();
    story.driverSays("cancel", sid, bob);
    story.request(sid, { driver: bob, queue: true });
    expect(line(story)).toBe(undefined);
    expect(story.session(sid, bob)?.rank).toBe("CANCELLED");
  });

  it("ends after two hours", () => {
    const { story } = busy();
    const sid = wait(story, bob);
    pass(story, 120 * minuteMs);
    expect(story.session(sid, bob)?.rank).toBe("QUEUED");
    pass(story, 1);
    expect(story.session(sid, bob)).toMatchObject({ rank: "EXPIRED", reason: "nobody left in time" });
    expect(story.inbox(bob)).toEqual(["queued", "expired"]);
  });

  it("outlives a short fault of its point: the offer is withdrawn and made anew", () => {
    const { story, grant } = busy();
    const sid = wait(story, bob);
    story.ended(grant);
    story.status("KO");
    story.sweep();
    expect(story.session(sid, bob)).toMatchObject({ rank: "QUEUED", reason: "the charging point is broken" });
    confirm(story, sid, bob);
    expect(story.cpRow().claim).toBe(null);
    pass(story, minuteMs);
    expect(story.cpRow().line?.offer).toMatchObject({ sid, sinceMs: story.nowMs });
    expect(story.inbox(bob)).toEqual(["queued", "offered", "withdrawn", "offered"]);
  });

  it.each([
    ["Broken", (story: Story) => story.status("KO"), "the charging point is broken"],
    ["Disconnected", () => {}, "the charging point is disconnected"],
  ])("ends when its point stays %s for long, and everybody is told", (_name, fault, reason) => {
    const { story } = busy();
    const sids = [wait(story, bob), wait(story, carol)];
    fault(story);
    const beat = (ms: number) => {
      story.nowMs += ms;
      if (reason.endsWith("broken")) story.status("KO");
      story.canary();
      story.sweep();
    };
    beat(10_000);
    beat(5 * minuteMs - 10_000);
    expect(line(story)).toEqual([bob, carol]);
    beat(10_000);
    expect(line(story)).toEqual([]);
    for (const [i, driver] of [bob, carol].entries()) {
      expect(story.session(sids[i] ?? "", driver)).toMatchObject({ rank: "REJECTED", reason });
      expect(story.inbox(driver)).toEqual(["queued", "rejected"]);
      expect(driverRow(story, driver)?.places).toEqual([]);
    }
  });

  it.each([
    ["stops it", "stop-cp", {}, "the charging point is out of service"],
    ["retires it", "retire-cp", { reason: "sold" }, "the charging point is retired"],
  ])("ends when an operator %s", (_name, type, fields, reason) => {
    const { story } = busy();
    const sid = wait(story, bob);
    story.operatorSays(type, fields);
    story.sweep();
    expect(story.session(sid, bob)).toMatchObject({ rank: "REJECTED", reason });
    expect(line(story)).toEqual([]);
    expect(lastEntry(story, bob)).toMatchObject({ event: "rejected", type: "QUEUE" });
  });

  it("whose session is over by another way is passed over", () => {
    const { story, grant } = busy();
    const sid = wait(story, bob);
    const next = wait(story, carol);
    const key = keys.session(bob, sid);
    const row = story.table.getNow<object>(key);
    story.table.commitNow([{ do: "put", key, value: { ...row?.value, rank: "CANCELLED" }, expect: "any" }]);
    story.ended(grant);
    story.sweep();
    expect(line(story)).toEqual([carol]);
    expect(story.cpRow().line?.offer?.sid).toBe(next);
    expect(driverRow(story, bob)?.places).toEqual([]);
  });

  it("is nothing that an operator's stop of a session could reach", () => {
    const { story } = busy();
    const sid = wait(story, bob);
    story.commands();
    story.operatorSays("stop-session", { sid, driver: bob });
    expect(story.commands()).toEqual([]);
    expect(story.session(sid, bob)?.rank).toBe("QUEUED");
  });
});

describe("a start asked for later", () => {
  const at = (story: Story, minutes: number) => ({ startAt: story.nowMs + minutes * minuteMs });

  it("waits for its hour, holds nothing until then, and then starts", () => {
    const story = new Story().ready();
    const sid = newSid();
    const record = story.request(sid, { ...at(story, 30), limit: { energyWh: 5_000 } });
    expect(story.session(sid)).toMatchObject({ rank: "SCHEDULED" });
    expect(story.inbox()).toEqual(["scheduled"]);
    const other = story.granted(newSid(), bob);
    story.started(other);
    story.ended(other);
    pass(story, 30 * minuteMs - 1);
    story.take(record);
    expect(story.session(sid)?.rank).toBe("SCHEDULED");
    story.commands();
    pass(story, 1);
    expect(story.commands()).toMatchObject([{ op: "start-supply", sid, limit: { energyWh: 5_000 } }]);
    expect(story.session(sid)?.rank).toBe("ACCEPTED");
    expect(story.cpRow().line?.scheduled).toEqual([]);
    expect(driverRow(story, alice)).toMatchObject({ places: [], activeSid: sid });
  });

  it("takes its place in line when the point is busy then", () => {
    const { story, grant } = busy();
    const sid = newSid();
    story.request(sid, { driver: bob, ...at(story, 10) });
    pass(story, 10 * minuteMs);
    expect(story.session(sid, bob)?.rank).toBe("QUEUED");
    expect(story.inbox(bob)).toEqual(["scheduled", "queued"]);
    expect(driverRow(story, bob)?.places).toEqual([{ sid, cp }]);
    story.ended(grant);
    expect(story.session(sid, bob)?.rank).toBe("OFFERED");
  });

  it("is refused at its hour when the point or the driver cannot, with the reason", () => {
    const { story } = busy();
    const sid = newSid();
    story.request(sid, { driver: bob, ...at(story, 1) });
    story.nowMs += minuteMs;
    story.status("KO");
    story.canary();
    story.sweep();
    expect(story.session(sid, bob)).toMatchObject({
      rank: "REJECTED",
      reason: "the charging point is broken",
    });
    expect(driverRow(story, bob)?.places).toEqual([]);
    expect(lastEntry(story, bob)).toMatchObject({ type: "QUEUE" });
  });

  it("never starts a car long after its hour", () => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid, at(story, 10));
    pass(story, 15 * minuteMs + 1);
    expect(story.session(sid)?.rank).toBe("EXPIRED");
    expect(story.cpRow().claim).toBe(null);
  });

  it("is not begun late by a sweep that waited long for Kafka before", () => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid, at(story, 10));
    // The point swept before it has a command to repeat, and Kafka takes it an hour later.
    story.putPoint("CP-000", [openCommand({ op: "stop-cp" })]);
    story.nowMs += 10 * minuteMs;
    story.status("OK");
    story.canary();
    story.fault = (step) => {
      if (step.do === "send" && story.nowMs < startMs + 60 * minuteMs) story.nowMs += 60 * minuteMs;
    };
    story.sweep();
    expect(story.nowMs).toBeGreaterThan(startMs + 60 * minuteMs);
    expect(story.session(sid)?.rank).toBe("EXPIRED");
  });

  it("many for one hour begin a few at a time: one commit has room for a hundred rows", () => {
    const { story } = busy();
    const sids = Array.from({ length: 10 }, (_, n) => {
      const sid = newSid();
      story.request(sid, { driver: `driver-${n}`, ...at(story, 10) });
      return sid;
    });
    const waiting = () =>
      sids.filter((sid, n) => story.session(sid, `driver-${n}`)?.rank === "SCHEDULED").length;
    pass(story, 10 * minuteMs);
    expect(waiting()).toBe(6);
    story.sweep();
    story.sweep();
    expect(waiting()).toBe(0);
  });

  it("is cancelled like any request", () => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid, at(story, 10));
    story.driverSays("cancel", sid);
    expect(story.session(sid)?.rank).toBe("CANCELLED");
    pass(story, 11 * minuteMs);
    expect(story.cpRow().claim).toBe(null);
  });

  it("ends with its point when that is retired, and outlives an operator's stop", () => {
    const story = new Story().ready();
    const sid = newSid();
    story.request(sid, at(story, 60));
    story.operatorSays("stop-cp");
    story.sweep();
    expect(story.session(sid)?.rank).toBe("SCHEDULED");
    story.operatorSays("retire-cp", { reason: "sold" });
    story.sweep();
    expect(story.session(sid)).toMatchObject({ rank: "REJECTED", reason: "the charging point is retired" });
  });
});

describe("a limit of money", () => {
  it("becomes energy under the tariff that is granted, not the one that was shown", () => {
    const { story, grant } = busy();
    const sid = wait(story, bob, { costLimitMinor: 600, limit: { durationS: 60, energyWh: 90_000 } });
    story.operatorSays("tariff", { priceE5PerKwh: 60_000 });
    story.ended(grant);
    confirm(story, sid, bob);
    // 10,008 Wh at €0.60 are €6.0048, billed as €6.00; one more would be €6.01.
    expect(story.session(sid, bob)?.limit).toEqual({ durationS: 60, energyWh: 10_008 });
  });

  it("that buys nothing at that price is refused", () => {
    const story = new Story().ready();
    const sid = newSid();
    story.operatorSays("tariff", { priceE5PerKwh: 10_000_000 });
    story.request(sid, { costLimitMinor: 1 });
    expect(story.session(sid)).toMatchObject({
      rank: "REJECTED",
      reason: "the cost limit buys less than 1 Wh there",
    });
  });
});
