// How often whom: per caller and budget, per address for who has no token, and what the refused are told.
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { callerAddress } from "../../../central-fn/api/caller-address.ts";
import {
  defaultRateOptions,
  defaultRates,
  type RateOptions,
  rateOptionsOf,
  rateVariables,
} from "../../../central-fn/api/rate-limit.ts";
import { describedRoutes } from "../../../central-fn/api/route.ts";
import { SmallNetwork } from "../../support/small-network.ts";
import { openCentral, seed } from "./central.ts";

function limited(change: Partial<RateOptions["rates"]>, more: Partial<RateOptions> = {}) {
  const clock = { ms: 0 };
  const lines: string[] = [];
  const central = openCentral({
    rate: {
      ...defaultRateOptions,
      rates: { ...defaultRates, ...change },
      nowMs: () => clock.ms,
      ...more,
    },
    log: { debug() {}, info() {}, warn: (line) => lines.push(line), error() {} },
  });
  return { central, clock, lines };
}
const tight = { perS: 0.5, atOnce: 2 };
/** Sorted: which of calls made at the same time comes through first is nobody's promise. */
const statuses = async (calls: Promise<Response>[]) =>
  (await Promise.all(calls)).map(({ status }) => status).sort((a, b) => a - b);
const times = <T>(n: number, make: (i: number) => T) => Array.from({ length: n }, (_, i) => make(i));

describe("a driver who asks for a hundred charges at once", () => {
  it("has ten of them taken, the others refused before anything is stored", async () => {
    const { central, clock } = limited({});
    await seed(central);
    const ask = () =>
      central.call("driver-alice", "POST", "/drivers/driver-alice/requests", {
        body: { cp_id: "CP-001", vehicle_id: "VEH-001" },
      });
    const answers = await Promise.all(times(100, ask));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(10);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(90);
    expect(central.appended).toHaveLength(10);
    expect(refused[0]?.headers.get("retry-after")).toBe("1");
    expect(refused[0]?.headers.get("content-type")).toBe("application/problem+json");
    expect(await refused[0]?.json()).toMatchObject({
      status: 429,
      title: "Too Many Requests",
      detail: "too many calls that ask for a charge: 10 at once and 1 per second are taken; try again in 1 s",
    });
    // What he may still do: look, and stop what runs.
    expect((await central.call("driver-alice", "GET", "/drivers/driver-alice/alerts")).status).toBe(200);
    clock.ms += 1_000;
    expect((await ask()).status).toBe(202);
    expect((await ask()).status).toBe(429);
    await central.close();
  });
});

describe("of a driver's charges that are taken", () => {
  it("one is granted, whatever charge points they are for; the others are told why not", async () => {
    const network = new SmallNetwork(3);
    const ask = (i: number) =>
      network.ask("driver-alice", "POST", "/drivers/driver-alice/requests", {
        cp_id: `CP-00${(i % 3) + 1}`,
        vehicle_id: "VEH-001",
      });
    const answers = await Promise.all(times(100, ask));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(90);
    network.run(5);
    const ids = answers.flatMap(({ body }) => (body.session_id ? [String(body.session_id)] : []));
    const sessions = await Promise.all(ids.map((id) => network.session("driver-alice", id)));
    const denied = sessions.filter(({ status }) => status === "DENIED");
    expect(denied).toHaveLength(9);
    for (const { reason } of denied) expect(reason).toMatch(/you have another session|occupied|not free/);
    expect(sessions.filter(({ status }) => status === "APPROVED")).toHaveLength(1);
  });
});

describe("a budget", () => {
  it("is its caller's alone, and each is apart from the others", async () => {
    const { central } = limited({ read: tight, order: tight });
    await seed(central);
    const read = (who: string) => central.call(who, "GET", `/drivers/${who}/favorites`);
    expect(await statuses(times(3, () => read("driver-alice")))).toEqual([200, 200, 429]);
    expect((await read("driver-bob")).status).toBe(200);
    const mark = () => central.call("driver-alice", "DELETE", "/drivers/driver-alice/favorites/CP-001");
    expect(await statuses(times(3, mark))).toEqual([204, 204, 429]);
    // The public list counts as well for who says his name.
    expect((await central.call("driver-alice", "GET", "/cp")).status).toBe(429);
    expect((await central.call(null, "GET", "/cp")).status).toBe(200);
    await central.close();
  });

  it("is told by the drafted headers, when it ends and when it is nearly used up", async () => {
    const { central } = limited({ read: { perS: 1, atOnce: 4 } });
    await seed(central);
    const answers: Response[] = [];
    for (let i = 0; i < 5; i++) answers.push(await central.call("operator", "GET", "/alerts"));
    expect(answers.map(({ headers }) => headers.get("ratelimit"))).toEqual([
      null,
      '"read";r=2;t=4',
      '"read";r=1;t=4',
      '"read";r=0;t=4',
      '"read";r=0;t=1',
    ]);
    expect(answers.at(-1)?.headers.get("ratelimit-policy")).toBe('"read";q=4;w=4');
    await central.close();
  });

  it("stands in the document of every operation, with the refusal that it leads to", async () => {
    const { central } = limited({});
    const costs = Object.fromEntries(
      describedRoutes(central.app).map(({ method, path, cost }) => [`${method} ${path}`, cost]),
    );
    expect(costs).toMatchObject({
      "GET /health": "free",
      "GET /cp": "read",
      "POST /cp/:cp_id/stop": "order",
      "DELETE /drivers/:driver_id/favorites/:cp_id": "order",
      "POST /drivers/:driver_id/requests": "start",
      "POST /drivers/:driver_id/requests/:request_id/confirm": "start",
    });
    const document = (await (await central.call(null, "GET", "/openapi.json")).json()) as {
      paths: Record<string, Record<string, { responses: Record<string, unknown>; "x-cost": string }>>;
      components: { responses: Record<string, { headers?: object }> };
    };
    for (const operations of Object.values(document.paths))
      for (const { responses, "x-cost": cost } of Object.values(operations))
        expect([cost, responses[429]]).toEqual([
          expect.stringMatching(/^(free|read|order|start)$/),
          { $ref: "#/components/responses/TooMany" },
        ]);
    expect(Object.keys(document.components.responses.TooMany?.headers ?? {})).toEqual([
      "Retry-After",
      "RateLimit",
      "RateLimit-Policy",
    ]);
    await central.close();
  });
});

describe("who has no token", () => {
  const from = (central: ReturnType<typeof openCentral>, peer: string, forwarded?: string) =>
    central.app.request(
      "/cp",
      { headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded } },
      { incoming: { socket: { remoteAddress: peer } } },
    );

  it("has a budget by address, and a probe needs none", async () => {
    const { central, lines } = limited({ public: tight });
    expect(await statuses(times(3, async () => from(central, "192.0.2.1")))).toEqual([200, 200, 429]);
    expect((await from(central, "192.0.2.2")).status).toBe(200);
    expect(await statuses(times(9, () => central.call(null, "GET", "/health")))).toEqual(times(9, () => 200));
    // One line however many are refused.
    await Promise.all(times(50, async () => from(central, "192.0.2.1")));
    expect(lines).toEqual(["calls refused, RATE_PUBLIC=0.5:2: 192.0.2.1"]);
    await central.close();
  });

  it("cannot take another's by saying that it comes from elsewhere", async () => {
    const { central } = limited({ public: tight });
    const said = times(3, async (i) => from(central, "192.0.2.1", `198.51.100.${i}`));
    expect(await statuses(said)).toEqual([200, 200, 429]);
    await central.close();
    // Behind one proxy the last entry is the proxy's own word; what stands before it is the caller's.
    const behind = limited({ public: tight }, { proxyHops: 1 }).central;
    const via = times(3, async (i) => from(behind, "10.0.0.1", `198.51.100.${i}, 192.0.2.7`));
    expect(await statuses(via)).toEqual([200, 200, 429]);
    expect((await from(behind, "10.0.0.1", "192.0.2.8")).status).toBe(200);
    await behind.close();
  });

  it("is one caller with all the addresses of its IPv6 network", () => {
    const address = (remoteAddress: string) =>
      callerAddress({ env: { incoming: { socket: { remoteAddress } } } } as never, 0);
    expect(address("2001:db8:0:1::1")).toBe(address("2001:db8:0:1:ffff:ffff:ffff:fffe"));
    expect(address("2001:db8:0:1::1")).not.toBe(address("2001:db8:0:2::1"));
    expect(address("::1")).toBe("0:0:0:0::/64");
    expect(address("::ffff:192.0.2.1")).toBe("192.0.2.1");
    const event = { requestContext: { http: { sourceIp: "192.0.2.9" } } };
    expect(callerAddress({ env: { event } } as never, 0)).toBe("192.0.2.9");
  });

  it("is told 401 for a wrong token until that came too often, and holds nobody up who has a good one", async () => {
    const { central } = limited({ failed: tight });
    await seed(central);
    const wrong = () => central.app.request("/cdrs", { headers: { authorization: "Bearer nonsense" } });
    const without = () => central.app.request("/cdrs");
    const said: number[] = [];
    for (const call of [wrong, without, wrong, without]) said.push((await call()).status);
    expect(said).toEqual([401, 401, 429, 429]);
    expect((await central.call("operator", "GET", "/cdrs")).status).toBe(200);
    await central.close();
  });
});

describe("the settings", () => {
  const settings = z.object(rateVariables);

  it("are one variable per budget, calls per second and calls at once", () => {
    const { rates, proxyHops } = rateOptionsOf(settings.parse({ RATE_START: "0.5:3", PROXY_HOPS: "1" }));
    expect(rates).toEqual({ ...defaultRates, start: { perS: 0.5, atOnce: 3 } });
    expect(proxyHops).toBe(1);
    expect(rateOptionsOf(settings.parse({})).rates).toEqual(defaultRates);
  });

  it("are refused when they make no sense", () => {
    for (const text of ["", "10", "0:10", "10:0", "-1:5", "many:5", "1e3:5"])
      expect([text, settings.safeParse({ RATE_READ: text }).success]).toEqual([text, false]);
  });
});
