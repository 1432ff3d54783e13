// Central's APIs alone, over a table with a fleet in which every charge point charges; once per second all figures
// change. Started by sse.ts, which it tells by IPC what it did and when.

import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createApp } from "../../central-fn/api/app.ts";
import { openLive } from "../../central-fn/api/live/live.ts";
import { serveHttp } from "../../central-fn/api/serve.ts";
import { openSessionIds } from "../../central-fn/api/session-id.ts";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { newCpRow } from "../../central-fn/on-event/draft.ts";
import { feedsRow } from "../../central-fn/rules/feeds.ts";
import type { Write } from "../../central-fn/tables/port.ts";
import { type CpRow, keys, type LiveRow } from "../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../central-fn/tables/sqlite.ts";
import { watchedTable } from "../../central-fn/tables/watched.ts";
import { openLog } from "../../wire/process/log.ts";

export type Told =
  | { is: "ready"; url: string }
  /** Every figure of update `n` is in the table. */
  | { is: "updated"; n: number; atMs: number; tookMs: number }
  | { is: "done"; cpuShare: number; loopDelayP99Ms: number };
export interface Asked {
  updates: number;
}

const [folder = "", count = "", streams = ""] = process.argv.slice(2);
const cps = Array.from({ length: Number(count) }, (_, i) => `CP-${String(i + 1).padStart(5, "0")}`);
const partitions = 8;
const log = openLog("Central");
const table = watchedTable(openSqliteTable(join(folder, "central.db")));
const nowMs = () => performance.timeOrigin + performance.now();
const tell = (told: Told) => void process.send?.(told);

const sidOf = (cp: string) => `S-${cp}-${"0".repeat(15)}1`;
const tariff = { version: 1, priceE5PerKwh: 30_000, currency: "EUR" } as const;

async function commit(writes: readonly Write[]): Promise<void> {
  const parts: Promise<unknown>[] = [];
  for (let i = 0; i < writes.length; i += 100) parts.push(table.commit(writes.slice(i, i + 100)));
  await Promise.all(parts);
}

function cpRowOf(cp: string): CpRow {
  const atMs = Math.floor(nowMs());
  return {
    ...newCpRow(cp),
    registration: {
      name: `Station ${cp}`,
      address: `Calle Larios ${cp.slice(3)}`,
      city: "Málaga",
      latitude: 36.72,
      longitude: -4.42,
      connectorType: "TYPE2",
      amenities: ["café", "toilets"],
      powerW: 22_000,
      priceE5PerKwh: tariff.priceE5PerKwh,
      currency: "EUR",
    },
    registeredAtMs: atMs,
    tariff,
    health: {
      journal: "11111111",
      epoch: 1,
      conn: 1,
      seq: 1,
      engine: "OK",
      reason: null,
      intervalMs: 2_000,
      ttlMs: 3_600_000,
      sinceMs: atMs,
      willConn: null,
    },
    shown: { state: "ON", sinceMs: atMs, cause: "status report", n: 1 },
    fence: 1,
    claim: {
      sid: sidOf(cp),
      driver: `driver-${cp}`,
      cmdId: "c",
      fence: 1,
      state: "charging",
      sinceMs: atMs,
      expiresAtMs: atMs,
    },
  };
}

/** Power and energy of every charge point; the power tells the update's number. */
function figures(n: number): Write[] {
  return cps.map((cp, i) => {
    const sessionWh = 1_000 + n * 6 + (i % 7);
    const value: LiveRow = {
      cp,
      journal: "22222222",
      epoch: 1,
      seq: n + 1,
      sid: sidOf(cp),
      powerW: 10_000 + n,
      registerWh: 100_000 + sessionWh,
      sessionWh,
      mono: n,
      ingestMs: Math.floor(nowMs()),
    };
    return { do: "put", key: keys.live(cp), value, expect: "any" };
  });
}

function heard(): Write[] {
  const atMs = Math.floor(nowMs());
  const feeds = Array.from({ length: partitions }, (_, feed) => feed);
  const value = feedsRow(feeds, atMs, Object.fromEntries(cps.map((cp) => [cp, atMs])));
  return [{ do: "put", key: keys.feeds(0), value, expect: "any" }];
}

await commit(cps.map((cp) => ({ do: "put", key: keys.cp(cp), value: cpRowOf(cp), expect: "any" })));
await commit([...figures(0), ...heard()]);
const limits = { streams: Number(streams), perUser: Number(streams), waitingBytes: 64 * 1024 * 1024 };
const live = openLive({ table, partitions, now: nowMs, log, staleFeedMs: 3_600_000, limits });
const app = createApp({
  table,
  append: async () => {},
  now: nowMs,
  partitions,
  tokens: openTokens(join(folder, "key")),
  sessionIds: openSessionIds(join(folder, "key")),
  log,
  live,
});
const server = await serveHttp(app, { host: "127.0.0.1", port: 0, log });
tell({ is: "ready", url: server.url });

process.on("message", ({ updates }: Asked) => {
  void (async () => {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const cpu = process.cpuUsage();
    const beganMs = performance.now();
    for (let n = 1; n <= updates; n++) {
      await new Promise((done) => setTimeout(done, Math.max(0, beganMs + n * 1_000 - performance.now())));
      const fromMs = nowMs();
      // As the handlers do it: the heartbeats of the same second are written too.
      await commit([...figures(n), ...heard()]);
      tell({ is: "updated", n, atMs: nowMs(), tookMs: nowMs() - fromMs });
    }
    await new Promise((done) => setTimeout(done, 1_500));
    const { user, system } = process.cpuUsage(cpu);
    tell({
      is: "done",
      cpuShare: (user + system) / 1_000 / (performance.now() - beganMs),
      loopDelayP99Ms: delay.percentile(99) / 1e6,
    });
  })();
});
process.on("disconnect", () => process.exit(0));
