// The certificates by which a fleet's services name themselves to an MQTT broker elsewhere: one per engine, monitor
// and bridge, found by client id in the folder MQTT_CERT_DIR.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { admitClients, authorityOf } from "../servers/mosquitto-clients.ts";
import { Complaint } from "./complaint.ts";
import type { ServiceSpec } from "./service-spec.ts";

/** As the program will call itself to the broker; undefined for one that does not speak with it. */
export function mqttClientIdOf({ role, subject, env }: Pick<ServiceSpec, "role" | "subject" | "env">) {
  switch (role) {
    case "engine":
    case "monitor":
      return `${subject}-${role}`;
    case "bridge":
      return `bridge-${env.BRIDGE_ID ?? "bridge-all"}`;
    default:
      return undefined;
  }
}

/** The same service, told where its certificate lies. */
export function withCertificate<S extends Pick<ServiceSpec, "role" | "subject" | "env">>(
  spec: S,
  certDir: string | undefined,
): S {
  const clientId = mqttClientIdOf(spec);
  if (certDir === undefined || clientId === undefined) return spec;
  const paths = {
    MQTT_CERT_PATH: certOf(certDir, clientId),
    MQTT_KEY_PATH: join(certDir, `${clientId}.key`),
  };
  return { ...spec, env: { ...spec.env, ...paths } };
}

/**
 * Every certificate is there, or is issued now where the folder is one of a broker that `npm run servers` started.
 * Throws a Complaint that names what is missing.
 */
export function checkCertificates(specs: readonly ServiceSpec[], certDir: string | undefined): void {
  if (certDir === undefined) return;
  const missing = specs
    .flatMap((spec) => mqttClientIdOf(spec) ?? [])
    .filter((clientId) => !existsSync(certOf(certDir, clientId)));
  if (missing.length === 0) return;
  const authority = authorityOf(certDir);
  if (authority === undefined)
    throw new Complaint(
      `MQTT_CERT_DIR=${certDir} has no ${missing[0]}.crt${missing.length > 1 ? ` (nor ${missing.length - 1} others)` : ""}: put a certificate and its key there for each, named by client id`,
    );
  admitClients(authority, missing);
}

function certOf(certDir: string, clientId: string): string {
  return join(certDir, `${clientId}.crt`);
}
