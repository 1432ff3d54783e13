// The variables by which a process is given its TLS material for MQTT.
import * as z from "zod";
import type { LinkOptions } from "./port.ts";

const path = z.string().min(1).optional();

/** Files in PEM. Spread into the schema of a main. */
export const mqttTlsVariables = {
  /** Who may have signed the broker's certificate; default: the authorities of the system. */
  MQTT_CA_PATH: path,
  /** This process's own certificate and its key. */
  MQTT_CERT_PATH: path,
  MQTT_KEY_PATH: path,
} as const;

type Paths = { [name in keyof typeof mqttTlsVariables]?: string | undefined };

/** What a link needs of them: nothing when none is set. */
export function mqttTls(env: Paths): Pick<LinkOptions, "tls"> {
  const tls = {
    ...(env.MQTT_CA_PATH !== undefined && { ca: env.MQTT_CA_PATH }),
    ...(env.MQTT_CERT_PATH !== undefined && { cert: env.MQTT_CERT_PATH }),
    ...(env.MQTT_KEY_PATH !== undefined && { key: env.MQTT_KEY_PATH }),
  };
  return Object.keys(tls).length > 0 ? { tls } : {};
}
