// ev-cps-N: many charge points in one process, each with the engine and the monitor that a process of its own would
// run. They share a journal file, a file for their boxes and this loop, and are opened one after the other.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { openJournalFile } from "../../device-agent/journal/sqlite-journal.ts";
import { type MqttAccess, mqttAccess, mqttAccessVariables } from "../../wire/mqtt/index.ts";
import { systemClock } from "../../wire/process/clock.ts";
import { positive, readEnvironment, whole } from "../../wire/process/environment.ts";
import { endWith } from "../../wire/process/lifetime.ts";
import { errorText, openLog } from "../../wire/process/log.ts";
import { openCommitGate } from "./commit-gate.ts";
import { KeptCharger } from "./hosted-charger.ts";
import { type HostedCp, openHostedCp } from "./hosted-cp.ts";
import { newRamp, stepRamp } from "./ramp.rules.ts";
import { openRowStore } from "./row-store.ts";
import { numbersOf } from "./shares.rules.ts";
import { simulatedCp } from "./simulated.ts";
import type { WorkerAnswer, WorkerRequest } from "./worker-messages.ts";
import { serveWorker } from "./worker-socket.ts";

const env = readEnvironment(
  z.object({
    FIRST: whole,
    LAST: whole,
    /** Numbers in between that are not of this worker. */
    EXCEPT: z
      .string()
      .default("")
      .transform((text) => text.split(",").filter(Boolean).map(Number)),
    MQTT_URL: z.string().min(1).default("mqtt://127.0.0.1:1883"),
    MQTT_CA_PATH: mqttAccessVariables.MQTT_CA_PATH,
    /** Certificates and keys of all its clients, by client id. */
    MQTT_CERT_DIR: z.string().min(1).optional(),
    /** Passwords of all its clients, a line each. */
    MQTT_PASSWORD_PATH: mqttAccessVariables.MQTT_PASSWORD_PATH,
    DATA_DIR: z.string().min(1),
    CONTROL_SOCKET: z.string().min(1).max(100, "a unix socket's path has at most 100 characters here"),
    SAMPLE_FLUSH_S: positive.default(60),
    CONNECTS_PER_S: positive.default(100),
  }),
);

const stepMs = 50;
const log = openLog(`CPs ${env.FIRST} to ${env.LAST}`);
const clock = systemClock();
const numbers = numbersOf({ first: env.FIRST, last: env.LAST, except: env.EXCEPT });
const hosted = new Map<string, HostedCp>();
const gate = openCommitGate();
const { journals, memory } = openFiles();
let ending = false;
let latestMs = 0;

function openFiles() {
  try {
    mkdirSync(env.DATA_DIR, { recursive: true });
    return {
      journals: openJournalFile(join(env.DATA_DIR, "journal.db"), undefined, gate.group),
      memory: openRowStore(join(env.DATA_DIR, "chargers.db"), KeptCharger),
    };
  } catch (error) {
    log.error(`${errorText(error)}. A damaged file may be moved away; open sessions then go to review`);
    process.exit(1);
  }
}

function accessOf(clientId: string): MqttAccess {
  const { MQTT_CA_PATH, MQTT_PASSWORD_PATH, MQTT_CERT_DIR: dir } = env;
  const own = dir && {
    MQTT_CERT_PATH: join(dir, `${clientId}.crt`),
    MQTT_KEY_PATH: join(dir, `${clientId}.key`),
  };
  return mqttAccess({ MQTT_CA_PATH, MQTT_PASSWORD_PATH, ...own });
}

function openOne(n: number): void {
  const one = openHostedCp({
    file: simulatedCp(n),
    mqttUrl: env.MQTT_URL,
    accessOf,
    sampleFlushS: env.SAMPLE_FLUSH_S,
    journals,
    gate,
    memory,
    clock,
  });
  hosted.set(one.cp, one);
}

const connected = () => [...hosted.values()].filter((one) => one.linksUp() === 2).length;

/** Opens the charge points at the ramp's pace; goes on watching its own lateness. */
function openAll(): void {
  const waiting = [...numbers];
  let ramp = newRamp(clock.monoMs(), env.CONNECTS_PER_S);
  let dueMs = clock.monoMs() + stepMs;
  let said = false;
  const timer = setInterval(() => {
    const nowMs = clock.monoMs();
    const lateMs = Math.max(0, nowMs - dueMs);
    dueMs = nowMs + stepMs;
    latestMs = Math.max(latestMs, lateMs);
    if (ending) return clearInterval(timer);
    if (said) return;
    const up = connected();
    const step = stepRamp(ramp, { nowMs, waiting: hosted.size - up, lateMs });
    ramp = step.ramp;
    for (const n of waiting.splice(0, step.open)) openOne(n);
    if (waiting.length > 0 || up < numbers.length) return;
    said = true;
    log.info(`${numbers.length} charge points started successfully, all connected`);
  }, stepMs);
}

function obey(request: WorkerRequest): WorkerAnswer {
  switch (request.do) {
    case "figures": {
      const lateMs = latestMs;
      latestMs = 0;
      const all = [...hosted.values()];
      const books = all.map(({ charger }) => charger.books());
      return {
        is: "figures",
        figures: {
          holds: numbers.length,
          opened: all.length,
          connected: connected(),
          relaysClosed: books.filter(({ relayClosed }) => relayClosed).length,
          served: books.reduce((sum, { served }) => sum + served, 0),
          meteredWh: Math.floor(books.reduce((sum, { meteredWs }) => sum + meteredWs, 0) / 3600),
          backlog: all.reduce((sum, one) => sum + one.backlog(), 0),
          lateMs,
        },
      };
    }
    case "books":
      return {
        is: "books",
        books: [...hosted.values()].map(({ cp, charger }) => {
          const { served, meteredWs, relayClosed } = charger.books();
          return { cp, served, meteredWs, relayClosed };
        }),
      };
    case "charger": {
      const one = hosted.get(request.cp);
      if (!one) return { is: "refused", reason: `${request.cp} is not in this worker` };
      return { is: "charger", answer: one.charger.do(request.command) };
    }
  }
}

const closeSocket = await serveWorker(env.CONTROL_SOCKET, obey);
endWith(log, async () => {
  ending = true;
  await Promise.all([...hosted.values()].map((one) => one.end()));
  memory.close();
  await closeSocket();
});
log.info(`opening ${numbers.length} charge points, about ${env.CONNECTS_PER_S} a second`);
openAll();
