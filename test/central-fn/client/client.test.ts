// The client of Central: paths, bodies and answers are checked when a call is written; refusals are values.
import { expect, expectTypeOf, it } from "vitest";
import {
  type Address,
  type Answer,
  addressOf,
  type BodyOf,
  openClient,
  orderOf,
  type Sent,
} from "../../../central-fn/client/client.ts";
import { openCentral, seed, type TestCentral } from "../api/central.ts";

async function clientOf(central: TestCentral, who: string) {
  const role = who === "operator" ? "operator" : "driver";
  const authorization = `Bearer ${await central.tokens.sign({ sub: who, role, expiresInS: 60 })}`;
  const sent: Sent[] = [];
  const client = openClient(async (call) => {
    sent.push(call);
    const { method, path, headers, body } = call;
    const init = { method, headers: { ...headers, authorization }, ...(body !== undefined && { body }) };
    const answer = await central.app.request(path, init);
    return {
      status: answer.status,
      header: (name) => answer.headers.get(name),
      json: () => answer.json() as Promise<unknown>,
    };
  });
  return { ...client, sent };
}
const ok = <T extends { is: string }>(answer: T) => {
  if (answer.is !== "ok") throw new Error(JSON.stringify(answer));
  return answer as Extract<T, { is: "ok" }>;
};

it("reads, and is told nothing twice", async () => {
  const central = openCentral();
  await seed(central);
  const { read } = await clientOf(central, "operator");
  const fleet = ok(await read(addressOf("/cp")));
  expectTypeOf(fleet.body.active_requests).toEqualTypeOf<number>();
  expect(fleet.body.charging_points.map(({ state }) => state)).toEqual(["ON", "ON", "ON", "ON"]);
  expect(fleet.etag).toMatch(/^"/);
  expect(await read(addressOf("/cp"), { etag: fleet.etag })).toEqual({ is: "same" });
  const current = addressOf("/drivers/:driver_id/sessions/current", { param: { driver_id: "driver-bob" } });
  const { read: readAsBob } = await clientOf(central, "driver-bob");
  expect(ok(await readAsBob(current))).toMatchObject({ status: 204, body: null });
  await central.close();
});

it("goes from page to page", async () => {
  const central = openCentral();
  await seed(central);
  const { read } = await clientOf(central, "operator");
  const ids: string[] = [];
  let address: Address<Fleet> | undefined = addressOf("/cp", { query: { limit: 3 } });
  while (address) {
    const { body, next }: Ok<Fleet> = ok(await read(address));
    ids.push(...body.charging_points.map(({ cp_id }) => cp_id));
    address = next;
  }
  expect(ids).toEqual(["CP-001", "CP-002", "CP-003", "CP-004"]);
  await central.close();
});
type Fleet = BodyOf<"GET", "/cp">;
type Ok<T> = Extract<Answer<T>, { is: "ok" }>;

it("orders under a key, and a repeat is the same order", async () => {
  const central = openCentral();
  await seed(central);
  const { order, sent } = await clientOf(central, "driver-alice");
  const wish = orderOf("POST", "/drivers/:driver_id/requests", {
    param: { driver_id: "driver-alice" },
    json: { cp_id: "CP-002", vehicle_id: "VEH-001" },
  });
  const first = ok(await order(wish, { key: "one", waitS: 0 }));
  expectTypeOf(first.body.session_id).toEqualTypeOf<string>();
  const again = ok(await order(wish, { key: "one" }));
  expect([again.body.session_id, again.body.status]).toEqual([first.body.session_id, "PENDING"]);
  expect(sent[0]?.headers).toEqual({ "content-type": "application/json", "idempotency-key": "one" });
  await central.close();
});

it("tells a refusal by the server's own words, and when to come back", async () => {
  const central = openCentral();
  await seed(central);
  const { read, order } = await clientOf(central, "driver-alice");
  expect(await read(addressOf("/cp/:cp_id", { param: { cp_id: "CP-999" } }))).toEqual({
    is: "refused",
    status: 404,
    detail: "no charge point CP-999",
    retryAfterMs: undefined,
  });
  const wish = orderOf("POST", "/drivers/:driver_id/requests", {
    param: { driver_id: "driver-alice" },
    json: { cp_id: "CP-002", vehicle_id: "VEH-001" },
  });
  const answers = await Promise.all(Array.from({ length: 11 }, () => order(wish)));
  expect(answers.find(({ is }) => is === "refused")).toMatchObject({ status: 429, retryAfterMs: 1_000 });
  await central.close();
});

it("takes a line that breaks and an answer that is none for a server that is not there", async () => {
  const broken = openClient(() => Promise.reject(new Error("ECONNREFUSED")));
  expect(await broken.read(addressOf("/cp"))).toEqual({ is: "unreachable", detail: "ECONNREFUSED" });
  const reply = (status: number, headers: Record<string, string>, text: string) =>
    openClient(async () => ({ status, header: (name) => headers[name], json: async () => JSON.parse(text) }));
  expect(await reply(200, {}, "<html>").read(addressOf("/cp"))).toMatchObject({ is: "unreachable" });
  expect(await reply(502, { "retry-after": "7" }, "").read(addressOf("/cp"))).toEqual({
    is: "unreachable",
    detail: "the server answers 502",
    retryAfterMs: 7_000,
  });
});

it("writes names into their place, whatever stands in them", () => {
  const address = addressOf("/cp/:cp_id/faults", { param: { cp_id: "a/b?c" }, query: { limit: 5 } });
  expect(address).toBe("/cp/a%2Fb%3Fc/faults?limit=5");
  expect(addressOf("/sessions", { query: { cp: "CP 1" } })).toBe("/sessions?cp=CP+1");
});

it("is had by the package's name", async () => {
  const name = "ev-charging-network/client";
  expect(Object.keys((await import(name)) as object)).toEqual(
    expect.arrayContaining(["openClient", "addressOf", "orderOf"]),
  );
});

it("knows no path, name, field or method that the server does not", () => {
  const param = { driver_id: "driver-alice" };
  const wrong = () => [
    // @ts-expect-error: no such path
    addressOf("/charge-points"),
    // @ts-expect-error: it is not read
    addressOf("/cp/stop"),
    // @ts-expect-error: a name in the path is missing
    addressOf("/cp/:cp_id/faults"),
    // @ts-expect-error: no such query
    addressOf("/cp/:cp_id/faults", { param: { cp_id: "CP-001" }, query: { limits: 5 } }),
    // @ts-expect-error: a body is missing
    orderOf("POST", "/drivers/:driver_id/requests", { param }),
    // @ts-expect-error: no such field
    orderOf("POST", "/drivers/:driver_id/favorites", { param, json: { cpId: "CP-001" } }),
    orderOf("POST", "/reviews/:review_id", {
      param: { review_id: "S" },
      // @ts-expect-error: that decision does not exist
      json: { decision: "ignore", reason: "r" },
    }),
  ];
  expect(wrong).toBeTypeOf("function");
  expectTypeOf<keyof Fleet>().toEqualTypeOf<"charging_points" | "active_requests" | "feed">();
});
