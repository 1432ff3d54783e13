// The application's type gives a client whose calls and answers are checked when it is written.
import { hc } from "hono/client";
import { expect, expectTypeOf, it } from "vitest";
import type { App } from "../../../central-fn/api/app.ts";
import { openCentral, seed } from "./central.ts";

it("a typed client reads the fleet and asks for a charge", async () => {
  const central = openCentral();
  await seed(central);
  const token = await central.tokens.sign({ sub: "driver-alice", role: "driver", expiresInS: 60 });
  const client = hc<App>("http://central", {
    headers: { authorization: `Bearer ${token}` },
    fetch: (input: string | URL | Request, init?: RequestInit) => central.app.request(input, init),
  });
  const fleet = await (await client.cp.$get()).json();
  expectTypeOf(fleet.active_requests).toEqualTypeOf<number>();
  expect(fleet.charging_points.map(({ state }) => state)).toEqual(["ON", "ON", "ON", "ON"]);
  const asked = await client.drivers[":driver_id"].requests.$post({
    param: { driver_id: "driver-alice" },
    json: { cp_id: "CP-002", vehicle_id: "VEH-001" },
  });
  const session = await asked.json();
  expectTypeOf(session.session_id).toEqualTypeOf<string>();
  expect(session.status).toBe("PENDING");
  const faults = client.cp[":cp_id"].faults;
  expectTypeOf(faults.$get).toBeCallableWith({ param: { cp_id: "CP-001" } });
  expectTypeOf(faults.$get).toBeCallableWith({ param: { cp_id: "CP-001" }, query: { limit: "1" } });
  await central.close();
});
