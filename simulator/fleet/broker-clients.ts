// The file of the clients that this fleet's own MQTT broker lets in, as the commands and the supervisor change it. The
// broker reads it while it runs; passwords are not in it.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  admitted,
  type KnownClient,
  type KnownClients,
  knownClientsText,
  parseKnownClients,
} from "../brokers/mqtt/clients.rules.ts";
import { withLock } from "./edit.ts";
import { writePrivate } from "./fleet-files.ts";
import type { Places } from "./places.ts";

/** Empty when no broker has run with this state. Throws an Error that names a wrong line. */
export function readBrokerClients(places: Places): KnownClients {
  return existsSync(places.mqttClients)
    ? parseKnownClients(readFileSync(places.mqttClients, "utf8"))
    : new Map();
}

/** Changes it as a whole; nobody else does so meanwhile. */
export function changeBrokerClients<T>(
  places: Places,
  change: (clients: Map<string, KnownClient>) => T,
): Promise<T> {
  mkdirSync(dirname(places.mqttClients), { recursive: true, mode: 0o700 });
  return withLock(`${places.mqttClients}.lock`, () => {
    const before = existsSync(places.mqttClients) ? readFileSync(places.mqttClients, "utf8") : "";
    const clients = new Map(parseKnownClients(before));
    const outcome = change(clients);
    const after = knownClientsText(clients);
    if (after !== before) writePrivate(places.mqttClients, after);
    return outcome;
  });
}

/** 256 bits of chance, as text without `:` and spaces. */
export function newPassword(): string {
  return randomBytes(32).toString("base64url");
}

/** How the broker will know whoever has this password. */
export function knownBy(password: string): KnownClient {
  return admitted(password, randomBytes(16).toString("base64url"));
}
