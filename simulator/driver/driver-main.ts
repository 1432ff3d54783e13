// A driver's phone as a process: its page and API port, and a behaviour that works through a request file.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { type BuiltPage, readPage } from "../../central-fn/pages/built-pages.ts";
import { Id } from "../../wire/messages/index.ts";
import { port, readEnvironment } from "../../wire/process/environment.ts";
import { endWith } from "../../wire/process/lifetime.ts";
import { errorText, openLog } from "../../wire/process/log.ts";
import { openCentral } from "./central-client.ts";
import { openDriverApi } from "./driver-api.ts";
import { openPhoneLoop } from "./phone-loop.ts";
import { servePhone } from "./phone-server.ts";
import { readPhoneState, writePhoneState } from "./phone-state.ts";
import { readRequests } from "./requests-file.ts";

const env = readEnvironment(
  z.object({
    DRIVER_ID: Id,
    HTTP_HOST: z.string().default("127.0.0.1"),
    HTTP_PORT: port,
    CENTRAL_URL: z.url({ protocol: /^https?$/ }),
    TOKEN_PATH: z.string().min(1),
    REQUESTS_PATH: z.string().min(1),
    STATE_PATH: z.string().min(1),
    /** Folder of the built pages; without, the phone has no page. */
    PAGES_PATH: z.string().min(1).optional(),
  }),
);
const log = openLog(`Driver ${env.DRIVER_ID}`);

/** Read at each request: a renewed token needs no restart. */
const token = () => readFileSync(env.TOKEN_PATH, "utf8").trim();

function readOrEnd() {
  try {
    token();
    return readRequests(env.REQUESTS_PATH);
  } catch (error) {
    log.error(`configuration: ${errorText(error)}`);
    process.exit(78);
  }
}

const { requests, loop: again } = readOrEnd();
const central = await openCentral(env.CENTRAL_URL, token);
const off = new AbortController();
const now = () => Date.now();
const plan = { wishes: requests, loop: again };
const loop = openPhoneLoop(
  {
    api: openDriverApi(central, env.DRIVER_ID, now),
    log,
    plan,
    now,
    freshKey: randomUUID,
    persist: (durable) => writePhoneState(env.STATE_PATH, durable),
    pause: (ms) => delay(ms, undefined, { signal: off.signal }).catch(switchedOff),
    isOff: () => off.signal.aborted,
  },
  readPhoneState(env.STATE_PATH),
);

let read: BuiltPage | undefined;
function pageIn(folder: string): BuiltPage {
  read ??= readPage(folder, "driver");
  return read;
}

const { PAGES_PATH: pages } = env;
const server = await servePhone({
  host: env.HTTP_HOST,
  port: env.HTTP_PORT,
  central,
  log,
  self: { driver: env.DRIVER_ID, plan, loop },
  page: pages === undefined ? undefined : () => pageIn(pages),
}).catch((error: unknown) => {
  log.error(`port ${env.HTTP_PORT} cannot be used: ${errorText(error)}`);
  process.exit(78);
});
const behaviour = loop.run();

endWith(log, async () => {
  off.abort();
  server.closeAllConnections();
  server.close();
  central.close();
  await behaviour;
});
log.info(
  `started successfully on http://${env.HTTP_HOST}:${env.HTTP_PORT}, ${requests.length} requests in its file`,
);

function switchedOff(error: unknown): void {
  if (!off.signal.aborted) throw error;
}
