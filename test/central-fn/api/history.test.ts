// A driver's past: pages that lose and repeat nothing, and receipts that print.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { receiptPage } from "../../../central-fn/api/driver/receipt.page.ts";
import { keys } from "../../../central-fn/tables/rows.ts";
import { cdrRow, cpRow, nowMs, openCentral, seed, sessionRow, sid, type TestCentral } from "./central.ts";

let central: TestCentral;
beforeEach(async () => {
  central = openCentral();
  await seed(central);
});
afterEach(() => central.close());

const alice = "driver-alice";
const own = `/drivers/${alice}`;

async function past(n: number, requestedAtMs: number): Promise<string> {
  const id = sid("CP-001", n);
  const billed = { rank: "BILLED", requestedAtMs } as const;
  await central.put(keys.session(alice, id), sessionRow(id, alice, billed));
  await central.put(keys.past(alice, requestedAtMs, id), { sid: id, driver: alice, cp: "CP-001" });
  await central.put(keys.cdr(alice, id), cdrRow(id, alice));
  return id;
}

/** Follows the links from page to page. */
async function pages(path: string, key: string, each?: () => Promise<void>): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Response = await central.call(alice, "GET", next);
    const entries = (await answer.json()) as Record<string, unknown>[];
    found.push(entries.map((entry) => entry[key]));
    next = /<([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
    await each?.();
  }
  return found;
}

describe("the history", () => {
  it("comes newest first in pages, whatever is added meanwhile", async () => {
    // Ids fall while time rises, and two share an instant.
    const asked = [1, 2, 3, 4, 5, 6, 7].map((n) => ({ n: 20 - n, atMs: nowMs - 100_000 + (n >> 1) * 1_000 }));
    for (const { n, atMs } of asked) await past(n, atMs);
    const newestFirst = asked.sort((a, b) => b.atMs - a.atMs || b.n - a.n).map(({ n }) => sid("CP-001", n));
    let added = 30;
    const found = await pages(`${own}/sessions/history?limit=3`, "session_id", async () => {
      await past(added++, nowMs + added);
    });
    expect(found).toEqual([newestFirst.slice(0, 3), newestFirst.slice(3, 6), newestFirst.slice(6)]);
    const exact = await pages(`${own}/sessions/history?limit=10`, "session_id");
    expect(exact).toHaveLength(1);
    expect((await central.call(alice, "GET", `${own}/sessions/history?cursor=aW5ib3gj`)).status).toBe(400);
  });

  it("of the inbox comes in pages by sequence, and of the charging points by distance or id", async () => {
    for (let sequence = 1; sequence <= 5; sequence++)
      await central.put(keys.inbox(alice, sequence), {
        sequence,
        createdAtMs: nowMs,
        type: "QUEUE",
        message: "m",
        sid: null,
        cp: "CP-001",
        event: "offered",
      });
    await central.put(keys.driver(alice), {
      driver: alice,
      activeSid: null,
      inboxLast: 5,
      inboxRead: 0,
      favorites: ["CP-002"],
    });
    expect(await pages(`${own}/notifications?after=0&limit=2`, "sequence")).toEqual([[1, 2], [3, 4], [5]]);
    expect(await pages("/charging-points?limit=3", "cp_id")).toEqual([
      ["CP-001", "CP-002", "CP-003"],
      ["CP-004"],
    ]);
    const registration = cpRow("x").registration;
    await central.put(
      keys.cp("CP-004"),
      cpRow("CP-004", { registration: registration && { ...registration, latitude: 36.721 } }),
    );
    expect(await pages("/charging-points?lat=36.73&lon=-4.42&limit=3", "cp_id")).toEqual([
      ["CP-004", "CP-001", "CP-002"],
      ["CP-003"],
    ]);
    expect(await pages("/charging-points?lat=36.73&lon=-4.42&within_km=1.05", "cp_id")).toEqual([["CP-004"]]);
    expect(await pages("/charging-points?only_favorites=true", "cp_id")).toEqual([["CP-002"]]);
    expect(await pages("/charging-points?max_price_eur_per_kwh=0.29", "cp_id")).toEqual([[]]);
  });
});

describe("a receipt", () => {
  it("is a page without script, its one style allowed by name, with the bill's own figures", async () => {
    const id = await past(1, nowMs);
    const answer = await central.call(alice, "GET", `${own}/receipts/${id}`);
    const html = await answer.text();
    for (const text of ["Receipt", `CDR-${id}`, "Station CP-001", "10.005 kWh", "€0.30 per kWh", "€3.00"])
      expect(html).toContain(text);
    expect(html).not.toMatch(/<script|onload|style=/);
    const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? "";
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain(`'sha256-${Buffer.from(hash).toString("base64")}'`);
    expect(policy).not.toContain("unsafe");
    expect(answer.headers.get("cache-control")).toContain("private");
  });

  it("does not exist for another, nor before the bill", async () => {
    const id = await past(1, nowMs);
    expect((await central.call("driver-bob", "GET", `/drivers/driver-bob/receipts/${id}`)).status).toBe(404);
    expect((await central.call("driver-bob", "GET", `${own}/receipts/${id}`)).status).toBe(404);
    expect((await central.call(alice, "GET", `${own}/receipts/${sid("CP-003")}`)).status).toBe(404);
  });

  it("shows markup in a station's name as text", () => {
    const station = cpRow("x").registration;
    if (!station) throw new Error("no registration");
    const html = receiptPage(cdrRow(sid("CP-001"), alice), {
      ...station,
      name: `<img src=x onerror="a('b')">`,
    });
    expect(html).not.toContain("<img");
    expect(html).toContain("&#60;img");
  });
});
