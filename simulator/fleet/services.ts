// Which services a fleet consists of: pure, from its files and the options to the list of what to run.
//
// A server named by URL is elsewhere and not started. Every port moves by the offset, so that two fleets fit on
// one machine. State lies in one directory per charge point, driver and server.
import { join } from "node:path";
import { staleFeedMs } from "../../central-fn/rules/status.ts";
import type { Registration } from "../../wire/messages/index.ts";
import { workerSpecs } from "../workers/worker-specs.ts";
import {
  addressesOf,
  loopback,
  mqttMaterialOf,
  mqttTakesPasswords,
  type ServiceOptions,
  tableUrlOf,
} from "./addresses.ts";
import { centralFunctions } from "./central-functions.ts";
import { withCertificate } from "./certificates.ts";
import type { CpFile, DriverFile, Fleet, SystemFile } from "./fleet-schemas.ts";
import { withPassword } from "./mqtt-passwords.ts";
import { serviceNames } from "./names.ts";
import type { Places } from "./places.ts";
import { realKafka, realMqtt, realTable } from "./real-servers.ts";
import { groupOf, type ServiceSpec } from "./service-spec.ts";
import { wiringFor } from "./wiring.ts";

/** Every service of the fleet, in the order in which a list of them reads well. */
export function servicesOf(fleet: Fleet, options: ServiceOptions): ServiceSpec[] {
  const { servers, only } = options;
  const all = [
    ...(servers.kafkaBootstrap ? [] : [(servers.real ? realKafka : kafka)(fleet.system, options)]),
    ...(servers.mqttUrl ? [] : [(servers.real ? realMqtt : mqtt)(fleet.system, options)]),
    ...(servers.real && !servers.tableUrl && !servers.centralUrl ? [realTable(fleet.system, options)] : []),
    bridge(fleet.system, options),
    ...(servers.centralUrl ? [] : centralOf(fleet.system, options)),
    ...fleet.cps.flatMap((cp) => [
      charger(cp, options),
      engine(cp, fleet.system, options),
      monitor(cp, fleet.system, options),
    ]),
    ...fleet.drivers.map((driver) => driverPhone(driver, fleet.system, options)),
    ...workerSpecs(fleet, options.places, addressesOf(fleet.system, options)),
  ]
    .map((spec) =>
      spec.size === "large" && fleet.system.simulated.cps > 0 ? { ...spec, size: "busy" as const } : spec,
    )
    .map((spec) => withCertificate(spec, mqttMaterialOf(options)))
    .map((spec) => (mqttTakesPasswords(options) ? withPassword(spec, options.places) : spec))
    .map((spec) => ({ ...spec, env: { ...spec.env, ...fleet.system.env[spec.name] } }));
  const chosen = { cps: options.onlyCp, drivers: options.onlyDriver } as const;
  return all.filter(({ role, subject }) => {
    const group = groupOf(role);
    const one = group === "cps" || group === "drivers" ? chosen[group] : undefined;
    return (only.length === 0 || only.includes(group)) && (one === undefined || one === subject);
  });
}

/** Where a driver's bearer token lies; written by the supervisor before the phone starts. */
export function driverTokenPath(places: Places, driver: string): string {
  return join(places.run, `${driver}.token`);
}

function spec(
  part: Pick<ServiceSpec, "name" | "role" | "entry" | "env"> & Partial<ServiceSpec>,
): ServiceSpec {
  return { subject: null, dependsOn: [], port: null, size: "small", files: [], ...part };
}

function kafka(system: SystemFile, { places, portOffset, listen }: ServiceOptions): ServiceSpec {
  const port = system.kafka_port + portOffset;
  return spec({
    name: serviceNames.kafka,
    role: "kafka",
    entry: "simulator/brokers/kafka/kafka-main.ts",
    env: {
      KAFKA_HOST: loopback,
      KAFKA_PORT: String(port),
      KAFKA_DATA: join(places.data, "kafka"),
      ...(listen === undefined ? {} : { KAFKA_ADVERTISED: `${listen}:${port}` }),
    },
    port,
    size: "large",
  });
}

function mqtt(system: SystemFile, { portOffset }: ServiceOptions): ServiceSpec {
  const port = system.mqtt_port + portOffset;
  return spec({
    name: serviceNames.mqtt,
    role: "mqtt",
    entry: "simulator/brokers/mqtt/mqtt-main.ts",
    env: { MQTT_HOST: loopback, MQTT_PORT: String(port) },
    port,
    size: "large",
  });
}

function bridge(system: SystemFile, options: ServiceOptions): ServiceSpec {
  const { kafkaBootstrap, mqttUrl } = addressesOf(system, options);
  return spec({
    name: serviceNames.bridge,
    role: "bridge",
    entry: "bridge/bridge-main.ts",
    env: {
      MQTT_URL: mqttUrl,
      KAFKA_BOOTSTRAP: kafkaBootstrap,
      PARTITIONS: String(system.partitions),
      CANARY_INTERVAL_MS: String(system.canary_interval_ms),
    },
    dependsOn: [serviceNames.kafka, serviceNames.mqtt],
    size: "large",
  });
}

function centralOf(system: SystemFile, options: ServiceOptions): ServiceSpec[] {
  if (!options.servers.functions) return [central(system, options)];
  return centralFunctions({
    system,
    portOffset: options.portOffset,
    kafkaBootstrap: addressesOf(system, options).kafkaBootstrap,
    tableUrl: tableUrlOf(system, options),
    tokenKeyPath: options.places.tokenKey,
    staleFeedMs,
  });
}

function central(system: SystemFile, options: ServiceOptions): ServiceSpec {
  const { places, portOffset } = options;
  const port = system.central_port + portOffset;
  return spec({
    name: serviceNames.central,
    role: "central",
    entry: "central-fn/local-main.ts",
    env: {
      KAFKA_BOOTSTRAP: addressesOf(system, options).kafkaBootstrap,
      TABLE_URL: tableUrlOf(system, options),
      HTTP_HOST: loopback,
      HTTP_PORT: String(port),
      PARTITIONS: String(system.partitions),
      TOKEN_KEY_PATH: places.tokenKey,
      SWEEP_INTERVAL_MS: String(system.sweep_interval_ms),
    },
    dependsOn: [serviceNames.kafka, serviceNames.table],
    port,
    size: "large",
  });
}

function terminalOf(cp: CpFile, places: Places): string {
  return join(places.run, `${cp.cp_id}.tty`);
}

function wiringOf(cp: CpFile): { MAX_AMPS: string; CT_RATIO: string } {
  const wiring = wiringFor(cp.power_kw * 1000);
  return { MAX_AMPS: String(cp.amps ?? wiring.amps), CT_RATIO: String(cp.ct_ratio ?? wiring.ctRatio) };
}

function charger(cp: CpFile, { places }: ServiceOptions): ServiceSpec {
  return spec({
    name: serviceNames.charger(cp.cp_id),
    role: "charger",
    subject: cp.cp_id,
    entry: "simulator/charger/charger-main.ts",
    env: {
      CP_ID: cp.cp_id,
      TTY_LINK: terminalOf(cp, places),
      CONTROL_SOCKET: join(places.sockets, `${cp.cp_id}.box.sock`),
      FIRMWARE: cp.firmware,
      ...wiringOf(cp),
      STATE_PATH: join(places.data, cp.cp_id, "charger.json"),
      CARS: cp.cars,
    },
  });
}

function engine(cp: CpFile, system: SystemFile, options: ServiceOptions): ServiceSpec {
  const { places } = options;
  return spec({
    name: serviceNames.engine(cp.cp_id),
    role: "engine",
    subject: cp.cp_id,
    entry: "device-agent/engine-main.ts",
    env: {
      CP_ID: cp.cp_id,
      SERIAL_PATH: terminalOf(cp, places),
      JOURNAL_PATH: join(places.data, cp.cp_id, "journal.db"),
      HEALTH_SOCKET: join(places.sockets, `${cp.cp_id}.health.sock`),
      MQTT_URL: addressesOf(system, options).mqttUrl,
      ...wiringOf(cp),
      REBOOT_POLICY: cp.reboot_policy,
      IDLE_LIMIT_S: String(cp.idle_limit_s),
      SAMPLE_FLUSH_S: String(system.sample_flush_s),
    },
    dependsOn: [serviceNames.charger(cp.cp_id), serviceNames.mqtt, serviceNames.bridge],
  });
}

function monitor(cp: CpFile, system: SystemFile, options: ServiceOptions): ServiceSpec {
  const { places } = options;
  const registrationPath = join(places.run, `${cp.cp_id}.registration.json`);
  return spec({
    name: serviceNames.monitor(cp.cp_id),
    role: "monitor",
    subject: cp.cp_id,
    entry: "device-agent/monitor-main.ts",
    env: {
      CP_ID: cp.cp_id,
      HEALTH_SOCKET: join(places.sockets, `${cp.cp_id}.health.sock`),
      MQTT_URL: addressesOf(system, options).mqttUrl,
      STATE_PATH: join(places.data, cp.cp_id, "monitor.json"),
      REGISTRATION_PATH: registrationPath,
      PROBE_INTERVAL_MS: String(cp.probe_interval_ms),
      PROBE_TIMEOUT_MS: String(cp.probe_timeout_ms),
      STATUS_INTERVAL_MS: String(cp.status_interval_ms),
      STATUS_TTL_MS: String(cp.status_ttl_ms),
    },
    dependsOn: [serviceNames.mqtt, serviceNames.bridge],
    files: [{ path: registrationPath, content: jsonText(registrationOf(cp)), watched: true }],
  });
}

/** What the monitor registers; prices become 10⁻⁵ € per kWh, power whole watts. */
export function registrationOf(cp: CpFile): Registration {
  return {
    name: cp.name,
    address: cp.address,
    city: cp.city,
    latitude: cp.latitude,
    longitude: cp.longitude,
    connectorType: cp.connector_type,
    amenities: cp.amenities,
    powerW: Math.round(cp.power_kw * 1000),
    priceE5PerKwh: Math.round(cp.price_eur_per_kwh * 1e5),
    currency: "EUR",
  };
}

function driverPhone(driver: DriverFile, system: SystemFile, options: ServiceOptions): ServiceSpec {
  const { places, portOffset } = options;
  const port = driver.port + portOffset;
  const requestsPath = join(places.run, `${driver.driver_id}.requests.json`);
  return spec({
    name: serviceNames.driver(driver.driver_id),
    role: "driver",
    subject: driver.driver_id,
    entry: "simulator/driver/driver-main.ts",
    env: {
      DRIVER_ID: driver.driver_id,
      HTTP_HOST: loopback,
      HTTP_PORT: String(port),
      CENTRAL_URL: addressesOf(system, options).centralUrl,
      TOKEN_PATH: driverTokenPath(places, driver.driver_id),
      REQUESTS_PATH: requestsPath,
      STATE_PATH: join(places.data, driver.driver_id, "phone.json"),
    },
    dependsOn: [serviceNames.central],
    port,
    // A copy of what the phone reads at its start: an edited list of requests is a change that restarts it.
    files: [{ path: requestsPath, content: jsonText({ loop: driver.loop, requests: driver.requests }) }],
  });
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
