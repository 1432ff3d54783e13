// ev-mqtt: the MQTT broker of the local default, as a process.
import * as z from "zod";
import { flag, port, readEnvironment } from "../../../wire/process/environment.ts";
import { endWith } from "../../../wire/process/lifetime.ts";
import { errorText, openLog } from "../../../wire/process/log.ts";
import { type Broker, openBroker } from "./broker.ts";

const env = readEnvironment(
  z.object({
    MQTT_HOST: z.string().default("127.0.0.1"),
    MQTT_PORT: port.default(1883),
    MQTT_OPEN: flag.default(false),
  }),
);
const log = openLog("MQTT");

const broker = await open();
endWith(log, () => broker.close());
log.info(`started successfully on ${env.MQTT_HOST}:${broker.port}`);

async function open(): Promise<Broker> {
  try {
    return await openBroker({ host: env.MQTT_HOST, port: env.MQTT_PORT, open: env.MQTT_OPEN }, log);
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    log.error(
      taken
        ? `port ${env.MQTT_PORT} on ${env.MQTT_HOST} is taken: stop what listens there, or set MQTT_PORT (or start everything with --port-offset N)`
        : `cannot listen on ${env.MQTT_HOST}:${env.MQTT_PORT}: ${errorText(error)}`,
    );
    process.exit(1);
  }
}
