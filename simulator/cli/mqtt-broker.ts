// Which MQTT broker the credential verbs act on, and what the logs tell of its clients afterwards.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runningAddresses } from "../fleet/addresses-file.ts";
import { Complaint } from "../fleet/complaint.ts";
import { type MqttAdmission, passwordAdmission } from "../fleet/mqtt-admission.ts";
import { serviceNames } from "../fleet/names.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import { mosquittoFolder } from "../fleet/real-servers.ts";
import { certificateAdmission } from "../servers/mosquitto-admission.ts";
import { authorityOf } from "../servers/mosquitto-clients.ts";
import type { Arguments } from "./arguments.ts";
import { readLines } from "./log-reader.ts";
import { serviceOfClient } from "./mqtt-clients.rules.ts";

export interface BrokerHere {
  places: Places;
  admission: MqttAdmission;
  /** The fleet whose broker this is runs now. */
  isRunning: boolean;
}

/** The broker of this state, or the one whose certificates MQTT_CERT_DIR names. Throws a Complaint. */
export function brokerHere(args: Arguments): BrokerHere {
  const places = placesOf(args.stateDir);
  const running = runningAddresses(places);
  const isRunning = running !== undefined;
  const url = running?.mqttUrl ?? args.servers.mqttUrl;
  const { mqttCertDir } = args.servers;
  if (mqttCertDir !== undefined) {
    const folder = authorityOf(mqttCertDir);
    if (folder === undefined)
      throw new Complaint(
        `the certificates in MQTT_CERT_DIR=${mqttCertDir} come from an authority elsewhere: revoke and renew them there`,
      );
    return { places, admission: certificateAdmission(folder, url), isRunning };
  }
  if (url !== undefined && !["127.0.0.1", "localhost"].includes(new URL(url).hostname))
    throw new Complaint(`the MQTT broker is ${new URL(url).host}: run this on its host`);
  const own = mosquittoFolder(places);
  const isReal = running?.real ?? args.servers.real;
  if (isReal && existsSync(join(own, "ca.key")))
    return { places, admission: certificateAdmission(own, running?.mqttUrl), isRunning };
  const admission = passwordAdmission(places);
  if (!admission)
    throw new Complaint(
      `no MQTT broker has run with state ${places.state}, so nobody is known here: run this on the broker's host`,
    );
  return { places, admission, isRunning };
}

/** Those of `clients` of whom a line was logged since then, waiting a while for the others. */
export async function loggedOf(
  clients: readonly string[],
  since: string,
  withinMs: number,
  isLogged: (client: string, since: string) => boolean,
): Promise<Set<string>> {
  const until = performance.now() + withinMs;
  const seen = new Set<string>();
  for (;;) {
    for (const client of clients) if (!seen.has(client) && isLogged(client, since)) seen.add(client);
    if (seen.size === clients.length || performance.now() > until) return seen;
    await delay(50);
  }
}

/** Whether the broker's log says that it cut this client. */
export function wasCut(places: Places): (client: string, since: string) => boolean {
  return (client, since) =>
    hasLine(places, serviceNames.mqtt, since, `| ${client}: its password has ended`) ||
    connectionOf(places, client, since, "broke: ");
}

/** Whether the client's own log says that it is connected, again. */
export function isBack(places: Places): (client: string, since: string) => boolean {
  return (client, since) => connectionOf(places, client, since, "connected to ");
}

function connectionOf(places: Places, client: string, since: string, what: string): boolean {
  const own = serviceOfClient(client);
  if (!own) return false;
  const logs = existsSync(join(places.logs, `${own.service}.log`))
    ? [own.service]
    : readdirSync(places.logs).flatMap((file) => /^(ev-cps-\d+)\.log$/.exec(file)?.[1] ?? []);
  return logs.some((name) => hasLine(places, name, since, ` ${own.logName} | `, what));
}

function hasLine(places: Places, service: string, since: string, ...parts: string[]): boolean {
  return readLines(join(places.logs, `${service}.log`), 2_000).some(
    (line) => line.slice(0, since.length) >= since && parts.every((part) => line.includes(part)),
  );
}
