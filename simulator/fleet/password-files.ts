// The passwords of a service's MQTT clients, in a file that its process reads at each connection: one line per client,
// `name:password`. A worker's file holds those of all its charge points.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writePrivate } from "./fleet-files.ts";
import type { Places } from "./places.ts";

export function passwordPathOf(places: Places, service: string): string {
  return join(places.mqttPasswords, service);
}

/** By client. */
export function readPasswords(places: Places, service: string): Map<string, string> {
  const path = passwordPathOf(places, service);
  return existsSync(path) ? passwordsIn(readFileSync(path, "utf8")) : new Map();
}

export function writePasswords(
  places: Places,
  service: string,
  passwords: ReadonlyMap<string, string>,
): void {
  mkdirSync(places.mqttPasswords, { recursive: true, mode: 0o700 });
  writePrivate(passwordPathOf(places, service), credentialLines(passwords).join(""));
}

/** Each ends in a line break. */
export function credentialLines(passwords: ReadonlyMap<string, string>): string[] {
  return [...passwords].map(([client, password]) => `${client}:${password}\n`);
}

/** Services of this host whose files hold a password of one of these clients. */
export function holdersOf(places: Places, clients: ReadonlySet<string>): Map<string, Map<string, string>> {
  if (!existsSync(places.mqttPasswords)) return new Map();
  const files = readdirSync(places.mqttPasswords).filter((name) => !name.endsWith(".new"));
  return new Map(
    files
      .map((service) => [service, readPasswords(places, service)] as const)
      .filter(([, passwords]) => [...passwords.keys()].some((client) => clients.has(client))),
  );
}

export function forgetPasswordFile(places: Places, service: string): void {
  rmSync(passwordPathOf(places, service), { force: true });
}

function passwordsIn(text: string): Map<string, string> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf(":");
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
    }),
  );
}
