// What operators look through: the fleet by filters, sessions and bills over days, one of each explained.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { operatorKeys } from "../../../central-fn/tables/operator-rows.ts";
import { keys, type SessionRow } from "../../../central-fn/tables/rows.ts";
import {
  cdrRow,
  cpRow,
  hear,
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

const hour = 3_600_000;
const day = 24 * hour;
const get = (path: string, who: string | null = "operator-olga") => central.call(who, "GET", path);
const json = async <T>(path: string): Promise<T> => (await get(path)).json() as Promise<T>;
const nextOf = (answer: Response) =>
  /<([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1] ?? "";

/** Every entry of a list, page by page. */
async function all<T>(path: string): Promise<T[]> {
  const entries: T[] = [];
  for (let at = path, pages = 0; at !== ""; pages++) {
    if (pages > 20) throw new Error("the list does not end");
    const answer = await get(at);
    entries.push(...((await answer.json()) as T[]));
    at = nextOf(answer);
  }
  return entries;
}

async function session(id: string, driver: string, atMs: number, change: Partial<SessionRow> = {}) {
  const row = sessionRow(id, driver, { requestedAtMs: atMs, ...change });
  await central.put(keys.session(driver, id), row);
  const index = { sid: id, driver, cp: row.cp };
  await central.put(keys.sessionOfDay(atMs, id), index);
  await central.put(operatorKeys.sessionOwner(id), index);
}
async function bill(id: string, driver: string, atMs: number) {
  const row = { ...cdrRow(id, driver), endedAtMs: atMs };
  await central.put(keys.cdr(driver, id), row);
  const index = { sid: id, driver, cp: row.cp };
  await central.put(keys.cdrOfDay(atMs, id), index);
  await central.put(operatorKeys.sessionOwner(id), index);
}

describe("the fleet", () => {
  type Fleet = { charging_points: { cp_id: string }[] };
  const ids = async (query: string, who: string | null = null) =>
    (((await (await get(`/cp?${query}`, who)).json()) as Fleet).charging_points ?? []).map(
      ({ cp_id }) => cp_id,
    );

  it("is filtered by state, place, power and words, without accents", async () => {
    const registration = cpRow("x").registration;
    if (!registration) return;
    const alicante = { ...registration, city: "Alicante", name: "Plaza", powerW: 150_000 };
    await central.put(
      keys.cp("CP-002"),
      cpRow("CP-002", { registration: { ...alicante, connectorType: "CCS2" } }),
    );
    await hear(central, ["CP-001", "CP-002", "CP-003"]);
    expect(await ids("city=malaga")).toEqual(["CP-001", "CP-003", "CP-004"]);
    expect(await ids("q=plaza")).toEqual(["CP-002"]);
    expect(await ids("q=p-003")).toEqual(["CP-003"]);
    expect(await ids("min_power_kw=50")).toEqual(["CP-002"]);
    expect(await ids("connector_type=CCS2")).toEqual(["CP-002"]);
    expect(await ids("engine_state=SUPPLYING")).toEqual(["CP-003"]);
    expect(await ids("connector_status=Available&city=alicante")).toEqual(["CP-002"]);
    expect(await ids("state=BROKEN")).toEqual([]);
  });

  it("comes in pages, and whole without a query", async () => {
    const first = await get("/cp?limit=3", null);
    expect(((await first.json()) as Fleet).charging_points).toHaveLength(3);
    const second = await get(nextOf(first), null);
    expect(((await second.json()) as Fleet).charging_points).toMatchObject([{ cp_id: "CP-004" }]);
    expect(nextOf(second)).toBe("");
    expect(await ids("")).toHaveLength(4);
  });

  it("tells with view=full what each point is, and nobody's name to anybody", async () => {
    const { charging_points } = (await (await get("/cp?view=full", null)).json()) as Fleet;
    expect(charging_points[2]).toMatchObject({
      cp_id: "CP-003",
      city: "Málaga",
      power_kw: 22,
      latitude: 36.72,
    });
    expect(JSON.stringify(charging_points)).not.toContain("driver-");
    const [point] = (await json<Fleet>("/cp?view=full&q=CP-003")).charging_points;
    expect(point).toMatchObject({ current_driver: "driver-alice", session: { claim: "charging" } });
  });

  it("is not to be asked in a way that makes no sense, nor by strangers for what is operators'", async () => {
    for (const [query, status] of [
      ["state=SLEEPY", 400],
      ["limit=0", 400],
      ["cursor=%C3%A4", 400],
      ["retired=true", 403],
      ["needs_attention=true", 403],
    ] as const)
      expect([query, (await get(`/cp?${query}`, null)).status]).toEqual([query, status]);
  });
});

describe("sessions", () => {
  it("are listed over days in pages that lose and repeat none, newest first", async () => {
    const expected: string[] = [];
    for (let n = 0; n < 11; n++) {
      const id = sid(`CP-00${(n % 3) + 1}`, 100 + n);
      await session(id, n % 2 ? "driver-alice" : "driver-bob", nowMs - n * 10 * hour, {
        rank: n % 2 ? "BILLED" : "REJECTED",
      });
      expected.push(id);
    }
    const ids = async (query: string) =>
      (await all<{ session_id: string }>(`/sessions?${query}`)).map(({ session_id }) => session_id);
    expect(await ids("limit=2")).toEqual(expected);
    expect(await ids("limit=200")).toEqual(expected);
    expect(await ids("limit=3&driver=driver-alice&status=COMPLETED")).toEqual(
      expected.filter((_, n) => n % 2),
    );
    expect(await ids("cp=CP-001&limit=1")).toEqual(expected.filter((_, n) => n % 3 === 0));
    expect(await ids("day=2026-05-03")).toEqual(expected.slice(0, 2));
    expect(await ids("from=2026-05-01&to=2026-05-02&limit=2")).toEqual(expected.slice(2, 7));
  });

  it("of a charge point that few entries are of are found in few readings of the table", async () => {
    for (let n = 0; n < 600; n++) {
      const index = { sid: sid("CP-002", n), driver: "driver-bob", cp: "CP-002" };
      await central.put(keys.sessionOfDay(nowMs - n, index.sid), index);
    }
    await session(sid("CP-001", 1), "driver-alice", nowMs - 1_000, { rank: "BILLED" });
    const query = vi.spyOn(central.table, "query");
    expect(await all("/sessions?cp=CP-001&limit=5")).toMatchObject([{ session_id: sid("CP-001", 1) }]);
    // One for each of the days, and a few more in that of many entries.
    expect(query.mock.calls.length).toBeLessThan(40);
    query.mockRestore();
  });

  it("by days that are none are refused", async () => {
    for (const query of [
      "from=2026-05-03&to=2026-05-01",
      "day=2026-05-01&to=2026-05-02",
      "from=2020-01-01",
      "cp=a_b",
      `cursor=${Buffer.from("2026-05-02x|y").toString("base64url")}`,
      `cursor=${Buffer.from("2026-02-31|y").toString("base64url")}`,
    ])
      expect([query, (await get(`/sessions?${query}`)).status]).toEqual([query, 400]);
  });

  it("are shown one by one with their time line, causes included", async () => {
    const id = sid("CP-001", 7);
    const startedAtMs = nowMs - 50_000;
    const endedAtMs = nowMs - 10_000;
    await session(id, "driver-bob", nowMs - 60_000, {
      rank: "BILLED",
      startedAtMs,
      endedAtMs,
    });
    await bill(id, "driver-bob", endedAtMs);
    const told = { type: "SESSION", sid: id, cp: "CP-001", createdAtMs: nowMs - 59_000 };
    await central.put(keys.inbox("driver-bob", 1), {
      ...told,
      sequence: 1,
      event: "accepted",
      message: "Plug in.",
    });
    await central.put(keys.inbox("driver-bob", 2), {
      ...told,
      sequence: 2,
      event: "x",
      sid: sid("CP-001", 8),
      message: "",
    });
    const broke = { cp: "CP-001", atMs: nowMs - 30_000, from: "ON", to: "BROKEN", cause: "no answer" };
    await central.put(keys.transition("CP-001", broke.atMs, 1), broke);
    await central.put(keys.transition("CP-001", nowMs - 5_000, 2), {
      ...broke,
      atMs: nowMs - 5_000,
      to: "ON",
    });
    const shown = await json<{ time_line: { event: string }[] }>(`/sessions/${id}`);
    expect(shown).toMatchObject({
      driver_id: "driver-bob",
      cost_eur: 3,
      stop_reason: "EVDisconnected",
      review_id: null,
    });
    expect(shown.time_line.map(({ event }) => event)).toEqual([
      "requested",
      "accepted",
      "relay-closed",
      "point-broken",
      "ended",
      "billed",
    ]);
    expect(JSON.stringify(shown.time_line)).toContain("no answer");
  });

  it("that were refused have nothing of what befell their charge point later", async () => {
    const id = sid("CP-001", 8);
    await session(id, "driver-bob", nowMs - 60_000, {
      rank: "REJECTED",
      reason: "occupied",
      startedAtMs: null,
    });
    const broke = { cp: "CP-001", atMs: nowMs - 30_000, from: "ON", to: "BROKEN", cause: "no answer" };
    await central.put(keys.transition("CP-001", broke.atMs, 1), broke);
    const shown = await json<{ time_line: { event: string }[] }>(`/sessions/${id}`);
    expect(shown.time_line.map(({ event }) => event)).toEqual(["requested"]);
  });

  it("that nobody asked for are 404, also to a driver as his own path does not lead there", async () => {
    expect((await get(`/sessions/${sid("CP-001", 99)}`)).status).toBe(404);
    expect((await get("/sessions/S-x")).status).toBe(400);
    expect((await get(`/sessions/${sid("CP-003")}`, "driver-alice")).status).toBe(403);
    // One from before the index: its claim tells whose it is.
    expect(await json(`/sessions/${sid("CP-003")}`)).toMatchObject({ driver_id: "driver-alice" });
  });
});

describe("bills", () => {
  it("explain each cent, with whose price it was and who decided", async () => {
    const id = sid("CP-001", 7);
    await bill(id, "driver-bob", nowMs);
    const tariff = { cp: "CP-001", version: 1, priceE5PerKwh: 30_000, currency: "EUR", reason: null };
    await central.put(operatorKeys.tariff("CP-001", 1), {
      ...tariff,
      source: "operator",
      by: "operator-olga",
      fromMs: nowMs - day,
    });
    const shown = await json<{ explanation: { name: string; value: string; from: string }[] }>(
      `/cdrs/${id.replace("S-", "CDR-")}`,
    );
    expect(shown).toMatchObject({ session_id: id, cost: { amount_minor: 300 }, review: null });
    expect(shown.explanation.map(({ name, value }) => [name, value])).toEqual([
      ["register at the start", "1000 Wh"],
      ["register at the end", "11005 Wh"],
      ["energy", "10005 Wh"],
      ["price", "0.30 €/kWh"],
      ["exact amount", "300.150000 cents"],
      ["amount", "300 cents"],
    ]);
    expect(shown.explanation[3]?.from).toContain("operator-olga");
    expect((await get(`/cdrs/${sid("CP-001", 8).replace("S-", "CDR-")}`)).status).toBe(404);
    expect((await get("/cdrs/CDR-1")).status).toBe(400);
  });

  it("are exported for a spreadsheet, all of them, oldest first", async () => {
    const expected: string[] = [];
    for (let n = 0; n < 5; n++) {
      const id = sid("CP-001", 10 + n);
      await bill(id, "driver-bob", nowMs - n * 20 * hour);
      expected.unshift(`CDR-${id}`);
    }
    const answer = await get("/cdrs.csv");
    expect(answer.headers.get("content-type")).toContain("text/csv");
    expect(answer.headers.get("content-disposition")).toContain("cdrs-2026-04-27-2026-05-03.csv");
    const lines = (await answer.text()).split("\r\n");
    expect(lines[0]?.split(",").slice(0, 4)).toEqual(["cdr_id", "session_id", "driver_id", "cp_id"]);
    expect(lines.slice(1, -1).map((line) => line.split(",")[0])).toEqual(expected);
    expect(lines[1]?.split(",").slice(8, 16)).toEqual([
      "1000",
      "11005",
      "10005",
      "0.30",
      "1",
      "300",
      "EUR",
      "EVDisconnected",
    ]);
    expect((await (await get("/cdrs.csv?cp=CP-002")).text()).split("\r\n")).toHaveLength(2);
    expect((await get("/cdrs.csv", "driver-alice")).status).toBe(403);
  });
});

it("reviews say whether they can be billed, and for how much", async () => {
  const review = (n: number, change: object) => {
    const id = sid("CP-001", n);
    const tariff = { version: 1, priceE5PerKwh: 30_000, currency: "EUR" };
    const figures = { registerStartWh: 1_000, registerEndWh: 3_000, tariff };
    const of = { id, cp: "CP-001", sid: id, driver: "driver-bob", cause: "journal lost", settled: null };
    return central.put(keys.review(id), { ...of, ...figures, openedAtMs: nowMs + n, ...change });
  };
  await review(1, {});
  await review(2, { registerEndWh: null });
  await review(3, {});
  expect(await json("/reviews?limit=1")).toMatchObject([{ review_id: sid("CP-001", 3) }]);
  expect(await all("/reviews?limit=1")).toMatchObject([
    { billable: true, amount: { amount_minor: 60 } },
    { billable: false, amount: null },
    { billable: true },
  ]);
  expect(await json(`/reviews/${sid("CP-001", 2)}`)).toMatchObject({ cause: "journal lost" });
  expect((await get(`/reviews/${sid("CP-001", 9)}`)).status).toBe(404);
});
