// The CP Engine as a process: drives one charger over its serial line, journals, tells, obeys. It needs nobody:
// with broker, bridge, Central and monitor gone, a running session goes on and is journalled.
import * as z from "zod";
import { Id } from "../wire/messages/index.ts";
import { mqttAccess, mqttAccessVariables } from "../wire/mqtt/index.ts";
import { systemClock } from "../wire/process/clock.ts";
import { positive, readEnvironment, whole } from "../wire/process/environment.ts";
import { endWith } from "../wire/process/lifetime.ts";
import { errorText, openLog } from "../wire/process/log.ts";
import { openRapiCharger } from "./charger/rapi/rapi-charger.ts";
import { serveHealth } from "./health/health-server.ts";
import { openJournalFile } from "./journal/sqlite-journal.ts";
import { openEngine } from "./open-engine.ts";

const env = readEnvironment(
  z.object({
    CP_ID: Id,
    SERIAL_PATH: z.string().min(1),
    JOURNAL_PATH: z.string().min(1),
    HEALTH_SOCKET: z.string().min(1),
    MQTT_URL: z.string().min(1).default("mqtt://127.0.0.1:1883"),
    ...mqttAccessVariables,
    CT_RATIO: whole.refine((ratio) => ratio >= 1, "at least 1").default(1),
    MAX_AMPS: whole.refine((amps) => amps >= 6 && amps <= 80, "6 to 80 A").default(32),
    REBOOT_POLICY: z.enum(["close", "resume"]).default("close"),
    IDLE_LIMIT_S: positive.default(600),
    SAMPLE_FLUSH_S: positive.default(60),
  }),
);

const log = openLog(`CP_E:${env.CP_ID}`);
const clock = systemClock();

function openJournal() {
  try {
    return openJournalFile(env.JOURNAL_PATH).journalOf(env.CP_ID);
  } catch (error) {
    log.error(
      `${errorText(error)}. Check that its folder exists and can be written; a damaged file may be moved away, then its open session goes to review`,
    );
    process.exit(1);
  }
}

const journal = openJournal();
const engine = openEngine({
  config: {
    cp: env.CP_ID,
    maxAmps: env.MAX_AMPS,
    rebootPolicy: env.REBOOT_POLICY,
    idleLimitS: env.IDLE_LIMIT_S,
    sampleFlushS: env.SAMPLE_FLUSH_S,
  },
  journal,
  charger: openRapiCharger({ path: env.SERIAL_PATH, ctRatio: env.CT_RATIO, monoMs: clock.monoMs, log }),
  mqttUrl: env.MQTT_URL,
  ...mqttAccess(env),
  clock,
  log,
});
const health = await serveHealth(env.HEALTH_SOCKET, engine.health, log);

endWith(log, async () => {
  await engine.end();
  await health.close();
});

log.info(`CP Engine ${env.CP_ID} started successfully (journal ${journal.id}, epoch ${journal.epoch})`);
