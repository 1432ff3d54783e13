// ev-drivers-N: many drivers' phones in one process, each with the behaviour, the token and the connection to Central
// that a phone of its own has; without pages and ports.
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { positive, readEnvironment, whole } from "../../wire/process/environment.ts";
import { fileVersion } from "../../wire/process/file-version.ts";
import { endWith } from "../../wire/process/lifetime.ts";
import { errorText, openLog } from "../../wire/process/log.ts";
import { openCentral } from "../driver/central-client.ts";
import { openDriverApi } from "../driver/driver-api.ts";
import { blank, type Durable } from "../driver/phone.rules.ts";
import { runPhone } from "../driver/phone-loop.ts";
import { KeptPhone } from "../driver/phone-state.ts";
import { openRowStore, type RowStore } from "./row-store.ts";
import { numbersOf } from "./shares.rules.ts";
import { driverIdOf, wishesOf } from "./simulated.ts";

const numbers = z
  .string()
  .default("")
  .transform((text) => text.split(",").filter(Boolean).map(Number));

const env = readEnvironment(
  z.object({
    DRIVERS: whole,
    /** Charge points that they go to. */
    FIRST: whole,
    LAST: whole,
    EXCEPT: numbers,
    CENTRAL_URL: z.url({ protocol: /^https?$/ }),
    /** JSON: driver → bearer token. */
    TOKENS_PATH: z.string().min(1),
    DATA_DIR: z.string().min(1),
    /** Phones switched on per second. */
    STARTS_PER_S: positive.default(20),
  }),
);
const log = openLog(`Drivers 1 to ${env.DRIVERS}`);
const off = new AbortController();
let tokensVersion = fileVersion(env.TOKENS_PATH);
let tokens = readTokens();
const cps = numbersOf({ first: env.FIRST, last: env.LAST, except: env.EXCEPT });
const running: Promise<void>[] = [];
mkdirSync(env.DATA_DIR, { recursive: true });
const states: RowStore<Durable> = openRowStore(join(env.DATA_DIR, "phones.db"), KeptPhone);

function readTokens(): Record<string, string> {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(env.TOKENS_PATH, "utf8")));
  } catch (error) {
    log.error(`configuration: ${env.TOKENS_PATH}: ${errorText(error)}`);
    process.exit(78);
  }
}

/** The file is looked at for each request: renewed tokens need no restart. */
function tokenOf(driver: string): string {
  const version = fileVersion(env.TOKENS_PATH);
  if (version !== tokensVersion) tokens = readTokens();
  tokensVersion = version;
  return tokens[driver] ?? "";
}

const pause = (ms: number) =>
  delay(ms, undefined, { signal: off.signal }).catch((error: unknown) => {
    if (!off.signal.aborted) throw error;
  });

async function switchOn(n: number): Promise<void> {
  const driver = driverIdOf(n);
  const central = await openCentral(env.CENTRAL_URL, () => tokenOf(driver));
  const now = () => Date.now();
  try {
    await runPhone(
      {
        api: openDriverApi(central, driver, now),
        log: openLog(`Driver ${driver}`),
        plan: { wishes: wishesOf(n, env.DRIVERS, cps), loop: true },
        now,
        freshKey: randomUUID,
        persist: (durable) => states.write(driver, durable),
        pause,
        isOff: () => off.signal.aborted,
      },
      states.read(driver) ?? blank,
    );
  } finally {
    central.close();
  }
}

endWith(log, async () => {
  off.abort();
  await Promise.all(running);
  states.close();
});
log.info(`${env.DRIVERS} drivers started successfully, ${env.STARTS_PER_S} phones a second are switched on`);
for (let n = 1; n <= env.DRIVERS && !off.signal.aborted; n++) {
  running.push(switchOn(n));
  await pause(1_000 / env.STARTS_PER_S);
}
