// The CP Engine as a process: drives one charger over its serial line, journals, tells, obeys. It needs nobody:
// with broker, bridge, Central and monitor gone, a running session goes on and is journalled.
import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import { Id, mqttTopics } from "../wire/messages/index.ts";
import { openLink } from "../wire/mqtt/link.ts";
import { systemClock } from "../wire/process/clock.ts";
import { positive, readEnvironment, whole } from "../wire/process/environment.ts";
import { endWith } from "../wire/process/lifetime.ts";
import { errorText, openLog } from "../wire/process/log.ts";
import { systemTimers } from "../wire/process/timers.ts";
import { openRapiCharger } from "./charger/rapi/rapi-charger.ts";
import { runEngine } from "./engine/run.ts";
import { serveHealth } from "./health/health-server.ts";
import { openJournalFile } from "./journal/sqlite-journal.ts";

const agentVersion = "0.1.0";
/** Below this much free disk no session begins and the engine reports itself as not ready. */
const minFreeBytes = 8_000_000;
/** After the last session's end is durable, how long to wait for it to reach Kafka before exiting. */
const drainMs = 1_500;

const env = readEnvironment(
  z.object({
    CP_ID: Id,
    SERIAL_PATH: z.string().min(1),
    JOURNAL_PATH: z.string().min(1),
    HEALTH_SOCKET: z.string().min(1),
    MQTT_URL: z.string().min(1).default("mqtt://127.0.0.1:1883"),
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
const charger = openRapiCharger({ path: env.SERIAL_PATH, ctRatio: env.CT_RATIO, monoMs: clock.monoMs, log });
const exited = Promise.withResolvers<void>();
const eventsTopic = mqttTopics.engineEvents(env.CP_ID);
const commandsTopic = mqttTopics.commands(env.CP_ID);
const acksTopic = mqttTopics.acks(env.CP_ID);

const engine = runEngine({
  config: {
    cp: env.CP_ID,
    maxAmps: env.MAX_AMPS,
    rebootPolicy: env.REBOOT_POLICY,
    idleLimitS: env.IDLE_LIMIT_S,
    sampleFlushS: env.SAMPLE_FLUSH_S,
    agentVersion,
    minFreeBytes,
  },
  journal,
  charger,
  clock,
  timers: systemTimers,
  random: Math.random,
  log,
  publish: (payload) => void link.publish(eventsTopic, payload, 1),
  onExit: () => exited.resolve(),
});

const link = openLink(
  { url: env.MQTT_URL, clientId: `${env.CP_ID}-engine`, cleanSession: true, keepaliveS: 15 },
  [
    { topic: commandsTopic, qos: 1 },
    { topic: acksTopic, qos: 0 },
  ],
  {
    up: () => {
      log.info("MQTT command consumer started");
      engine.linkUp(true);
    },
    down: (reason) => {
      log.warn(`MQTT link down (${reason}); events wait in the journal`);
      engine.linkUp(false);
    },
    message: (topic, payload) => {
      if (topic === acksTopic) engine.onAckBytes(payload);
      else engine.onCommandBytes(payload);
    },
  },
  log,
);

const health = await serveHealth(
  env.HEALTH_SOCKET,
  () => {
    const now = clock.monoMs();
    const { durable } = engine.state;
    return {
      epoch: journal.epoch,
      tickAgeMs: now - engine.tickedMono,
      journalWritable: journal.freeBytes() >= minFreeBytes,
      chargerHeardMs: engine.chargerHeardMono === null ? null : now - engine.chargerHeardMono,
      operative: durable.operative,
      sid: durable.session?.sid ?? null,
    };
  },
  log,
);

endWith(log, async () => {
  engine.terminate();
  await exited.promise;
  const until = clock.monoMs() + drainMs;
  while (link.connected && journal.backlog > 0 && clock.monoMs() < until) await pause(20);
  engine.stop();
  await Promise.all([charger.close(), link.close(), health.close()]);
  journal.close();
});

log.info(`CP Engine ${env.CP_ID} started successfully (journal ${journal.id}, epoch ${journal.epoch})`);
