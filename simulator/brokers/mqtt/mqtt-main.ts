// ev-mqtt: the MQTT broker of the local default, as a process.
import * as z from "zod";
import { flag, port as portNumber, readEnvironment } from "../../../wire/process/environment.ts";
import { endWith } from "../../../wire/process/lifetime.ts";
import { errorText, openLog } from "../../../wire/process/log.ts";
import type { Access } from "./admission.ts";
import { type Broker, openBroker } from "./broker.ts";

const env = readEnvironment(
  z.object({
    MQTT_HOST: z.string().default("127.0.0.1"),
    MQTT_PORT: portNumber.default(1883),
    /** File of the clients and the hashes of their passwords. */
    MQTT_CLIENTS_PATH: z.string().min(1).optional(),
    /** 1: nobody is asked for a password, and clients that are neither device nor bridge may use everything. */
    MQTT_OPEN: flag.default(false),
  }),
);
const log = openLog("MQTT");

const broker = await open(access());
endWith(log, () => broker.close());
log.info(`started successfully on ${env.MQTT_HOST}:${broker.port}`);

function access(): Access {
  const { MQTT_CLIENTS_PATH: clientsPath, MQTT_OPEN: isOpen } = env;
  if (isOpen) {
    log.warn("MQTT_OPEN=1: nobody is asked for a password");
    return { open: true };
  }
  if (clientsPath !== undefined) return { open: false, clientsPath };
  log.error("configuration: MQTT_CLIENTS_PATH names no file of clients (MQTT_OPEN=1 would let in everybody)");
  return process.exit(78);
}

async function open(who: Access): Promise<Broker> {
  const { MQTT_HOST: host, MQTT_PORT: port } = env;
  try {
    return await openBroker({ host, port, ...who }, log);
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    log.error(
      taken
        ? `port ${port} on ${host} is taken: stop what listens there, or set MQTT_PORT (or start everything with --port-offset N)`
        : `cannot start on ${host}:${port}: ${errorText(error)}`,
    );
    process.exit(1);
  }
}
