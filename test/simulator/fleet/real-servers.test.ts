// Which services a fleet on real servers has, and by which variables everybody else learns of them: those that lead to
// servers elsewhere, and no others.
import { expect, test } from "vitest";
import { readArguments } from "../../../simulator/cli/arguments.ts";
import type { Servers } from "../../../simulator/fleet/addresses.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import { mqttClientIdsOf, withCertificate } from "../../../simulator/fleet/certificates.ts";
import { lineOf, type Upstream } from "../../../simulator/fleet/links.rules.ts";
import { placesOf } from "../../../simulator/fleet/places.ts";
import { servicesOf } from "../../../simulator/fleet/services.ts";

const places = placesOf("/srv/ev");
const specsOf = (servers: Servers) => servicesOf(baseFleet(), { places, portOffset: 100, servers, only: [] });
const envOf = (name: string, servers: Servers) => specsOf(servers).find((spec) => spec.name === name)?.env;

test("Kafka, MQTT and the table are real programs; nothing else changes but what names them", () => {
  const real = specsOf({ real: true });
  const standIns = specsOf({});
  expect(real.filter(({ entry }) => entry.startsWith("simulator/servers/")).map(({ name }) => name)).toEqual([
    "ev-kafka",
    "ev-mqtt",
    "ev-table",
  ]);
  const changed = new Set<string>();
  for (const spec of real) {
    const before = standIns.find(({ name }) => name === spec.name);
    if (!before || before.entry !== spec.entry) continue;
    for (const name of new Set([...Object.keys(spec.env), ...Object.keys(before.env)]))
      if (spec.env[name] !== before.env[name]) changed.add(name);
  }
  expect([...changed].sort()).toEqual([
    "MQTT_CA_PATH",
    "MQTT_CERT_PATH",
    "MQTT_KEY_PATH",
    // Who proves itself with a certificate has no password.
    "MQTT_PASSWORD_PATH",
    "MQTT_URL",
    "TABLE_URL",
  ]);
});

test("a server that has an address elsewhere is not started, the others are", () => {
  const names = (servers: Servers) => specsOf({ real: true, ...servers }).map(({ name }) => name);
  expect(names({ kafkaBootstrap: "k:9092" })).not.toContain("ev-kafka");
  expect(names({ mqttUrl: "mqtts://m" })).not.toContain("ev-mqtt");
  expect(names({ tableUrl: "dynamodb:ev" })).not.toContain("ev-table");
  expect(names({ centralUrl: "http://c" })).not.toContain("ev-table");
  expect(names({ tableUrl: "dynamodb:ev" })).toContain("ev-kafka");
  expect(envOf("ev-cp-e-1", { real: true, mqttUrl: "mqtts://m" })?.MQTT_CA_PATH).toBeUndefined();
});

test("Central in functions: two of events and API each, one sweeper, and a gateway by Central's name", () => {
  const central = specsOf({ real: true, functions: true }).filter(({ name }) =>
    name.startsWith("ev-central"),
  );
  expect(central.map(({ name, port }) => [name, port])).toEqual([
    ["ev-central", 8100],
    ["ev-central-api-1", 8111],
    ["ev-central-api-2", 8112],
    ["ev-central-events-1", null],
    ["ev-central-events-2", null],
    ["ev-central-sweep", null],
  ]);
  expect(envOf("ev-central", { functions: true })?.API_PORTS).toBe("8111,8112");
  expect(envOf("ev-central-events-2", { functions: true })).toMatchObject({
    TABLE_URL: "sqlite:/srv/ev/data/central.db",
    INSTANCE: "ev-central-events-2",
  });
});

test("a worker of many charge points finds the certificates of all its clients in one folder", () => {
  const worker = { role: "cps", subject: null, env: { FIRST: "4", LAST: "6", EXCEPT: "5" } } as const;
  expect(mqttClientIdsOf(worker)).toEqual([
    "CP-004-engine",
    "CP-004-monitor",
    "CP-006-engine",
    "CP-006-monitor",
  ]);
  const material = { ca: "/m/ca.crt", certDir: "/m/clients" };
  expect(withCertificate({ ...worker, env: { ...worker.env } }, material).env).toMatchObject({
    MQTT_CA_PATH: "/m/ca.crt",
    MQTT_CERT_DIR: "/m/clients",
  });
});

test("words that choose neither are refused by name", () => {
  expect(readArguments(["up", "--servers", "real"], {}).servers.real).toBe(true);
  expect(readArguments(["up"], { EV_SERVERS: "real", EV_CENTRAL: "functions" }).servers).toMatchObject({
    real: true,
    functions: true,
  });
  expect(readArguments(["up"], {}).servers).toMatchObject({ real: false, functions: false });
  expect(() => readArguments(["up", "--servers", "reel"], {})).toThrow(
    /--servers=reel: `real` or `stand-ins`/,
  );
  expect(() => readArguments(["up"], { EV_CENTRAL: "two" })).toThrow(/`functions` or `one`/);
});

const upstream = (variable: Upstream["variable"]): Upstream => ({ to: "ev-x", variable });
const through = (variable: Upstream["variable"], address: string) => {
  const line = lineOf(upstream(variable), address, false);
  return line.is === "open"
    ? { ...line.through("127.0.0.1:4000"), at: `${line.host}:${line.port}` }
    : line.is;
};

test("a line over TLS to this machine keeps its name; one to the table is part of the table's address", () => {
  expect(through("MQTT_URL", "mqtts://localhost:8883")).toEqual({
    MQTT_URL: "mqtts://localhost:4000",
    at: "localhost:8883",
  });
  expect(through("MQTT_URL", "mqtts://broker.example:8883")).toBe("none");
  expect(through("TABLE_URL", "dynamodb:ev?endpoint=http://127.0.0.1:8001&region=local")).toEqual({
    TABLE_URL: "dynamodb:ev?endpoint=http://127.0.0.1:4000&region=local",
    at: "127.0.0.1:8001",
  });
  expect(through("TABLE_URL", "dynamodb:ev?region=eu-west-1")).toBe("none");
  expect(through("TABLE_URL", "sqlite:/srv/ev/central.db")).toBe("local");
  expect(through("KAFKA_BOOTSTRAP", "")).toBe("local");
});
