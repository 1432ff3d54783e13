// Mosquitto as a service of the fleet, with TLS, client certificates and an ACL: reads MQTT_PORT and MQTT_DATA, the
// folder that holds its authority and what that has issued.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { port, readEnvironment } from "../../wire/process/environment.ts";
import { openLog } from "../../wire/process/log.ts";
import { signalProcess } from "../fleet/process-identity.ts";
import { runInForeground } from "./foreground.ts";
import { letsIn, prepareMosquitto } from "./mosquitto.ts";
import { mosquittoName } from "./mosquitto-clients.ts";

const env = readEnvironment(z.object({ MQTT_PORT: port, MQTT_DATA: z.string().min(1) }));
const log = openLog("MQTT");
const command = await prepareMosquitto({ dir: env.MQTT_DATA, port: env.MQTT_PORT, say: log.info });
await runInForeground({
  ...command,
  log,
  async isReady(server) {
    if (!(await letsIn(env.MQTT_DATA, command.url))) return false;
    // Whoever issues a certificate from now on tells it; what was issued while it started, it is told now.
    writeFileSync(join(env.MQTT_DATA, `${mosquittoName}.pid`), `${JSON.stringify(server)}\n`);
    signalProcess(server.pid, "SIGHUP");
    return true;
  },
});
