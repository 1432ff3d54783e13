// The real servers as services of the fleet (`--servers real`): Apache Kafka, Mosquitto with TLS and client
// certificates, and DynamoDB Local, in the places of the stand-ins. Pure. Everybody else is told of them by the
// variables that lead to servers elsewhere, and by nothing else.
import { join } from "node:path";
import type { SystemFile } from "./fleet-schemas.ts";
import { serviceNames } from "./names.ts";
import type { Places } from "./places.ts";
import type { ServiceSpec } from "./service-spec.ts";

/** Java takes its time on a busy machine. */
const readyWithinMs = 120_000;
export const realTableName = "ev-core";

export interface MqttMaterial {
  /** Who signed the broker's certificate; absent: MQTT_CA_PATH says so to every program. */
  ca?: string;
  /** Folder of the clients' certificates, by client id. */
  certDir: string;
}

/** Where the fleet's own Mosquitto keeps everything, its clients' certificates included. */
export function mosquittoFolder(places: Places): string {
  return join(places.data, "mosquitto");
}

export function realMqttMaterial(places: Places): MqttMaterial {
  const folder = mosquittoFolder(places);
  return { ca: join(folder, "ca.crt"), certDir: join(folder, "clients") };
}

/** TABLE_URL of the fleet's own DynamoDB Local. */
export function realTableUrl(system: SystemFile, portOffset: number): string {
  return `dynamodb:${realTableName}?endpoint=http://127.0.0.1:${system.table_port + portOffset}`;
}

interface Options {
  places: Places;
  portOffset: number;
}

export function realKafka(system: SystemFile, { places, portOffset }: Options): ServiceSpec {
  const port = system.kafka_port + portOffset;
  return {
    ...common,
    name: serviceNames.kafka,
    role: "kafka",
    entry: "simulator/servers/apache-kafka-main.ts",
    env: { KAFKA_PORT: String(port), KAFKA_DATA: join(places.data, "apache-kafka") },
    port,
  };
}

export function realMqtt(system: SystemFile, { places, portOffset }: Options): ServiceSpec {
  const port = system.mqtt_port + portOffset;
  return {
    ...common,
    name: serviceNames.mqtt,
    role: "mqtt",
    entry: "simulator/servers/mosquitto-main.ts",
    env: { MQTT_PORT: String(port), MQTT_DATA: mosquittoFolder(places) },
    port,
  };
}

export function realTable(system: SystemFile, { places, portOffset }: Options): ServiceSpec {
  const port = system.table_port + portOffset;
  return {
    ...common,
    name: serviceNames.table,
    role: "table",
    entry: "simulator/servers/dynamodb-local-main.ts",
    env: {
      TABLE_PORT: String(port),
      TABLE_NAME: realTableName,
      TABLE_DATA: join(places.data, "dynamodb"),
    },
    port,
  };
}

const common = {
  subject: null,
  dependsOn: [],
  readyWithinMs,
  size: "large",
  files: [],
} satisfies Partial<ServiceSpec>;
