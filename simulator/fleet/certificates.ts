// The certificates by which a fleet's services name themselves to an MQTT broker elsewhere: one per engine, monitor
// and bridge, found by client id in the folder MQTT_CERT_DIR.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { admitClients, authorityOf } from "../servers/mosquitto-clients.ts";
import { numbersOf } from "../workers/shares.rules.ts";
import { cpIdOf } from "../workers/simulated.ts";
import { Complaint } from "./complaint.ts";
import type { Places } from "./places.ts";
import { type MqttMaterial, mosquittoFolder } from "./real-servers.ts";
import type { ServiceSpec } from "./service-spec.ts";

/** Some seconds of openssl's work. */
const manyAtOnce = 100;

/** As the programs in it will call themselves to the broker; empty for one that does not speak with it. */
export function mqttClientIdsOf({ role, subject, env }: Pick<ServiceSpec, "role" | "subject" | "env">) {
  switch (role) {
    case "engine":
    case "monitor":
      return [`${subject}-${role}`];
    case "bridge":
      return [`bridge-${env.BRIDGE_ID ?? "bridge-all"}`];
    case "cps": {
      const except = (env.EXCEPT ?? "").split(",").filter(Boolean).map(Number);
      const numbers = numbersOf({ first: Number(env.FIRST), last: Number(env.LAST), except });
      return numbers.map(cpIdOf).flatMap((cp) => [`${cp}-engine`, `${cp}-monitor`]);
    }
    default:
      return [];
  }
}

/** The same service, told where its certificate lies; one that holds many charge points, where all of them lie. */
export function withCertificate<S extends Pick<ServiceSpec, "role" | "subject" | "env">>(
  spec: S,
  material: MqttMaterial | undefined,
): S {
  const [clientId] = mqttClientIdsOf(spec);
  if (material === undefined || clientId === undefined) return spec;
  const { ca, certDir } = material;
  const own =
    spec.role === "cps"
      ? { MQTT_CERT_DIR: certDir }
      : { MQTT_CERT_PATH: certOf(certDir, clientId), MQTT_KEY_PATH: join(certDir, `${clientId}.key`) };
  return { ...spec, env: { ...spec.env, ...own, ...(ca !== undefined && { MQTT_CA_PATH: ca }) } };
}

/**
 * Every certificate is there, or is issued now where the folder is one of a broker that `npm run servers` started.
 * Throws a Complaint that names what is missing.
 */
export function checkCertificates(
  specs: readonly ServiceSpec[],
  certDir: string | undefined,
  say: (text: string) => void = () => {},
): void {
  if (certDir === undefined) return;
  const missing = specs.flatMap(mqttClientIdsOf).filter((clientId) => !existsSync(certOf(certDir, clientId)));
  if (missing.length === 0) return;
  const authority = authorityOf(certDir);
  if (authority === undefined)
    throw new Complaint(
      `MQTT_CERT_DIR=${certDir} has no ${missing[0]}.crt${missing.length > 1 ? ` (nor ${missing.length - 1} others)` : ""}: put a certificate and its key there for each, named by client id`,
    );
  if (missing.length > manyAtOnce) say(`issuing ${missing.length} MQTT certificates, once`);
  admitClients(authority, missing);
}

/** The authority and the rights of the fleet's own Mosquitto, before its first client is to be admitted. */
export function makeAuthority(places: Places): void {
  admitClients(mosquittoFolder(places), []);
}

function certOf(certDir: string, clientId: string): string {
  return join(certDir, `${clientId}.crt`);
}
