// From fleet files and options to the list of services: names, ports, wiring, servers elsewhere, groups.
import { describe, expect, test } from "vitest";
import type { ServiceOptions } from "../../../simulator/fleet/addresses.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import { nearNames, numberOf, resolveName, serviceNames } from "../../../simulator/fleet/names.ts";
import { placesOf } from "../../../simulator/fleet/places.ts";
import { registrationOf, servicesOf } from "../../../simulator/fleet/services.ts";
import { wiringFor } from "../../../simulator/fleet/wiring.ts";
import { Registration } from "../../../wire/messages/index.ts";

const options: ServiceOptions = { places: placesOf("/srv/ev"), portOffset: 0, servers: {}, only: [] };
const names = (more: Partial<ServiceOptions>) =>
  servicesOf(baseFleet(), { ...options, ...more }).map(({ name }) => name);
const service = (name: string, more: Partial<ServiceOptions> = {}) =>
  servicesOf(baseFleet(), { ...options, ...more }).find((spec) => spec.name === name);

test("the base fleet is 39 services of different names, files and ports", () => {
  const specs = servicesOf(baseFleet(), options);
  expect(specs).toHaveLength(4 + 10 * 3 + 5);
  expect(new Set(specs.map(({ name }) => name)).size).toBe(39);
  const ports = specs.flatMap(({ port }) => port ?? []);
  expect(ports.sort((a, b) => a - b)).toEqual([1883, 8000, 8100, 8101, 8102, 8103, 8104, 9092]);
  const paths = specs.flatMap(({ env }) => env.STATE_PATH ?? env.JOURNAL_PATH ?? []);
  expect(new Set(paths).size).toBe(paths.length);
});

test("every charge point's engine, monitor and charger agree on id, socket, terminal and wiring", () => {
  const [engine, monitor, charger] = ["ev-cp-e-10", "ev-cp-m-10", "ev-charger-10"].map(
    (name) => service(name)?.env,
  );
  expect(engine).toMatchObject({
    CP_ID: "CP-010",
    MAX_AMPS: "73",
    CT_RATIO: "20",
    MQTT_URL: "mqtt://127.0.0.1:1883",
  });
  expect(engine?.HEALTH_SOCKET).toBe(monitor?.HEALTH_SOCKET);
  expect(engine?.SERIAL_PATH).toBe(charger?.TTY_LINK);
  expect(charger).toMatchObject({
    CP_ID: "CP-010",
    MAX_AMPS: "73",
    CT_RATIO: "20",
    FIRMWARE: "8.2.3",
    CARS: "auto",
  });
});

describe("base fleet", () => {
  test("has ten points from 7.2 to 350 kW at € 0.28 to 0.45, whose registrations are valid", () => {
    const { cps } = baseFleet();
    expect(cps.map((cp) => cp.cp_id)).toEqual(
      Array.from({ length: 10 }, (_, i) => `CP-${String(i + 1).padStart(3, "0")}`),
    );
    expect([cps[0]?.power_kw, cps.at(-1)?.power_kw]).toEqual([7.2, 350]);
    expect([cps[0]?.price_eur_per_kwh, cps.at(-1)?.price_eur_per_kwh]).toEqual([0.28, 0.45]);
    for (const cp of cps) Registration.parse(registrationOf(cp));
    expect(new Set(cps.map((cp) => cp.firmware)).size).toBe(4);
  });
  test("gives each driver known points, most of them to one driver alone", () => {
    const { cps, drivers } = baseFleet();
    const wished = drivers.flatMap(({ requests }) => requests.map(({ cp_id }) => cp_id));
    expect(wished.every((id) => cps.some(({ cp_id }) => cp_id === id))).toBe(true);
    expect(new Set(wished).size).toBe(10);
    expect(wished.length).toBeLessThanOrEqual(13);
  });
});

test.each([
  [7_200, 30, 1],
  [11_000, 46, 1],
  [22_000, 46, 2],
  [50_000, 52, 4],
  [150_000, 78, 8],
  [350_000, 73, 20],
])("%i W is wired as %i A with a transformer of %i", (powerW, amps, ctRatio) => {
  expect(wiringFor(powerW)).toEqual({ amps, ctRatio });
});

test("any power of the field is wired within 80 A and 2 % of it", () => {
  for (let powerW = 7_000; powerW <= 1_000_000; powerW += 500) {
    const { amps, ctRatio } = wiringFor(powerW);
    expect(amps).toBeLessThanOrEqual(80);
    expect(Math.abs(amps * 240 * ctRatio - powerW) / powerW).toBeLessThan(0.02);
  }
});

test("the port offset moves every port, in every address", () => {
  const specs = servicesOf(baseFleet(), { ...options, portOffset: 1000 });
  expect(specs.flatMap(({ port }) => port ?? []).every((port) => port >= 2883)).toBe(true);
  const addresses = specs.flatMap(({ env }) => [env.MQTT_URL, env.KAFKA_BOOTSTRAP, env.CENTRAL_URL]);
  expect(new Set(addresses.filter((address) => address !== undefined))).toEqual(
    new Set(["mqtt://127.0.0.1:2883", "127.0.0.1:10092", "http://127.0.0.1:9000"]),
  );
});

test.each([
  [{ kafkaBootstrap: "k:9092" }, "ev-kafka", "ev-central", "KAFKA_BOOTSTRAP", "k:9092"],
  [{ mqttUrl: "mqtt://m" }, "ev-mqtt", "ev-cp-e-1", "MQTT_URL", "mqtt://m"],
  [{ centralUrl: "https://c" }, "ev-central", "ev-driver-alice", "CENTRAL_URL", "https://c"],
])(
  "a server elsewhere (%o) is not started: no %s, and %s is told its address",
  (servers, absent, user, name, url) => {
    expect(names({ servers })).not.toContain(absent);
    expect(service(user, { servers })?.env[name]).toBe(url);
  },
);

test("a single service can be given other environment than its kind", () => {
  const fleet = baseFleet();
  fleet.system.env = { "ev-cp-m-3": { MQTT_URL: "mqtt://127.0.0.1:9" } };
  const specs = servicesOf(fleet, options);
  const urlOf = (name: string) => specs.find((spec) => spec.name === name)?.env.MQTT_URL;
  expect([urlOf("ev-cp-m-3"), urlOf("ev-cp-e-3")]).toEqual(["mqtt://127.0.0.1:9", "mqtt://127.0.0.1:1883"]);
});

test("Central's table may be elsewhere while Central is here", () => {
  const tableUrl = "dynamodb:ev?region=eu-west-1";
  expect(service("ev-central", { servers: { tableUrl } })?.env.TABLE_URL).toBe(tableUrl);
});

test("--only chooses groups", () => {
  expect(names({ only: ["kafka", "central"] })).toEqual(["ev-kafka", "ev-central"]);
  expect(names({ only: ["cps"] })).toHaveLength(30);
  expect(names({ only: ["drivers"] })).toHaveLength(5);
});

test("names: CP-011 makes ev-cp-e-11, driver-alice makes ev-driver-alice", () => {
  expect([numberOf("CP-011"), numberOf("CP-1000"), numberOf("MALL-7")]).toEqual(["11", "1000", "MALL-7"]);
  expect(serviceNames.engine("CP-011")).toBe("ev-cp-e-11");
  expect(serviceNames.driver("driver-alice")).toBe("ev-driver-alice");
});

test("a name is found with or without its ev-, and a wrong one has near ones", () => {
  const known = names({});
  expect(resolveName("cp-e-5", known)).toBe("ev-cp-e-5");
  expect(resolveName("ev-driver-alise", known)).toBeUndefined();
  expect(nearNames("ev-driver-alise", known)[0]).toBe("ev-driver-alice");
  expect(nearNames("centrl", known)[0]).toBe("ev-central");
  expect(nearNames("xyzzy-and-more", known)).toEqual([]);
});

test("sockets lie in the state directory, or under a short path when theirs would be too long", () => {
  const near = placesOf("/srv/ev");
  expect(near.controlSocket).toBe("/srv/ev/run/supervisor.sock");
  const far = placesOf(`/srv/${"long/".repeat(30)}ev`, "/tmp");
  for (const places of [near, far])
    expect(`${places.sockets}/${"C".repeat(32)}.health.sock`.length).toBeLessThanOrEqual(107);
  expect(placesOf(`/srv/${"long/".repeat(30)}ev`, "/tmp")).toEqual(far);
});
