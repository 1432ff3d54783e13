// An operator's orders from the call to the tables: appended records go through the production handlers.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Appended } from "../../../central-fn/api/parts.ts";
import { createHandler } from "../../../central-fn/on-event/batch.ts";
import { operatorKeys } from "../../../central-fn/tables/operator-rows.ts";
import { type CpRow, type DeadLetterRow, keys } from "../../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../../central-fn/tables/sqlite.ts";
import type { OutRecord } from "../../../wire/kafka/port.ts";
import { mqttTopics } from "../../../wire/messages/index.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { cpRow, nowMs, openCentral, partitions, seed, sid, type TestCentral } from "./central.ts";

let central: TestCentral;
let sent: OutRecord[];
/** Whether records are handled when they are appended. */
let handling: boolean;
let appended: Appended[];
/** As Kafka brings a record to the handlers. */
let handle: (record: OutRecord) => Promise<void>;

let offset = 0;

beforeEach(async () => {
  sent = [];
  appended = [];
  handling = true;
  const table = openSqliteTable(":memory:");
  const handler = createHandler({
    table,
    partitions,
    log: silentLog,
    nowMs: () => nowMs,
    producer: {
      send: async (records) => {
        sent.push(...records);
      },
    },
  });
  handle = async ({ topic, partition, value, headers = {}, timestampMs = nowMs }) => {
    const record = {
      topic,
      partition,
      offset: ++offset,
      timestamp: timestampMs,
      timestampType: "CREATE_TIME",
      value: Buffer.from(value).toString("base64"),
      headers: Object.entries(headers).map(([name, text]) => ({ [name]: [...Buffer.from(text)] })),
    };
    const records = { [`${topic}-${partition}`]: [record] };
    expect((await handler({ eventSource: "test", records })).batchItemFailures).toEqual([]);
  };
  const append = async (record: Appended) => {
    appended.push(record);
    if (handling) await handle(record);
  };
  central = openCentral({ table, append });
  await seed(central);
});
afterEach(() => central.close());

interface Answer {
  status: number;
  body: Record<string, unknown>;
  headers: Headers;
}
const call = async (
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  who = "operator-olga",
): Promise<Answer> => {
  const answer = await central.call(who, method, path, { body, headers });
  return {
    status: answer.status,
    headers: answer.headers,
    body: answer.status === 304 ? {} : ((await answer.json()) as Record<string, unknown>),
  };
};
const wait = { prefer: "wait=2" };
const cpOf = async (cp: string) => (await central.table.get<CpRow>(keys.cp(cp)))?.value;

describe("an order", () => {
  it("is answered when it is stored, and with Prefer: wait when it is decided", async () => {
    handling = false;
    const stored = await call("POST", "/cp/CP-001/stop");
    expect(stored).toMatchObject({
      status: 202,
      body: { state: "queued", type: "stop-cp", decided_at: null },
    });
    expect(stored.headers.get("location")).toBe(`/operations/${stored.body.request_id}`);
    expect(await call("GET", `/operations/${stored.body.request_id}`)).toMatchObject({
      status: 200,
      body: { state: "queued", type: null },
    });
    handling = true;
    const decided = await call("POST", "/cp/CP-001/stop", { reason: "cable theft" }, wait);
    expect(decided.body).toMatchObject({ state: "sent", cp_id: "CP-001", operator_id: "operator-olga" });
    expect(decided.headers.get("preference-applied")).toBe("wait=2");
    const tag = (await call("GET", `/operations/${decided.body.request_id}`)).headers.get("etag") ?? "";
    const again = await call("GET", `/operations/${decided.body.request_id}`, undefined, {
      "if-none-match": tag,
    });
    expect(again.status).toBe(304);
  });

  it("shows the device's answer, and that it gave way to a later one", async () => {
    const stop = (await call("POST", "/cp/CP-001/stop", undefined, wait)).body;
    const resume = (await call("POST", "/cp/CP-001/resume", undefined, wait)).body;
    const state = async (id: unknown) => (await call("GET", `/operations/${id}`)).body;
    expect(await state(stop.request_id)).toMatchObject({
      state: "refused",
      reason: "it gave way to a later order",
    });
    expect(await state(resume.request_id)).toMatchObject({ state: "sent", answered_at: null });
    const row = await central.table.get<object>(operatorKeys.operation(String(resume.request_id)));
    const answer = { result: "refused", reason: "disk full", atMs: nowMs };
    await central.put(operatorKeys.operation(String(resume.request_id)), { ...row?.value, answer });
    expect(await state(resume.request_id)).toMatchObject({ state: "refused", reason: "disk full" });
  });

  it("repeated under its Idempotency-Key is the same one; another under that key is 422", async () => {
    const key = { "idempotency-key": "morning-1", ...wait };
    const first = await call("POST", "/cp/CP-001/stop", { reason: "cable theft" }, key);
    const second = await call("POST", "/cp/CP-001/stop", { reason: "cable theft" }, key);
    expect(second.body.request_id).toBe(first.body.request_id);
    expect(appended).toHaveLength(1);
    expect((await call("POST", "/cp/CP-001/stop", { reason: "storm" }, key)).status).toBe(422);
    // Another route, another operator, another request.
    expect((await call("POST", "/cp/CP-002/stop", { reason: "cable theft" }, key)).status).toBe(202);
    const others = await call("POST", "/cp/CP-001/stop", undefined, key, "operator-omar");
    expect(others.body.request_id).not.toBe(first.body.request_id);
    expect((await call("POST", "/cp/CP-001/stop", undefined, { "idempotency-key": "a b" })).status).toBe(400);
  });

  it("of nobody's is 404; another operator's can be looked at once it is decided", async () => {
    handling = false;
    const { body } = await call("POST", "/cp/CP-001/stop");
    const path = `/operations/${body.request_id}`;
    expect((await call("GET", path, undefined, {}, "operator-omar")).status).toBe(404);
    expect((await call("GET", `/operations/O-${"a".repeat(26)}`)).status).toBe(404);
    expect((await call("GET", "/operations/nonsense")).status).toBe(400);
    const refused = await call("POST", "/cp/CP-999/stop");
    expect([refused.status, refused.headers.get("location")]).toEqual([404, null]);
    const driver = await central.call("driver-alice", "GET", path);
    expect(driver.status).toBe(403);
  });

  it("to all reaches all, needs a reason to stop, and is seen in the fleet", async () => {
    expect((await call("POST", "/cp/stop")).status).toBe(400);
    const { body } = await call("POST", "/cp/stop", { reason: "storm" }, wait);
    expect(body).toMatchObject({ type: "stop-fleet", state: "applied", charge_points: 4, cp_id: null });
    for (const cp of ["CP-001", "CP-002", "CP-003", "CP-004"])
      expect((await cpOf(cp))?.commands.map(({ op }) => op)).toContain("stop-cp");
    expect((await call("GET", "/statistics")).body).toMatchObject({ charge_points: 4, stopped: 4 });
    expect((await call("POST", "/cp/resume", undefined, wait)).body).toMatchObject({ charge_points: 4 });
    expect((await call("GET", "/statistics")).body).toMatchObject({ stopped: 0 });
  });

  it("to stop a session is applied when the session is over", async () => {
    const running = sid("CP-003");
    const { body } = await call("POST", `/sessions/${running}/stop`, { reason: "fire drill" }, wait);
    expect(body).toMatchObject({ state: "sent", session_id: running });
    const session = await central.table.get<object>(keys.session("driver-alice", running));
    await central.put(keys.session("driver-alice", running), { ...session?.value, rank: "BILLED" });
    expect((await call("GET", `/operations/${body.request_id}`)).body.state).toBe("applied");
  });
});

describe("a retired charge point", () => {
  it("is no longer in the list, is shown to operators on demand, and comes back", async () => {
    await call("POST", "/cp/CP-002/retire", { reason: "flooded" }, wait);
    const ids = async (path: string) =>
      ((await call("GET", path)).body.charging_points as { cp_id: string }[]).map(({ cp_id }) => cp_id);
    expect(await ids("/cp")).not.toContain("CP-002");
    expect(await ids("/cp?retired=true")).toEqual(["CP-002"]);
    expect((await call("POST", "/cp/CP-002/stop")).status).toBe(409);
    expect((await call("POST", "/cp/CP-001/reinstate", { reason: "dry" })).status).toBe(409);
    expect((await call("POST", "/cp/CP-002/reinstate", {})).status).toBe(400);
    expect((await call("POST", "/cp/CP-002/reinstate", { reason: "dry" }, wait)).body.state).toBe("applied");
    expect(await ids("/cp")).toContain("CP-002");
  });
});

describe("a price", () => {
  it("is set with a reason, listed by version, and shown to everybody", async () => {
    await call("POST", "/cp/CP-001/tariff", { price_eur_per_kwh: 0.45, reason: "winter" }, wait);
    await call("POST", "/cp/CP-001/tariff", { price_eur_per_kwh: 0.39501, reason: "spring" }, wait);
    const page = await central.call("operator-olga", "GET", "/cp/CP-001/tariffs?limit=1");
    expect(await page.json()).toMatchObject([
      {
        version: 3,
        price_eur_per_kwh: 0.39501,
        current: true,
        source: "operator",
        set_by: "operator-olga",
        reason: "spring",
      },
    ]);
    const next = /<([^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
    expect(await (await central.call("operator-olga", "GET", next)).json()).toMatchObject([
      { version: 2, price_eur_per_kwh: 0.45, current: false },
    ]);
    const anyone = await central.call(null, "GET", "/cp/CP-001");
    expect(await anyone.json()).toMatchObject({ price_eur_per_kwh: 0.39501, tariff_version: 3 });
  });

  it("that is none, or without a reason, or of nothing is refused", async () => {
    for (const [path, body, status] of [
      ["/cp/CP-001/tariff", { price_eur_per_kwh: -1, reason: "r" }, 400],
      ["/cp/CP-001/tariff", { price_eur_per_kwh: 0.123456, reason: "r" }, 400],
      ["/cp/CP-001/tariff", { price_eur_per_kwh: 0.3 }, 400],
      ["/cp/CP-999/tariff", { price_eur_per_kwh: 0.3, reason: "r" }, 404],
    ] as const)
      expect([body, (await call("POST", path, body)).status]).toEqual([body, status]);
    expect((await call("GET", "/cp/CP-999/tariffs")).status).toBe(404);
    expect(appended).toEqual([]);
  });
});

describe("an announcement", () => {
  const storm = { title: "Storm", message: "No charging tonight", severity: "CRITICAL" };
  const later = new Date(nowMs + 3_600_000).toISOString();
  const drivers = async () =>
    (await central.call("driver-alice", "GET", "/drivers/driver-alice/alerts")).json();

  it("reaches every driver while it is in effect, the gravest first, until it is ended", async () => {
    const info = { ...storm, title: "Coffee", severity: "INFO" };
    await call("POST", "/alerts", { ...info, expires_at: later }, wait);
    await call("POST", "/alerts", { ...storm, title: "Tomorrow", effective_at: later }, wait);
    const { body } = await call("POST", "/alerts", storm, wait);
    expect(await drivers()).toMatchObject([
      { title: "Storm", severity: "CRITICAL", expires_at: null },
      { title: "Coffee", severity: "INFO", expires_at: later },
    ]);
    const listed = await (await central.call("operator-olga", "GET", "/alerts?state=scheduled")).json();
    expect(listed).toMatchObject([{ title: "Tomorrow", state: "scheduled", created_by: "operator-olga" }]);
    await call("POST", `/alerts/${body.alert_id}/end`, { reason: "it passed" }, wait);
    expect(await drivers()).toMatchObject([{ title: "Coffee" }]);
    const over = await (await central.call("operator-olga", "GET", "/alerts?state=over")).json();
    expect(over).toMatchObject([{ title: "Storm", ended: { by: "operator-olga", reason: "it passed" } }]);
  });

  it("is polled for nothing when nothing changed", async () => {
    const first = await central.call("driver-alice", "GET", "/drivers/driver-alice/alerts");
    const tag = first.headers.get("etag") ?? "";
    const again = () =>
      central.call("driver-alice", "GET", "/drivers/driver-alice/alerts", {
        headers: { "if-none-match": tag },
      });
    expect((await again()).status).toBe(304);
    await call("POST", "/alerts", storm, wait);
    expect((await again()).status).toBe(200);
  });

  it("that makes no sense, or of nothing, or by a driver is refused", async () => {
    const past = new Date(nowMs - 1).toISOString();
    for (const [path, body, status] of [
      ["/alerts", { ...storm, severity: "PANIC" }, 400],
      ["/alerts", { ...storm, title: " " }, 400],
      ["/alerts", { ...storm, expires_at: past }, 422],
      ["/alerts", { ...storm, effective_at: later, expires_at: past }, 400],
      [`/alerts/A-${"0".repeat(16)}/end`, {}, 404],
    ] as [string, object, number][])
      expect([body, (await call("POST", path, body)).status]).toEqual([body, status]);
    expect((await central.call("driver-alice", "POST", "/alerts", { body: storm })).status).toBe(403);
    expect(appended).toEqual([]);
  });
});

describe("a dead letter", () => {
  const id = `${mqttTopics.engineEvents("CP-001")}/0123abcd`;
  const ref = Buffer.from(id).toString("base64url");
  const event = {
    v: 1,
    cp: "CP-001",
    src: "engine",
    journal: "22222222",
    epoch: 1,
    seq: 9,
    prev: 8,
    type: "connector",
    at: { boot: "b", mono: 1, wall: nowMs, synced: true },
    body: {},
  };
  const put = (payload: string) =>
    central.put(keys.deadLetter(id), {
      id,
      where: "bridge",
      topic: mqttTopics.engineEvents("CP-001"),
      reason: "not JSON",
      payloadBase64: Buffer.from(payload).toString("base64"),
      event: "CP-001/engine/22222222/1/9",
      atMs: nowMs,
      resolved: null,
    } satisfies DeadLetterRow);

  it("is shown with its bytes, replayed repaired, and told to its device", async () => {
    await put("{broken");
    expect((await call("GET", `/dead-letters/${ref}`)).body).toMatchObject({
      id,
      cp_id: "CP-001",
      payload_text: "{broken",
      replay_refused: expect.stringContaining("readable"),
    });
    const replay = (body: object) =>
      call("POST", `/dead-letters/${ref}/replay`, { reason: "mended", ...body }, wait);
    expect((await replay({})).status).toBe(422);
    expect((await replay({ repaired: JSON.stringify({ ...event, seq: 10 }) })).status).toBe(422);
    const done = await replay({ repaired: JSON.stringify(event) });
    expect(done).toMatchObject({ status: 202, body: { state: "applied", dead_letter_id: id } });
    expect(sent.map(({ topic, key }) => [topic, key])).toEqual([
      ["cp.events", "CP-001"],
      ["central.commands", "CP-001"],
    ]);
    expect(sent[0]?.headers).toEqual({ "dead-letter": id });
    expect(JSON.parse(String(sent[1]?.value))).toMatchObject({ kind: "unpark", seq: 9, how: "replayed" });
    expect((await replay({ repaired: JSON.stringify(event) })).status).toBe(409);
    const open = await (await central.call("operator-olga", "GET", "/dead-letters?resolved=false")).json();
    expect(open).toEqual([]);
    const mine = await (await central.call("operator-olga", "GET", "/dead-letters?cp=CP-001")).json();
    expect(mine).toMatchObject([
      { resolved: true, resolution: { how: "replayed", by: "operator-olga", reason: "mended" } },
    ]);
  });

  it("that is still of no use when it comes from its topic again is open again", async () => {
    await put(JSON.stringify(event));
    await call("POST", `/dead-letters/${ref}/replay`, { reason: "once more" }, wait);
    const [record] = sent;
    if (record) await handle(record);
    expect((await call("GET", `/dead-letters/${ref}`)).body).toMatchObject({
      resolved: false,
      replays: 1,
      where: "central",
      reason: expect.stringContaining("plugged"),
    });
  });

  it("is dismissed with a reason, and one that is not there is 404", async () => {
    await put(JSON.stringify(event));
    const dismiss = (to: string, body: object) => call("POST", `/dead-letters/${to}/dismiss`, body, wait);
    expect((await dismiss(ref, {})).status).toBe(400);
    expect((await dismiss("bm90aGluZw", { reason: "r" })).status).toBe(404);
    expect((await dismiss("a.b", { reason: "r" })).status).toBe(400);
    expect((await dismiss(ref, { reason: "test bench" })).body.state).toBe("applied");
    expect((await dismiss(ref, { reason: "test bench" })).status).toBe(409);
  });
});

describe("the audit log", () => {
  it("tells who did what, when and why, refusals too, by pages and filters", async () => {
    await call("POST", "/cp/CP-001/stop", { reason: "cable theft" }, wait);
    await call("POST", "/cp/CP-001/tariff", { price_eur_per_kwh: 0.45, reason: "winter" }, wait);
    await call("POST", "/cp/CP-002/stop", undefined, wait, "operator-omar");
    const get = async (path: string) => central.call("operator-olga", "GET", path);
    const acts = async (path: string) => (await get(path)).json() as Promise<{ action: string }[]>;
    expect(await acts("/audit?cp=CP-001&action=tariff")).toMatchObject([
      {
        operator_id: "operator-olga",
        action: "tariff",
        cp_id: "CP-001",
        reason: "winter",
        detail: { priceE5PerKwh: 45_000 },
        outcome: "done",
        refused_because: null,
        requested_at: new Date(nowMs).toISOString(),
      },
    ]);
    expect(await acts("/audit?operator=operator-omar")).toHaveLength(1);
    const seen: string[] = [];
    for (let path = "/audit?limit=2"; path !== ""; ) {
      const page = await get(path);
      seen.push(...((await page.json()) as { request_id: string }[]).map(({ request_id }) => request_id));
      path = /<([^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
    }
    expect(new Set(seen).size).toBe(3);
    expect(seen).toHaveLength(3);
    expect((await get("/audit")).headers.get("cache-control")).toBe("no-store");
    expect((await central.call("driver-alice", "GET", "/audit")).status).toBe(403);
    expect((await central.call(null, "GET", "/audit")).status).toBe(401);
  });
});

it("a charge point with open commands shows them to operators only", async () => {
  await central.put(keys.cp("CP-001"), cpRow("CP-001"));
  const { body } = await call("POST", "/cp/CP-001/stop", undefined, wait);
  expect((await call("GET", "/cp/CP-001")).body).toMatchObject({
    in_service: false,
    commands: [{ op: "stop-cp", state: "sent", request_id: body.request_id }],
  });
  const anyone = await (await central.call(null, "GET", "/cp/CP-001")).json();
  for (const secret of ["commands", "session", "journal", "current_driver"])
    expect(anyone).not.toHaveProperty(secret);
});
