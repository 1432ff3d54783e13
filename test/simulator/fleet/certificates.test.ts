// Which certificate each service of a fleet is given, and what happens when it is not there.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readArguments } from "../../../simulator/cli/arguments.ts";
import { baseFleet } from "../../../simulator/fleet/base-fleet.ts";
import { checkCertificates } from "../../../simulator/fleet/certificates.ts";
import { placesOf } from "../../../simulator/fleet/places.ts";
import { servicesOf } from "../../../simulator/fleet/services.ts";
import { admitClients } from "../../../simulator/servers/mosquitto-clients.ts";

const folder = mkdtempSync(join(tmpdir(), "ev-fleet-certificates-"));
afterAll(() => rmSync(folder, { recursive: true }));
const clients = join(folder, "clients");
const servers = { mqttUrl: "mqtts://localhost:8883", mqttCertDir: clients };
const specs = servicesOf(baseFleet(), { places: placesOf("/srv/ev"), portOffset: 0, servers, only: [] });
const envOf = (name: string) => specs.find((spec) => spec.name === name)?.env;

test("engine, monitor and bridge have a certificate each, by client id; nobody else has one", () => {
  expect(envOf("ev-cp-e-3")).toMatchObject({
    MQTT_CERT_PATH: join(clients, "CP-003-engine.crt"),
    MQTT_KEY_PATH: join(clients, "CP-003-engine.key"),
  });
  expect(envOf("ev-cp-m-3")?.MQTT_CERT_PATH).toBe(join(clients, "CP-003-monitor.crt"));
  expect(envOf("ev-bridge")?.MQTT_CERT_PATH).toBe(join(clients, "bridge-bridge-all.crt"));
  expect(specs.filter(({ env }) => env.MQTT_CERT_PATH !== undefined)).toHaveLength(21);
});

test("a missing certificate is a complaint that names it, unless the broker there was started here", () => {
  const few = specs.filter(({ subject }) => subject === "CP-003" || subject === null);
  expect(() => checkCertificates(few, clients)).toThrow(/no bridge-bridge-all\.crt \(nor 2 others\)/);
  admitClients(folder, []);
  checkCertificates(few, clients);
  expect(existsSync(join(clients, "CP-003-engine.key"))).toBe(true);
  const acl = readFileSync(join(folder, "acl"), "utf8");
  expect(acl.match(/^user .*/gm)).toEqual([
    "user CP-003-engine",
    "user CP-003-monitor",
    "user bridge-bridge-all",
  ]);
});

test("certificates without a broker elsewhere are a complaint, not a fleet that cannot connect", () => {
  const read = (env: Record<string, string>) => readArguments(["up"], env).servers;
  expect(read({ MQTT_URL: "mqtts://m", MQTT_CERT_DIR: "/c" })).toMatchObject({ mqttCertDir: "/c" });
  expect(() => read({ MQTT_CERT_DIR: "/c" })).toThrow(/MQTT_CERT_DIR is set, but MQTT_URL is not/);
  expect(() => read({ KAFKA_TLS: "1" })).toThrow(/KAFKA_TLS is set, but KAFKA_BOOTSTRAP is not/);
});
