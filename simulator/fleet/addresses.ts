// Where the servers of a fleet are, whether its own or elsewhere, and what their clients prove themselves with. Pure.
import { join } from "node:path";
import type { SystemFile } from "./fleet-schemas.ts";
import type { Places } from "./places.ts";
import { type MqttMaterial, realMqttMaterial, realTableUrl } from "./real-servers.ts";
import type { Group } from "./service-spec.ts";

export interface Servers {
  kafkaBootstrap?: string | undefined;
  mqttUrl?: string | undefined;
  /** Folder of the certificates by client id, absolute. */
  mqttCertDir?: string | undefined;
  /** The MQTT broker elsewhere asks nobody who he is. */
  mqttAnonymous?: boolean | undefined;
  /** Those that have no address here are Apache Kafka, Mosquitto and DynamoDB Local, not the stand-ins. */
  real?: boolean | undefined;
  /** Central in several processes, as the cloud's functions. */
  functions?: boolean | undefined;
  tableUrl?: string | undefined;
  centralUrl?: string | undefined;
}

export interface ServiceOptions {
  places: Places;
  portOffset: number;
  /** Servers that run elsewhere. */
  servers: Servers;
  /** Empty: everything. */
  only: readonly Group[];
  /** Of the charge points this one alone, of the drivers that one; ids. */
  onlyCp?: string | undefined;
  onlyDriver?: string | undefined;
  /** Where other hosts reach the servers; Kafka tells its clients so. */
  listen?: string | undefined;
}

export const loopback = "127.0.0.1";

function ownMqttUrl(
  system: SystemFile,
  { portOffset, servers }: Pick<ServiceOptions, "portOffset" | "servers">,
) {
  const port = system.mqtt_port + portOffset;
  return servers.real ? `mqtts://localhost:${port}` : `mqtt://${loopback}:${port}`;
}

/** What the clients of the MQTT broker prove themselves with: nothing, where no folder of certificates is named. */
export function mqttMaterialOf({
  places,
  servers,
}: Pick<ServiceOptions, "places" | "servers">): MqttMaterial | undefined {
  if (servers.real && !servers.mqttUrl) return realMqttMaterial(places);
  return servers.mqttCertDir === undefined ? undefined : { certDir: servers.mqttCertDir };
}

/** Whether the MQTT broker knows its clients by passwords of ours: no certificates, no user in its URL. */
export function mqttTakesPasswords(options: Pick<ServiceOptions, "places" | "servers">): boolean {
  const { mqttUrl, mqttAnonymous } = options.servers;
  if (mqttMaterialOf(options) !== undefined) return false;
  return mqttUrl === undefined || !(mqttAnonymous || new URL(mqttUrl).username !== "");
}

/** The addresses that this fleet's services use, whether local or elsewhere. */
export function addressesOf(system: SystemFile, options: Pick<ServiceOptions, "portOffset" | "servers">) {
  const at = (port: number) => `${loopback}:${port + options.portOffset}`;
  return {
    kafkaBootstrap: options.servers.kafkaBootstrap ?? at(system.kafka_port),
    mqttUrl: options.servers.mqttUrl ?? ownMqttUrl(system, options),
    centralUrl: options.servers.centralUrl ?? `http://${at(system.central_port)}`,
  };
}

/** TABLE_URL of Central. */
export function tableUrlOf(system: SystemFile, { places, portOffset, servers }: ServiceOptions): string {
  if (servers.tableUrl) return servers.tableUrl;
  return servers.real ? realTableUrl(system, portOffset) : `sqlite:${join(places.data, "central.db")}`;
}
