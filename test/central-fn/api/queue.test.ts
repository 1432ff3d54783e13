// What a driver in line is shown and can do; and what tells him how his session stands.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CpRow, keys, type Line, type SessionRow } from "../../../central-fn/tables/rows.ts";
import {
  claimOf,
  cpRow,
  hear,
  ids,
  liveRow,
  nowMs,
  openCentral,
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

const bob = "driver-bob";
const own = `/drivers/${bob}`;
const get = async (path: string, who = bob) => (await central.call(who, "GET", path)).json();
const running = sid("CP-003");
const waiting = ids.mint(bob, "CP-003", "first");
const iso = (ms: number) => new Date(ms).toISOString();

const place = (id: string, driver: string) => ({
  sid: id,
  driver,
  sinceMs: nowMs - 60_000,
  expiresAtMs: nowMs + 7_000_000,
});

/** driver-bob waits at CP-003, where driver-alice charges, behind driver-eve. */
async function inLine(
  options: {
    line?: Partial<Line>;
    cp?: Partial<CpRow>;
    running?: Partial<SessionRow>;
    own?: Partial<SessionRow>;
  } = {},
) {
  const line: Line = {
    queue: [place(sid("CP-003", 9), "driver-eve"), place(waiting, bob)],
    offer: null,
    scheduled: [],
    ...options.line,
  };
  await central.put(
    keys.cp("CP-003"),
    cpRow("CP-003", { claim: claimOf(running, "driver-alice", "charging"), line, ...options.cp }),
  );
  await central.put(
    keys.session("driver-alice", running),
    sessionRow(running, "driver-alice", options.running),
  );
  const fresh = { rank: "QUEUED", fence: null, cmdId: null, startedAtMs: null, tariff: null } as const;
  const session = sessionRow(waiting, bob, {
    ...fresh,
    command: { state: "queued", reason: null },
    registerStartWh: null,
    ...options.own,
  });
  await central.put(keys.session(bob, waiting), session);
  await central.put(keys.driver(bob), {
    driver: bob,
    activeSid: null,
    inboxLast: 0,
    inboxRead: 0,
    favorites: [],
    places: [{ sid: waiting, cp: "CP-003" }],
  });
}

const pace = { sessions: 5, meanMs: 30 * 60_000 };

describe("a place in line", () => {
  it("shows position, length, and a wait of the running session's limit and the mean of those before", async () => {
    // 21.5 kW, 1.234 of 12 kWh: 30 min and 3 s are left of it; then driver-eve's 30 min.
    await inLine({ cp: { pace }, running: { limit: { energyWh: 12_000 } } });
    const seen = (await get(`${own}/requests/${waiting}`)) as Record<string, unknown>;
    expect(seen).toMatchObject({
      status: "PENDING",
      phase: "queued",
      queue_position: 2,
      queue_length: 2,
      estimated_wait_minutes: 29 + 30,
      offer_expires_at: null,
      place_expires_at: iso(nowMs + 7_000_000),
      command: null,
    });
    expect(await get(`${own}/queue`)).toEqual([seen]);
    expect(await get("/drivers/driver-eve/queue", "driver-eve")).toEqual([]);
    expect(await get("/charging-points/CP-003")).toMatchObject({
      status: "OCCUPIED",
      queue_length: 2,
      estimated_wait_minutes: 29 + 60,
    });
  });

  it("says honestly that nobody can tell: no limit and no past, a car that stays, a point that is not heard", async () => {
    const wait = async () =>
      ((await get(`${own}/requests/${waiting}`)) as { estimated_wait_minutes: unknown })
        .estimated_wait_minutes;
    await inLine();
    expect(await wait()).toBe(null);
    await inLine({ cp: { pace: { sessions: 2, meanMs: 60_000 } } });
    expect(await wait()).toBe(null);
    await inLine({ cp: { pace, claim: claimOf(running, "driver-alice", "finishing") } });
    expect(await wait()).toBe(null);
    await inLine({ cp: { pace } });
    expect(await wait()).toBe(59);
    await hear(central, [], { heard: { "CP-003": nowMs - 60_000 } });
    expect(await wait()).toBe(null);
  });

  it("of somebody else does not exist", async () => {
    await inLine();
    for (const [method, path] of [
      ["GET", `/drivers/driver-alice/requests/${waiting}`],
      ["POST", `/drivers/driver-alice/requests/${waiting}/confirm`],
      ["DELETE", `/drivers/driver-alice/requests/${waiting}`],
    ] as const)
      expect((await central.call("driver-alice", method, path)).status).toBe(404);
    expect((await central.call("driver-alice", "GET", `${own}/queue`)).status).toBe(404);
    expect(central.appended).toEqual([]);
  });

  it("is not fetched twice by who has it", async () => {
    await inLine();
    for (const path of [
      `${own}/queue`,
      `${own}/requests/${waiting}`,
      `${own}/notifications`,
      `${own}/favorites`,
    ]) {
      const first = await central.call(bob, "GET", path);
      const headers = { "if-none-match": first.headers.get("etag") ?? "" };
      expect([path, (await central.call(bob, "GET", path, { headers })).status]).toEqual([path, 304]);
      expect(first.headers.get("cache-control")).toContain("no-cache");
    }
  });
});

describe("an offer", () => {
  const offered = (more: Parameters<typeof inLine>[0] = {}) =>
    inLine({
      line: {
        queue: [place(waiting, bob)],
        offer: { sid: waiting, sinceMs: nowMs, expiresAtMs: nowMs + 300_000 },
      },
      cp: { claim: null },
      own: { rank: "OFFERED" },
      ...more,
    });
  const confirm = (headers: Record<string, string> = {}) =>
    central.call(bob, "POST", `${own}/requests/${waiting}/confirm`, { headers });

  it("is shown with its end, holds the point, and is taken by one record", async () => {
    await offered();
    expect(await get(`${own}/requests/${waiting}`)).toMatchObject({
      phase: "offered",
      queue_position: 1,
      estimated_wait_minutes: 0,
      offer_expires_at: iso(nowMs + 300_000),
    });
    expect(await get("/charging-points/CP-003")).toMatchObject({ status: "OCCUPIED" });
    const answer = await confirm();
    expect(answer.status).toBe(202);
    expect(central.appended).toMatchObject([{ topic: "driver.requests", key: "CP-003" }]);
    expect(JSON.parse(central.appended[0]?.value ?? "")).toEqual({
      v: 1,
      type: "confirm",
      sid: waiting,
      driver: bob,
      cp: "CP-003",
      requestedAt: nowMs,
      expiresAt: nowMs + 60_000,
    });
  });

  it("that was taken is answered again without another record", async () => {
    await offered({
      own: { rank: "ACCEPTED", cmdId: `${waiting}-start`, command: { state: "sent", reason: null } },
    });
    const again = await confirm({ prefer: "wait=5" });
    expect(await again.json()).toMatchObject({ status: "APPROVED" });
    expect([again.status, central.appended.length]).toEqual([202, 0]);
  });

  it.each<[string, Partial<SessionRow>, RegExp]>([
    ["is not there yet", { rank: "QUEUED" }, /not free for you yet/],
    ["is for a later hour", { rank: "SCHEDULED" }, /starts by itself/],
    ["is over", { rank: "EXPIRED", reason: "the offer was not confirmed in time" }, /not confirmed in time/],
  ])("that %s is refused with 409 and the reason", async (_name, change, text) => {
    await offered({ own: change });
    const answer = await confirm();
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
      409,
      expect.stringMatching(text),
    ]);
    expect(central.appended).toEqual([]);
  });

  it("is refused to a driver who charges elsewhere", async () => {
    await offered();
    const row = (await central.table.get(keys.driver(bob)))?.value as object;
    await central.put(keys.driver(bob), { ...row, activeSid: sid("CP-001") });
    expect((await confirm()).status).toBe(409);
  });
});

describe("the command of a session", () => {
  const open = (op: string, publishedAtMs: number | null) => ({
    cmdId: `${running}-${op}`,
    op,
    sid: running,
    driver: "driver-alice",
    message: {},
    storedAtMs: nowMs,
    publishedAtMs,
    publishes: 0,
  });
  const seen = async (commands: object[], change: Partial<SessionRow> = {}) => {
    await central.put(
      keys.cp("CP-003"),
      cpRow("CP-003", {
        claim: claimOf(running, "driver-alice", "claimed"),
        commands: commands as CpRow["commands"],
      }),
    );
    await central.put(keys.session("driver-alice", running), sessionRow(running, "driver-alice", change));
    const view = await get(`/drivers/driver-alice/sessions/${running}`, "driver-alice");
    return (view as { command: unknown }).command;
  };
  const accepted = { rank: "ACCEPTED", command: { state: "sent", reason: null } } as const;

  it("is queued, sent, applied or refused, with the reason", async () => {
    expect(await seen([open("start-supply", null)], accepted)).toEqual({
      op: "start",
      state: "queued",
      reason: null,
    });
    expect(await seen([open("start-supply", nowMs)], accepted)).toMatchObject({ op: "start", state: "sent" });
    expect(await seen([])).toMatchObject({ op: "start", state: "applied" });
    expect(
      await seen([], { rank: "REJECTED", reason: "busy", command: { state: "refused", reason: "busy" } }),
    ).toEqual({ op: "start", state: "refused", reason: "busy" });
    const requested = { command: { state: "applied", reason: "stop requested" } } as const;
    expect(await seen([open("stop-supply", nowMs)], requested)).toEqual({
      op: "stop",
      state: "sent",
      reason: "stop requested",
    });
    expect(await seen([], requested)).toMatchObject({ op: "stop", state: "applied" });
  });
});

describe("a running session", () => {
  it.each([
    ["Broken", { engine: "KO" as const }],
    ["Disconnected", { willConn: 1 }],
  ])("at a point that is %s shows what was charged, but no power", async (_name, change) => {
    const health = cpRow("x").health;
    await central.put(
      keys.cp("CP-003"),
      cpRow("CP-003", {
        claim: claimOf(running, "driver-alice", "charging"),
        health: health && { ...health, ...change },
      }),
    );
    await central.put(keys.live("CP-003"), liveRow(running));
    expect(await get("/drivers/driver-alice/sessions/current", "driver-alice")).toMatchObject({
      energy_kwh: 1.234,
      power_kw: null,
      figures_at: iso(nowMs - 500),
    });
  });
});
