// The phone's rules: what it asks, says and keeps, one input after the other.
import { expect, test } from "vitest";
import {
  blank,
  type Durable,
  decide,
  type Effect,
  type Input,
  openPhone,
  type Phone,
  type Plan,
  restMs,
  type Session,
} from "../../../simulator/driver/phone.rules.ts";

const plan: Plan = {
  loop: true,
  wishes: [
    { cp_id: "CP-001", vehicle_id: "VEH-001", limit: { energy_kwh: 0.05 } },
    { cp_id: "CP-006", vehicle_id: "VEH-001" },
  ],
};
const sid = "S-CP-001-00000000000000aa";

function seen(status: Session["status"], more: Partial<Session> = {}): Session {
  return {
    session_id: sid,
    cp_id: "CP-001",
    status,
    energy_kwh: null,
    cost_eur: null,
    power_kw: null,
    reason: null,
    ...more,
  };
}

/** A phone under test, with everything that it did. */
function phoneWith(durable: Durable = blank, using: Plan = plan, startedMs = -restMs) {
  let phone: Phone = openPhone(durable, startedMs);
  let keys = 0;
  return {
    hear(input: Input): Effect[] {
      const turn = decide(phone, input, using);
      phone = turn.phone;
      return turn.effects;
    },
    tick(nowMs: number): Effect[] {
      return this.hear({ is: "tick", nowMs, freshKey: `key-${++keys}` }).filter(
        (one) => one.do !== "read-inbox",
      );
    },
    durable: () => phone.durable,
  };
}
const said = (effects: Effect[]) => effects.flatMap((one) => (one.do === "say" ? one.text : []));

/** Reached, idle, at 0 ms. */
function idle(durable: Durable = blank, using: Plan = plan) {
  const phone = phoneWith(durable, using);
  phone.hear({ is: "session", nowMs: 0, session: null });
  return phone;
}

test("the key is kept before the request is sent", () => {
  const phone = idle();
  const effects = phone.tick(1_000);
  expect(effects.map((one) => one.do)).toEqual(["persist", "ask"]);
  expect(effects[0]).toMatchObject({ durable: { following: { key: "key-1", sid: null } } });
  expect(effects[1]).toMatchObject({ key: "key-1", wish: plan.wishes[0] });
});

test("a phone killed before the answer asks the same again, with the same key", () => {
  const phone = idle();
  phone.tick(1_000);
  const again = phoneWith(phone.durable());
  expect(again.tick(2_000)).toEqual([
    expect.objectContaining({ do: "ask", key: "key-1", wish: plan.wishes[0] }),
  ]);
});

test("a phone killed while charging follows the same session", () => {
  const phone = idle();
  phone.tick(1_000);
  phone.hear({ is: "accepted", nowMs: 1_100, session: seen("PENDING") });
  const again = phoneWith(phone.durable());
  expect(again.tick(5_000)).toEqual([{ do: "look", sid }]);
});

test("a session is told from PENDING to COMPLETED, in progress every few seconds", () => {
  const phone = idle();
  phone.tick(1_000);
  const lines = [
    ...said(phone.hear({ is: "accepted", nowMs: 1_100, session: seen("PENDING") })),
    ...said(phone.hear({ is: "session", nowMs: 2_000, session: seen("APPROVED") })),
    ...said(phone.hear({ is: "session", nowMs: 3_000, session: seen("CHARGING", { energy_kwh: 0.001 }) })),
    ...said(phone.hear({ is: "session", nowMs: 4_000, session: seen("CHARGING", { energy_kwh: 0.003 }) })),
    ...said(
      phone.hear({
        is: "session",
        nowMs: 6_000,
        session: seen("CHARGING", { energy_kwh: 0.007, cost_eur: 0 }),
      }),
    ),
    ...said(
      phone.hear({
        is: "session",
        nowMs: 30_000,
        session: seen("COMPLETED", { energy_kwh: 0.05, cost_eur: 0.01 }),
      }),
    ),
  ];
  expect(lines).toEqual([
    `PENDING CP-001 (${sid})`,
    `APPROVED CP-001 (${sid})`,
    "IN_PROGRESS CP-001 0.001 kWh, € 0.00, 0.0 kW",
    "IN_PROGRESS CP-001 0.007 kWh, € 0.00, 7.2 kW",
    "COMPLETED CP-001 0.050 kWh, € 0.01",
  ]);
});

test.each(["COMPLETED", "DENIED", "FAILED", "STOPPED", "CANCELLED"] as const)(
  "after %s the next request comes four seconds later, from the next line of the file",
  (status) => {
    const phone = idle();
    phone.tick(1_000);
    phone.hear({ is: "accepted", nowMs: 1_100, session: seen("PENDING") });
    phone.hear({ is: "session", nowMs: 10_000, session: seen(status) });
    expect(phone.tick(10_000 + restMs - 1)).toEqual([{ do: "look", sid: null }]);
    expect(phone.tick(10_000 + restMs)).toContainEqual(
      expect.objectContaining({ do: "ask", wish: plan.wishes[1], key: "key-3" }),
    );
  },
);

test("a request that is refused for good is said and not asked again", () => {
  const phone = idle();
  phone.tick(1_000);
  const effects = phone.hear({ is: "refused", nowMs: 1_100, reason: "no such charging point" });
  expect(said(effects)).toEqual(["DENIED CP-001: no such charging point"]);
  expect(phone.durable()).toMatchObject({ next: 1, following: null });
});

test("the list begins again after its last line, or ends there", () => {
  expect(idle({ ...blank, next: 2 }).tick(1_000)[1]).toMatchObject({ wish: plan.wishes[0] });
  expect(idle({ ...blank, next: 2 }, { ...plan, loop: false }).tick(1_000)).toEqual([
    { do: "look", sid: null },
  ]);
  expect(idle(blank, { loop: true, wishes: [] }).tick(1_000)).toEqual([{ do: "look", sid: null }]);
});

test("a session started by hand is followed, and uses up no line of the list", () => {
  const phone = idle();
  phone.hear({ is: "session", nowMs: 500, session: seen("CHARGING", { cp_id: "CP-009" }) });
  expect(phone.tick(1_000)).toEqual([{ do: "look", sid }]);
  phone.hear({ is: "session", nowMs: 2_000, session: seen("COMPLETED", { cp_id: "CP-009" }) });
  expect(phone.durable()).toMatchObject({ next: 0, following: null });
});

test("a phone just switched on waits a rest before its first request", () => {
  const phone = phoneWith(blank, plan, 0);
  phone.hear({ is: "session", nowMs: 0, session: null });
  expect(phone.tick(restMs - 1)).toEqual([{ do: "look", sid: null }]);
  expect(phone.tick(restMs).map((one) => one.do)).toEqual(["persist", "ask"]);
});

test("nothing is asked before Central has answered once", () => {
  const phone = phoneWith();
  expect(phone.tick(0)).toEqual([{ do: "look", sid: null }]);
});

test("Central's absence and return are said once each", () => {
  const phone = idle();
  phone.tick(1_000);
  const away: Input = { is: "unreachable", nowMs: 2_000, reason: "ECONNREFUSED" };
  expect(said(phone.hear(away))).toHaveLength(1);
  expect(said(phone.hear(away))).toEqual([]);
  expect(phone.tick(3_000)).toEqual([expect.objectContaining({ do: "ask", key: "key-1" })]);
  expect(said(phone.hear({ is: "accepted", nowMs: 3_100, session: seen("PENDING") }))).toEqual([
    "Central answers again",
    `PENDING CP-001 (${sid})`,
  ]);
});

test("a session of which nothing is heard holds up the list for a minute only", () => {
  const phone = idle();
  phone.tick(1_000);
  phone.hear({ is: "accepted", nowMs: 1_000, session: seen("PENDING") });
  expect(said(phone.hear({ is: "session", nowMs: 2_000, session: null }))).toEqual([]);
  expect(said(phone.hear({ is: "session", nowMs: 61_999, session: null }))).toEqual([]);
  expect(said(phone.hear({ is: "session", nowMs: 62_000, session: null }))[0]).toMatch(/no word of S-CP-001/);
  expect(phone.durable().following).toBeNull();
});

test("a session that gets no energy any more holds up the list for a minute only", () => {
  const phone = idle();
  phone.tick(1_000);
  phone.hear({ is: "accepted", nowMs: 1_000, session: seen("PENDING") });
  phone.hear({ is: "session", nowMs: 50_000, session: seen("APPROVED") });
  const at = (nowMs: number, energy_kwh: number) =>
    phone.hear({ is: "session", nowMs, session: seen("CHARGING", { energy_kwh }) });
  at(70_000, 0.01);
  at(100_000, 0.02);
  at(159_999, 0.02);
  expect(phone.durable().following).not.toBeNull();
  expect(said(at(160_000, 0.02)).at(-1)).toMatch(/no energy at CP-001 for 60 s: going on/);
  expect(phone.durable().following).toBeNull();
});

test("notifications are shown once each, in order, and the cursor is kept after they were shown", () => {
  const phone = idle({ ...blank, notified: 4 });
  const notifications = [7, 5, 6, 4].map((sequence) => ({
    sequence,
    type: "SESSION",
    message: `message ${sequence}`,
  }));
  const effects = phone.hear({ is: "inbox", nowMs: 0, notifications });
  expect(said(effects)).toEqual([5, 6, 7].map((n) => `notification ${n}: message ${n}`));
  expect(effects.at(-1)).toMatchObject({ do: "persist", durable: { notified: 7 } });
  expect(phone.hear({ is: "inbox", nowMs: 0, notifications })).toEqual([]);
});

test("a restarted phone asks for what came after its cursor", () => {
  const phone = phoneWith({ ...blank, notified: 12 });
  expect(phone.hear({ is: "tick", nowMs: 0, freshKey: "k" })).toContainEqual({ do: "read-inbox", after: 12 });
});

test("a phone in line waits as long as it takes, says each place once, and confirms the offer", () => {
  const phone = idle(blank, {
    loop: false,
    wishes: [{ cp_id: "CP-001", vehicle_id: "VEH-001", queue: true }],
  });
  phone.tick(0);
  const told = (nowMs: number, more: Partial<Session>) =>
    phone.hear({ is: "session", nowMs, session: seen("PENDING", more) });
  expect(said(phone.hear({ is: "accepted", nowMs: 1, session: seen("PENDING", { place: 2 }) }))).toEqual([
    `QUEUED CP-001 number 2 in line (${sid})`,
  ]);
  expect(told(600_000, { place: 2 })).toEqual([]);
  expect(said(told(1_200_000, { place: 1 }))).toEqual([`QUEUED CP-001 number 1 in line (${sid})`]);
  expect(told(1_201_000, { place: 1, offered: true })).toEqual([{ do: "confirm", sid }]);
  const accepted = phone.hear({ is: "session", nowMs: 1_202_000, session: seen("APPROVED") });
  expect(said(accepted)).toEqual([`APPROVED CP-001 (${sid})`]);
});

test("paused it asks for nothing, yet follows its session to the end and reads its messages", () => {
  const phone = idle();
  phone.tick(1_000);
  phone.hear({ is: "accepted", nowMs: 1_100, session: seen("APPROVED") });
  const effects = phone.hear({ is: "pause", nowMs: 1_200, paused: true });
  expect(effects[0]).toMatchObject({ do: "persist", durable: { paused: true, following: { sid } } });
  expect(said(effects)).toEqual(["automatic requests are paused"]);
  expect(phone.tick(2_000)).toEqual([{ do: "look", sid }]);
  phone.hear({ is: "session", nowMs: 2_100, session: seen("COMPLETED") });
  expect(phone.tick(2_100 + restMs)).toEqual([{ do: "look", sid: null }]);
  expect(phone.hear({ is: "tick", nowMs: 60_000, freshKey: "k" })).toContainEqual({
    do: "read-inbox",
    after: 0,
  });
});

test("let go on, it rests and asks for the next of its list", () => {
  const phone = idle();
  phone.hear({ is: "pause", nowMs: 0, paused: true });
  expect(phone.tick(60_000)).toEqual([{ do: "look", sid: null }]);
  phone.hear({ is: "pause", nowMs: 60_000, paused: false });
  expect(phone.tick(60_000 + restMs - 1)).toEqual([{ do: "look", sid: null }]);
  expect(phone.tick(60_000 + restMs)).toContainEqual(
    expect.objectContaining({ do: "ask", wish: plan.wishes[0] }),
  );
});

test("a request without an answer is not sent again once the list is paused, and counts as not asked", () => {
  const phone = idle();
  phone.tick(1_000);
  phone.hear({ is: "pause", nowMs: 1_500, paused: true });
  expect(phone.tick(2_000)).toEqual([{ do: "look", sid: null }]);
  expect(phone.durable()).toMatchObject({ next: 0, following: null, paused: true });
  // Had it arrived all the same, its session is the current one and is followed as one begun by hand.
  phone.hear({ is: "session", nowMs: 2_100, session: seen("CHARGING") });
  expect(phone.durable().following).toMatchObject({ sid, key: "by-hand" });
});

test("paused or begun by hand, an offer is left to the person at the page", () => {
  const offered = seen("PENDING", { place: 1, offered: true });
  const confirms = (effects: Effect[]) => effects.some((one) => one.do === "confirm");
  const byList = idle();
  byList.tick(1_000);
  byList.hear({ is: "accepted", nowMs: 1_100, session: seen("PENDING") });
  expect(confirms(byList.hear({ is: "session", nowMs: 1_200, session: offered }))).toBe(true);
  byList.hear({ is: "pause", nowMs: 1_300, paused: true });
  expect(confirms(byList.hear({ is: "session", nowMs: 1_400, session: offered }))).toBe(false);
  const byHand = idle();
  byHand.hear({ is: "session", nowMs: 1_000, session: seen("APPROVED") });
  expect(confirms(byHand.hear({ is: "session", nowMs: 1_100, session: offered }))).toBe(false);
});

test("it keeps which sessions it asked for by itself: the newest twenty, none twice", () => {
  let durable = blank;
  for (let n = 0; n < 25; n++) {
    const phone = phoneWith({
      ...durable,
      following: { key: `k${n}`, wish: plan.wishes[0] ?? never(), sid: null },
    });
    const own = seen("COMPLETED", { session_id: `S-CP-001-${String(n % 24).padStart(16, "0")}` });
    phone.hear({ is: "accepted", nowMs: n, session: own });
    durable = phone.durable();
  }
  expect(durable.asked).toHaveLength(20);
  expect(new Set(durable.asked).size).toBe(20);
  expect(durable.asked.at(-1)).toBe("S-CP-001-0000000000000000");
});

function never(): never {
  throw new Error("the plan has a wish");
}
