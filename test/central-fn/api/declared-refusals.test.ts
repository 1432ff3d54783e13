// What every route refuses, whichever there are: the routes' own declarations say what is tried, so that a new route is
// tried as well. What is another driver's does not exist; a body has the declared fields and no other.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as z from "zod";
import { openLive } from "../../../central-fn/api/live/live.ts";
import { defaultRateOptions, defaultRates } from "../../../central-fn/api/rate-limit.ts";
import { type DescribedRoute, describedRoutes } from "../../../central-fn/api/route.ts";
import { eventsCookie } from "../../../central-fn/api/tokens.ts";
import { keys } from "../../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../../central-fn/tables/sqlite.ts";
import { watchedTable } from "../../../central-fn/tables/watched.ts";
import { silentLog } from "../../../wire/process/log.ts";
import {
  cdrRow,
  ids,
  nowMs,
  openCentral,
  partitions,
  seed,
  sessionRow,
  sid,
  type TestCentral,
} from "./central.ts";

const alice = "driver-alice";
const bob = "driver-bob";
/** Bob's: a running session, a billed one, and a request that nobody has decided yet. */
const running = ids.mint(bob, "CP-002", "running");
const billed = ids.mint(bob, "CP-002", "billed");
const undecided = ids.mint(bob, "CP-002", "undecided");

const table = watchedTable(openSqliteTable(":memory:"));
const live = openLive({ table, partitions, now: () => nowMs, log: silentLog, staleFeedMs: 5_000 });
let central: TestCentral;
let routes: DescribedRoute[];
beforeAll(async () => {
  const start = { perS: 1_000, atOnce: 1_000 };
  const rate = { ...defaultRateOptions, rates: { ...defaultRates, start } };
  central = openCentral({ table, live, rate });
  routes = describedRoutes(central.app);
  await seed(central);
  for (const [id, rank] of [
    [running, "CHARGING"],
    [billed, "BILLED"],
  ] as const) {
    await central.put(keys.session(bob, id), sessionRow(id, bob, { rank }));
    await central.put(keys.past(bob, nowMs, id), { sid: id, driver: bob, cp: "CP-002" });
  }
  await central.put(keys.cdr(bob, billed), cdrRow(billed, bob));
  await central.put(keys.driver(bob), {
    driver: bob,
    activeSid: running,
    inboxLast: 0,
    inboxRead: 0,
    favorites: ["CP-002"],
  });
});
afterAll(async () => {
  live.close();
  await central.close();
});

const pathOf = (path: string, driver: string, session: string) =>
  path
    .replace(":driver_id", driver)
    .replace(/:(session|request)_id/, session)
    .replace(":review_id", session)
    .replace(":cp_id", "CP-001")
    .replace(":cdr_id", session.replace("S-", "CDR-"))
    .replace(":alert_id", `A-${"0".repeat(16)}`)
    .replace(":letter_ref", "bm9uZQ")
    .replace(":operation_id", `O-${"0".repeat(26)}`);
const roleOf = ({ access }: DescribedRoute) =>
  access === "public" || access.includes("operator") ? "operator" : alice;

describe("what is another driver's", () => {
  it("does not exist under his own path: over every route, streams and receipts included", async () => {
    const drivers = routes.filter(({ path }) => path.includes(":driver_id"));
    expect(drivers.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        "GET /drivers/:driver_id/events",
        "GET /drivers/:driver_id/receipts/:session_id",
        "POST /drivers/:driver_id/sessions/:session_id/stop",
      ]),
    );
    const stream = await central.tokens.signCookie({
      sub: alice,
      role: "driver",
      expiresAtMs: Date.now() + 60_000,
    });
    for (const { method, path } of drivers)
      for (const id of [running, billed, undecided]) {
        const his = pathOf(path, bob, id);
        const answer = await central.call(alice, method, his);
        expect([method, his, answer.status]).toEqual([method, his, 404]);
        const byCookie = await central.app.request(his, {
          method,
          headers: { cookie: `${eventsCookie}=${stream}` },
        });
        expect([method, his, byCookie.status]).toEqual([method, his, path.endsWith("/events") ? 404 : 401]);
      }
    expect(central.appended).toEqual([]);
  });

  it("does not exist under the caller's own path either, decided or not", async () => {
    const byId = routes.filter(
      ({ path }) => path.startsWith("/drivers/") && /:(session|request)_id/.test(path),
    );
    expect(byId.length).toBeGreaterThan(6);
    for (const { method, path } of byId)
      for (const id of [running, billed, undecided]) {
        const own = pathOf(path, alice, id);
        expect([method, own, (await central.call(alice, method, own)).status]).toEqual([method, own, 404]);
        // The same ids are there for him whose they are: it is no matter of their form.
        if (method !== "GET" || id === undecided) continue;
        const his = await central.call(bob, method, pathOf(path, bob, id));
        const hasNoBill = id === running && /receipt/.test(path);
        expect([path, id, his.status]).toEqual([path, id, hasNoBill ? 404 : 200]);
      }
    expect(central.appended).toEqual([]);
  });

  it("is in no list of the caller's", async () => {
    const lists = routes.filter(
      ({ method, path, access, answers }) =>
        method === "GET" &&
        (access === "public" || access.includes("driver")) &&
        !/:(session|request)_id|\/events$/.test(path) &&
        Object.values(answers).some((answer) => answer !== null && !("media" in answer)),
    );
    expect(lists.length).toBeGreaterThan(8);
    for (const { method, path } of lists) {
      const answer = await central.call(alice, method, pathOf(path, alice, sid("CP-003")));
      const text = await answer.text();
      expect([path, text.includes(bob), text.includes(running), text.includes(billed)]).toEqual([
        path,
        false,
        false,
        false,
      ]);
    }
  });
});

describe("a body", () => {
  const withBody = () => routes.flatMap((route) => (route.json ? [{ ...route, json: route.json }] : []));
  const send = (route: DescribedRoute, body: string) =>
    central.call(roleOf(route), route.method, pathOf(route.path, alice, sid("CP-003")), { body });

  it("with a field that is not declared is refused and named: nobody gives himself a role or a price", async () => {
    const gifts = {
      role: "operator",
      sub: bob,
      driver_id: bob,
      priceE5PerKwh: 1,
      cost_eur: 0,
      status: "COMPLETED",
      fence: 99,
    };
    expect(withBody().length).toBeGreaterThan(12);
    for (const route of withBody()) {
      const answer = await send(route, JSON.stringify(gifts));
      const { detail } = (await answer.json()) as { detail: string };
      expect([route.path, answer.status, detail]).toEqual([
        route.path,
        400,
        expect.stringMatching(/^body: .*role/s),
      ]);
    }
    expect(central.appended).toEqual([]);
  });

  it("is strict to its depth: each object within it knows its fields", () => {
    const loose = withBody().flatMap(({ method, path, json }) =>
      looseObjects(json).map((at) => `${method} ${path} ${at}`),
    );
    expect(loose).toEqual([]);
  });

  it("that is none, is deep, poisons a prototype or counts beyond numbers is refused", async () => {
    const nasty = [
      "[".repeat(30_000),
      `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`,
      '{"__proto__":{"role":"operator"},"role":"operator"}',
      '{"constructor":{"prototype":{"role":"operator"}}}',
      '{"up_to":-1,"cp_id":"<img onerror=alert(1)>","reason":1e999,"decision":"bill","x":NaN}',
      '{"up_to":1e999,"price_eur_per_kwh":-0.01,"reason":"","cp_id":"CP-#","repaired":1}',
      "null",
      '"text"',
      // Nothing is a body that may be left out; this is one.
      " \r\n",
    ];
    for (const route of withBody())
      for (const body of nasty) {
        const { status } = await send(route, body);
        expect([route.path, body.slice(0, 40), status]).toEqual([route.path, body.slice(0, 40), 400]);
      }
    expect(({} as { role?: string }).role).toBeUndefined();
    expect(central.appended).toEqual([]);
  });

  it("changes nothing by a method that no route declares", async () => {
    for (const { path } of routes) {
      const at = pathOf(path, alice, sid("CP-003"));
      for (const method of ["PATCH", "PUT"]) {
        const answer = await central.call(alice, method, at, { body: { role: "operator", price: 0 } });
        expect([method, at, answer.status]).toEqual([method, at, 405]);
      }
    }
    expect(central.appended).toEqual([]);
  });
});

it("refuses a number in a query that is written in no JSON: an empty one is not nought", async () => {
  const document = (await (await central.call(null, "GET", "/openapi.json")).json()) as {
    paths: Record<
      string,
      { get?: { parameters?: { in: string; name: string; schema: { type?: string } }[] } }
    >;
  };
  const numbers = Object.entries(document.paths).flatMap(([path, { get }]) =>
    (get?.parameters ?? [])
      .filter((one) => one.in === "query" && /^(number|integer)$/.test(one.schema.type ?? ""))
      .map(({ name }) => ({ path, name })),
  );
  expect(numbers.length).toBeGreaterThan(15);
  for (const { path, name } of numbers)
    for (const written of ["", " ", "0x10", "+1", "1 ", "01", "NaN", "1e999", "much"]) {
      const route = routes.find(
        (one) => one.method === "GET" && one.path === path.replace(/{(\w+)}/g, ":$1"),
      );
      if (!route) throw new Error(`${path} is in the document and no route`);
      // Latitude and longitude come together.
      const other = { lat: "&lon=1", lon: "&lat=1" }[name] ?? "";
      const at = `${pathOf(route.path, alice, running)}?${name}=${encodeURIComponent(written)}${other}`;
      const answer = await central.call(roleOf(route), "GET", at);
      const { detail } = (await answer.json()) as { detail?: string };
      expect([at, answer.status, detail]).toEqual([at, 400, expect.stringContaining(`query: ${name}`)]);
    }
});

/** Where in a schema an object tolerates fields that it does not name. */
function looseObjects(schema: z.ZodType, at = "body"): string[] {
  const { def } = schema._zod as unknown as {
    def: Record<string, unknown> & { type: string; catchall?: { _zod: { def: { type: string } } } };
  };
  const own = def.type === "object" && def.catchall?._zod.def.type !== "never" ? [at] : [];
  const inner = Object.entries(def).flatMap(([name, part]) => {
    const parts: [string, unknown][] =
      name === "shape" ? Object.entries(part as object) : [part].flat().map((one) => [name, one]);
    return parts.filter((entry): entry is [string, z.ZodType] => isSchema(entry[1]));
  });
  return [...own, ...inner.flatMap(([name, part]) => looseObjects(part, `${at}.${name}`))];
}

function isSchema(value: unknown): boolean {
  return typeof value === "object" && value !== null && "_zod" in value;
}
