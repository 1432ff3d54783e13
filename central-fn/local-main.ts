// Central in one Node process: the handlers that run as functions in the cloud, fed by a consumer of our own, the
// sweeper by a timer, the APIs by a server. The APIs answer while Kafka is down; what queues there is handled later.
import { hostname } from "node:os";
import * as z from "zod";
import { ensureTopics, openConsumer, openProducer, TopicsDiffer } from "../wire/kafka/index.ts";
import { port, positive, readEnvironment, whole } from "../wire/process/environment.ts";
import { endWith } from "../wire/process/lifetime.ts";
import { errorText, openLog } from "../wire/process/log.ts";
import { createApp } from "./api/app.ts";
import { openLive } from "./api/live/live.ts";
import { oidcVariables, withOidc } from "./api/oidc.ts";
import { rateOptionsOf, rateVariables } from "./api/rate-limit.ts";
import { serveHttp } from "./api/serve.ts";
import { openSessionIds } from "./api/session-id.ts";
import { openTokens } from "./api/tokens.ts";
import { createHandler, handsOf } from "./on-event/batch.ts";
import { centralGroup, centralTopics, handleRecords } from "./on-event/consume.ts";
import { perform } from "./on-event/execute.ts";
import { HeardMemory } from "./on-event/heard.ts";
import { centralEnvironment, kafkaAddressOf } from "./on-event/parts.ts";
import { sweepTimes } from "./on-event/sweep.rules.ts";
import { sweep } from "./on-event/sweep.ts";
import { readPage } from "./pages/built-pages.ts";
import { staleFeedMs } from "./rules/status.ts";
import { keepRows } from "./tables/kept.ts";
import { openTable } from "./tables/open.ts";
import { watchedTable } from "./tables/watched.ts";

const env = readEnvironment(
  centralEnvironment.extend({
    HTTP_HOST: z.string().min(1).default("127.0.0.1"),
    HTTP_PORT: port.default(8000),
    /** Patience with a request's headers; three times as long with all of it. */
    HTTP_HEADERS_MS: positive.default(5_000),
    HTTP_SOCKETS: positive.default(4_096),
    /** Its folder has the secret of the sessions' ids, too. */
    TOKEN_KEY_PATH: z.string().min(1),
    ...oidcVariables,
    ...rateVariables,
    SWEEP_INTERVAL_MS: positive.default(1_000),
    /** Folder of the built pages; without, the API stands alone. */
    PAGES_PATH: z.string().min(1).optional(),
    /** Copies of each topic that is made here; a cluster of one broker can keep one. */
    REPLICATION: whole.min(1).default(1),
  }),
);

const log = openLog("Central");
const address = { ...kafkaAddressOf(env), log };
const partitions = env.PARTITIONS;
const nowMs = () => Date.now();

/** What cannot be had at the start is one line that says what to do, not a stack. */
async function had<T>(what: Promise<T>): Promise<T> {
  try {
    return await what;
  } catch (error) {
    log.error(errorText(error));
    process.exit(1);
  }
}

const table = watchedTable(await had(openTable(env.TABLE_URL)));
const producer = openProducer({ ...address, clientId: "central", closeWithinMs: 1_500 });
const live = openLive({ table, partitions, now: nowMs, log, staleFeedMs });
const app = createApp({
  table,
  append: (record) => producer.send([record]),
  now: nowMs,
  partitions,
  tokens: withOidc(openTokens(env.TOKEN_KEY_PATH), env, { now: nowMs, log }),
  sessionIds: openSessionIds(env.TOKEN_KEY_PATH),
  log,
  page: env.PAGES_PATH === undefined ? undefined : readPage(env.PAGES_PATH, "operator"),
  live,
  rate: rateOptionsOf(env),
});
const server = await had(
  serveHttp(app, {
    host: env.HTTP_HOST,
    port: env.HTTP_PORT,
    log,
    headersWithinMs: env.HTTP_HEADERS_MS,
    sockets: env.HTTP_SOCKETS,
  }),
);
log.info(`started successfully, ${server.url}`);

const handler = createHandler({ table, producer, partitions, log, nowMs, heard: new HeardMemory(true) });
const hands = handsOf({ table, producer, partitions, log });
const swept = keepRows();
let consumer: ReturnType<typeof openConsumer> | undefined;
let sweepTimer: NodeJS.Timeout | undefined;
let sweeping: Promise<void> = Promise.resolve();
let stopping = false;

endWith(log, async () => {
  stopping = true;
  clearTimeout(sweepTimer);
  live.close();
  // First nothing new comes in, then what is at work ends, then its doors close.
  await Promise.all([server.close(), consumer?.close()]);
  await producer.close();
  await sweeping;
  await table.close();
});

function sweepLater(): void {
  if (stopping) return;
  sweepTimer = setTimeout(() => {
    sweeping = perform(sweep(partitions, nowMs, sweepTimes, swept), hands)
      .catch((error: unknown) => log.warn(`sweep: ${errorText(error)}`))
      .then(sweepLater);
  }, env.SWEEP_INTERVAL_MS);
}

try {
  await ensureTopics({ ...address, clientId: "central-topics", partitions, replication: env.REPLICATION });
} catch (error) {
  if (!(error instanceof TopicsDiffer)) throw error;
  log.error(error.message);
  process.exit(78);
}
if (!stopping) {
  consumer = openConsumer({
    ...address,
    // Nobody else listens there, so what carries this name in the group is what a killed Central left behind.
    clientId: `central-${hostname()}-${new URL(server.url).port}`,
    soleClientId: true,
    groupId: centralGroup,
    topics: centralTopics,
    closeWithinMs: 2_500,
    // Every partition of every topic at once: a slow one holds up none.
    concurrency: centralTopics.length * partitions,
    onBatch: (records) => handleRecords(handler, records),
  });
  sweepLater();
  log.info(`consumer started: ${centralTopics.join(", ")}`);
}
