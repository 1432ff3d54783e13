// The passwords by which a fleet's services name themselves to an MQTT broker that knows no certificates: made here for
// the fleet's own broker, given by the broker's host for one elsewhere.
//
// 1. Each engine, monitor and bridge has a password of its own; nobody has one by default.
// 2. What was revoked gets no new password by itself: only `ev rotate-credentials` and `ev credentials` give one.
import { isPasswordOf, type KnownClient } from "../brokers/mqtt/clients.rules.ts";
import { changeBrokerClients, knownBy, newPassword, readBrokerClients } from "./broker-clients.ts";
import { mqttClientIdsOf } from "./certificates.ts";
import { Complaint } from "./complaint.ts";
import { passwordPathOf, readPasswords, writePasswords } from "./password-files.ts";
import type { Places } from "./places.ts";
import type { ServiceSpec } from "./service-spec.ts";

type Speaker = Pick<ServiceSpec, "name" | "role" | "subject" | "env">;

export interface PasswordSource {
  /** Its clients' file is changed by us. */
  broker: "own" | "elsewhere";
  mqttUrl: string;
  given: ReadonlyMap<string, string>;
}

/** The same service, told where its password or its clients' file lies. */
export function withPassword<S extends Speaker>(spec: S, places: Places): S {
  if (spec.role === "mqtt") return { ...spec, env: { ...spec.env, MQTT_CLIENTS_PATH: places.mqttClients } };
  if (mqttClientIdsOf(spec).length === 0) return spec;
  return { ...spec, env: { ...spec.env, MQTT_PASSWORD_PATH: passwordPathOf(places, spec.name) } };
}

/**
 * Every client of these services has its password afterwards, the revoked ones excepted. Resolves with the number of
 * passwords that were made. Rejects with a Complaint when one was to be given and is not.
 */
export async function checkPasswords(
  specs: readonly Speaker[],
  places: Places,
  source: PasswordSource,
): Promise<number> {
  const services = specs
    .filter((spec) => spec.env.MQTT_PASSWORD_PATH === passwordPathOf(places, spec.name))
    .map((spec) => ({ service: spec.name, clients: mqttClientIdsOf(spec) }));
  if (source.broker === "elsewhere") {
    keepGiven(services, places, source);
    return 0;
  }
  const isBrokerHere = specs.some(({ role }) => role === "mqtt");
  const known = readBrokerClients(places);
  const lacking = services.filter((one) => makeMissing(one, places, new Map(known), () => {}) > 0);
  // The broker starts with its file, also before its first client.
  if (lacking.length === 0 && !isBrokerHere) return 0;
  return changeBrokerClients(places, (clients) =>
    lacking.reduce((made, one) => made + makeMissing(one, places, clients, writePasswords), 0),
  );
}

interface Service {
  service: string;
  clients: readonly string[];
}

/** Changes `clients`; answers how many of the service's were lacking. */
function makeMissing(
  { service, clients }: Service,
  places: Places,
  known: Map<string, KnownClient>,
  write: typeof writePasswords,
): number {
  const passwords = readPasswords(places, service);
  let made = 0;
  for (const client of clients) {
    const now = known.get(client);
    const kept = passwords.get(client);
    if (now?.is === "revoked" || (kept !== undefined && isPasswordOf(now, kept))) continue;
    // A clients' file that was lost is made again from what the devices have.
    const password = kept !== undefined && now === undefined ? kept : newPassword();
    known.set(client, knownBy(password));
    passwords.set(client, password);
    made += 1;
  }
  if (made > 0) write(places, service, passwords);
  return made;
}

function keepGiven(services: readonly Service[], places: Places, { given, mqttUrl }: PasswordSource): void {
  const ownBroker = readBrokerClients(places);
  const without: string[] = [];
  for (const { service, clients } of services) {
    const passwords = readPasswords(places, service);
    let changed = false;
    for (const client of clients) {
      const gift = given.get(client);
      const kept = passwords.get(client);
      if (gift !== undefined && gift !== kept) {
        passwords.set(client, gift);
        changed = true;
        // What was made for the broker that ran here is of no use elsewhere.
      } else if (gift === undefined && (kept === undefined || isPasswordOf(ownBroker.get(client), kept)))
        without.push(client);
    }
    if (changed) writePasswords(places, service, passwords);
  }
  if (without.length === 0) return;
  const [first, ...others] = without;
  const more = others.length === 0 ? "" : ` and ${others.length} other${others.length > 1 ? "s" : ""}`;
  throw new Complaint(
    `no MQTT password for ${first}${more} at ${hostOf(mqttUrl)}: run \`ev credentials ${wordsFor(without)}\` on the broker's host, and give what it prints as EV_MQTT_CREDENTIALS, or in a file as EV_MQTT_CREDENTIALS_FILE (MQTT_ANONYMOUS=1: that broker asks nobody)`,
  );
}

/** A URL may hold a password. */
function hostOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** What to type for these clients: `bridge`, `11`, `1..100`. */
function wordsFor(clients: readonly string[]): string {
  const names = [
    ...new Set(
      clients.map((client) => client.replace(/-(engine|monitor)$/, "").replace(/^bridge-.*/, "bridge")),
    ),
  ];
  const numbers = names.flatMap((name) => {
    const digits = /^CP-0*(\d+)$/.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
  const first = Math.min(...numbers);
  const last = Math.max(...numbers);
  const isRange = numbers.length > 3 && last - first + 1 === numbers.length;
  const others = names.filter((name) => !/^CP-0*\d+$/.test(name));
  return [...others, ...(isRange ? [`${first}..${last}`] : numbers.map(String))].join(" ");
}
