// ev-cp-m-N: the CP Monitor, a process of its own beside the CP Engine; each lives without the other.
import * as z from "zod";
import { Id } from "../wire/messages/index.ts";
import { mqttAccess, mqttAccessVariables } from "../wire/mqtt/index.ts";
import { systemClock } from "../wire/process/clock.ts";
import { readEnvironment } from "../wire/process/environment.ts";
import { endWith } from "../wire/process/lifetime.ts";
import { errorText, openLog } from "../wire/process/log.ts";
import { openProbe } from "./health/health-client.ts";
import { raiseEpoch } from "./monitor/identity-file.ts";
import { watchRegistration } from "./monitor/registration-file.ts";
import { openMonitor } from "./open-monitor.ts";

const milliseconds = z.coerce.number().int().min(20).max(86_400_000);
const env = readEnvironment(
  z.object({
    CP_ID: Id,
    HEALTH_SOCKET: z.string().min(1),
    MQTT_URL: z
      .url({ protocol: /^mqtts?$/, error: "a URL that starts with mqtt:// or mqtts://" })
      .default("mqtt://127.0.0.1:1883"),
    ...mqttAccessVariables,
    STATE_PATH: z.string().min(1),
    REGISTRATION_PATH: z.string().min(1),
    PROBE_INTERVAL_MS: milliseconds.default(1_000),
    PROBE_TIMEOUT_MS: milliseconds.default(800),
    STATUS_INTERVAL_MS: milliseconds.min(100).default(2_000),
    STATUS_TTL_MS: milliseconds.min(100).default(6_000),
  }),
);
const log = openLog(`CP_M:${env.CP_ID}`);
const { journal, epoch } = startEpoch();

const monitor = openMonitor({
  identity: { cp: env.CP_ID, journal, epoch },
  clock: systemClock(),
  probe: openProbe(env.HEALTH_SOCKET, env.PROBE_TIMEOUT_MS),
  mqttUrl: env.MQTT_URL,
  ...mqttAccess(env),
  watchRegistration: (tell) => watchRegistration(env.REGISTRATION_PATH, tell, log),
  timing: {
    probeIntervalMs: env.PROBE_INTERVAL_MS,
    probeTimeoutMs: env.PROBE_TIMEOUT_MS,
    statusIntervalMs: env.STATUS_INTERVAL_MS,
    statusTtlMs: env.STATUS_TTL_MS,
  },
  log,
});
endWith(log, () => monitor.end());
log.info(`CP Monitor ${env.CP_ID} started successfully (journal ${journal}, epoch ${epoch})`);

function startEpoch() {
  try {
    return raiseEpoch(env.STATE_PATH, log);
  } catch (error) {
    log.error(`cannot make the epoch durable in ${env.STATE_PATH}: ${errorText(error)}`);
    process.exit(1);
  }
}
