// The variables by which a process is told how it shows the MQTT broker who it is: TLS material, or a password.
import * as z from "zod";
import type { LinkOptions } from "./port.ts";

const path = z.string().min(1).optional();

/** Spread into the schema of a main. Certificates and keys are files in PEM. */
export const mqttAccessVariables = {
  /** Who may have signed the broker's certificate; default: the authorities of the system. */
  MQTT_CA_PATH: path,
  /** This process's own certificate and its key. */
  MQTT_CERT_PATH: path,
  MQTT_KEY_PATH: path,
  /** Default: the client id. */
  MQTT_USERNAME: path,
  /** See `passwordPath` of LinkOptions. */
  MQTT_PASSWORD_PATH: path,
} as const;

/** How a client shows who it is. */
export type MqttAccess = Pick<LinkOptions, "tls" | "username" | "passwordPath">;

/** What a link needs of them: nothing when none is set. */
export function mqttAccess(
  env: { [name in keyof typeof mqttAccessVariables]?: string | undefined },
): MqttAccess {
  const tls = {
    ...(env.MQTT_CA_PATH !== undefined && { ca: env.MQTT_CA_PATH }),
    ...(env.MQTT_CERT_PATH !== undefined && { cert: env.MQTT_CERT_PATH }),
    ...(env.MQTT_KEY_PATH !== undefined && { key: env.MQTT_KEY_PATH }),
  };
  return {
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(env.MQTT_USERNAME !== undefined && { username: env.MQTT_USERNAME }),
    ...(env.MQTT_PASSWORD_PATH !== undefined && { passwordPath: env.MQTT_PASSWORD_PATH }),
  };
}

/** That part alone of something larger. */
export function accessOf({ tls, username, passwordPath }: MqttAccess): MqttAccess {
  return {
    ...(tls && { tls }),
    ...(username !== undefined && { username }),
    ...(passwordPath !== undefined && { passwordPath }),
  };
}
