// Who may speak to this host's MQTT broker, whatever it knows its clients by: passwords (the local one) or certificates
// (Mosquitto). What `ev credentials`, `ev revoke` and `ev rotate-credentials` do to it.
import { existsSync } from "node:fs";
import { changeBrokerClients, knownBy, newPassword, readBrokerClients } from "./broker-clients.ts";
import { credentialLines, forgetPasswordFile, holdersOf, writePasswords } from "./password-files.ts";
import type { Places } from "./places.ts";

export interface MqttAdmission {
  readonly asksFor: "passwords" | "certificates";
  /** Names that were let in once, the revoked ones included. */
  names(): string[];
  /** Of these, those whose credentials lie on this host, for a service of its fleet to use. */
  heldHere(names: readonly string[]): string[];
  /** Ends what these have: they are cut, and refused from then on. */
  revoke(names: readonly string[]): Promise<void>;
  /** New ones for services of this host; the old ones end. They take them up at their next connection. */
  renew(names: readonly string[]): Promise<void>;
  /** New ones for other hosts; the old ones end. A line for each, to be given away. */
  issue(names: readonly string[]): Promise<string[]>;
}

/** Undefined when no broker that asks for passwords has run with this state. */
export function passwordAdmission(places: Places): MqttAdmission | undefined {
  if (!existsSync(places.mqttClients)) return undefined;
  return {
    asksFor: "passwords",
    names: () => [...readBrokerClients(places).keys()],
    heldHere(names) {
      const held = new Set(
        [...holdersOf(places, new Set(names)).values()].flatMap((passwords) => [...passwords.keys()]),
      );
      return names.filter((name) => held.has(name));
    },
    revoke: (names) =>
      changeBrokerClients(places, (clients) => {
        const at = new Date().toISOString();
        for (const name of names) clients.set(name, { is: "revoked", at });
      }),
    renew: (names) =>
      changeBrokerClients(places, (clients) => {
        const wanted = new Set(names);
        // The device's file first: who is cut next finds its new password there.
        for (const [service, passwords] of holdersOf(places, wanted)) {
          for (const client of passwords.keys()) {
            if (!wanted.has(client)) continue;
            const password = newPassword();
            passwords.set(client, password);
            clients.set(client, knownBy(password));
          }
          writePasswords(places, service, passwords);
        }
      }),
    issue: (names) =>
      changeBrokerClients(places, (clients) => {
        const passwords = new Map(names.map((name) => [name, newPassword()] as const));
        for (const [name, password] of passwords) clients.set(name, knownBy(password));
        return credentialLines(passwords).map((line) => line.trimEnd());
      }),
  };
}

/** Clients that are no part of the fleet any more: the broker forgets them, and so does this host. */
export async function forgetClients(
  places: Places,
  names: readonly string[],
  services: readonly string[],
): Promise<void> {
  for (const service of services) forgetPasswordFile(places, service);
  if (!existsSync(places.mqttClients)) return;
  await changeBrokerClients(places, (clients) => {
    for (const name of names) clients.delete(name);
  });
}
