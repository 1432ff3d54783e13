// Central for its benchmark: consumer, handlers, sweeper and APIs put together as in central-fn/local-main.ts, over a
// table that counts. Started by central.ts, which it tells by IPC what was done at what cost.

import * as z from "zod";
import { createApp } from "../../central-fn/api/app.ts";
import { defaultRateOptions } from "../../central-fn/api/rate-limit.ts";
import { serveHttp } from "../../central-fn/api/serve.ts";
import { openSessionIds } from "../../central-fn/api/session-id.ts";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { createHandler, handsOf } from "../../central-fn/on-event/batch.ts";
import { centralTopics, handleRecords } from "../../central-fn/on-event/consume.ts";
import { perform } from "../../central-fn/on-event/execute.ts";
import { HeardMemory } from "../../central-fn/on-event/heard.ts";
import { sweepTimes } from "../../central-fn/on-event/sweep.rules.ts";
import { sweep } from "../../central-fn/on-event/sweep.ts";
import { keepRows } from "../../central-fn/tables/kept.ts";
import { openTable } from "../../central-fn/tables/open.ts";
import type { Table } from "../../central-fn/tables/port.ts";
import { type ConsumerHandle, ensureTopics, openConsumer, openProducer } from "../../wire/kafka/index.ts";
import { openLog } from "../../wire/process/log.ts";
import { addCommit, noWrites, type Writes } from "./central.rules.ts";

export const Setup = z.object({
  kafka: z.string(),
  tableUrl: z.string(),
  keyPath: z.string(),
  groupId: z.string(),
  partitions: z.number(),
  replication: z.number(),
  /** Older records are of another run. */
  sinceMs: z.number(),
});
export type Setup = z.infer<typeof Setup>;

export interface Figures {
  /** Records handled, and in how many batches, since the counters were set to 0. */
  records: number;
  batches: number;
  writes: Writes;
  cpuMs: number;
  /** Between the first batch and the end of the last. */
  wallMs: number;
}

export type Asked =
  /** Counts anew; `handled` is told when so many records are done. */
  { do: "count"; records: number } | { do: "read" } | { do: "consume"; on: boolean };
export type Told =
  | { is: "ready"; url: string }
  | { is: "consuming"; on: boolean }
  | ({ is: "handled" } & Figures)
  | ({ is: "read" } & Figures);

const setup = Setup.parse(JSON.parse(process.argv[2] ?? ""));
const { partitions } = setup;
const spoken = openLog("Central");
// What happens to charge points and sessions is a line each; a benchmark of the terminal is not wanted.
const isStory = (line: string) => line.startsWith("CP ");
const log = { ...spoken, info() {}, warn: (line: string) => isStory(line) || spoken.warn(line) };
const nowMs = () => Date.now();
const tell = (told: Told) => void process.send?.(told);

let writes = noWrites();
let records = 0;
let batches = 0;
let awaited = Number.POSITIVE_INFINITY;
let firstMs: number | undefined;
let cpu = process.cpuUsage();

function countAnew(): void {
  writes = noWrites();
  records = 0;
  batches = 0;
  firstMs = undefined;
  cpu = process.cpuUsage();
}

function figures(): Figures {
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - (firstMs ?? performance.now());
  return { records, batches, writes, cpuMs: (user + system) / 1_000, wallMs };
}

const stored = await openTable(setup.tableUrl);
const table: Table = {
  ...stored,
  async commit(all) {
    const result = await stored.commit(all);
    if (result.is === "done") addCommit(writes, all);
    return result;
  },
};
const address = { brokers: setup.kafka.split(","), clientId: `bench-central-${process.pid}`, log };
await ensureTopics({ ...address, partitions, replication: setup.replication, giveUpAfterMs: 60_000 });
const producer = openProducer(address);
const unbounded = { perS: 1e6, atOnce: 1e6 };
const app = createApp({
  table,
  append: (record) => producer.send([record]),
  now: nowMs,
  partitions,
  tokens: openTokens(setup.keyPath),
  sessionIds: openSessionIds(setup.keyPath),
  log,
  // The load comes from one address and under one name, as if thousands shared it.
  rate: {
    ...defaultRateOptions,
    rates: { ...defaultRateOptions.rates, read: unbounded, public: unbounded },
  },
});
const server = await serveHttp(app, { host: "127.0.0.1", port: 0, log });
const handler = createHandler({ table, producer, partitions, log, nowMs, heard: new HeardMemory(true) });

let consumer: ConsumerHandle | undefined;
function consume(): ConsumerHandle {
  return openConsumer({
    ...address,
    soleClientId: true,
    groupId: setup.groupId,
    topics: centralTopics,
    concurrency: centralTopics.length * partitions,
    async onBatch(batch) {
      // Joining the group is no part of it.
      if (firstMs === undefined) {
        firstMs = performance.now();
        cpu = process.cpuUsage();
      }
      const own = batch.filter(({ timestampMs }) => timestampMs >= setup.sinceMs);
      const done = own.length > 0 ? await handleRecords(handler, own) : (batch.at(-1)?.offset ?? null);
      // What comes again because it failed is counted again: the benchmark ends with an error then.
      records += own.length;
      batches += 1;
      if (records >= awaited) {
        awaited = Number.POSITIVE_INFINITY;
        tell({ is: "handled", ...figures() });
      }
      return done;
    },
  });
}

async function carryOut(asked: Asked): Promise<void> {
  switch (asked.do) {
    case "count":
      countAnew();
      awaited = asked.records;
      return;
    case "read":
      return tell({ is: "read", ...figures() });
    case "consume":
      if (asked.on) consumer ??= consume();
      else {
        await consumer?.close();
        consumer = undefined;
      }
      return tell({ is: "consuming", on: asked.on });
  }
}

const hands = handsOf({ table, producer, partitions, log });
const swept = keepRows();
const sweepLater = (): void =>
  void setTimeout(
    () => void perform(sweep(partitions, nowMs, sweepTimes, swept), hands).then(sweepLater),
    1_000,
  );
sweepLater();

process.on("message", (asked: Asked) => void carryOut(asked));
process.on("disconnect", () => process.exit(0));
tell({ is: "ready", url: server.url });
