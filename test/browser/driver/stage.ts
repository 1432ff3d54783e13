// A phone's real port and app, with Central's real API behind it over a table that tells a driver's day: for looking at
// every screen without a fleet of processes.

import { randomBytes } from "node:crypto";
import { createApp } from "../../../central-fn/api/app.ts";
import { openLive } from "../../../central-fn/api/live/live.ts";
import { serveHttp } from "../../../central-fn/api/serve.ts";
import { sessionIds } from "../../../central-fn/api/session-id.ts";
import { tokensOf } from "../../../central-fn/api/tokens.ts";
import { readPage } from "../../../central-fn/pages/built-pages.ts";
import type { Write } from "../../../central-fn/tables/port.ts";
import { openSqliteTable } from "../../../central-fn/tables/sqlite.ts";
import { watchedTable } from "../../../central-fn/tables/watched.ts";
import { openCentral } from "../../../simulator/driver/central-client.ts";
import { blank, openPhone, type Plan } from "../../../simulator/driver/phone.rules.ts";
import { servePhone } from "../../../simulator/driver/phone-server.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { makePages } from "../../support/built-pages.ts";
import { alice, feeds, heard, morning, sidOf } from "./story.ts";

export interface Stage {
  url: string;
  beganMs: number;
  /** Of a session's readings, how many its chart is drawn from: a picture wants the whole curve. */
  readings: number;
  /** The story's hour: it stands still but for `later`. */
  nowMs(): number;
  commit(writes: readonly Write[]): Promise<void>;
  /** Goes on by `ms`; every charging point is heard then, but for those that are silent. */
  later(ms: number, silent?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

const plan: Plan = {
  loop: true,
  wishes: ["CP-001", "CP-006", "CP-002"].map((cp_id) => ({ cp_id, vehicle_id: "1234-BCD" })),
};

export async function openStage(beganMs: number, readings = 20): Promise<Stage> {
  let storyMs = beganMs;
  const nowMs = () => storyMs;
  const table = watchedTable(openSqliteTable(":memory:"));
  const commit = async (writes: readonly Write[]) => {
    // Of what the story says twice the last word counts.
    const last = [...new Map(writes.map((write) => [`${write.key.pk} ${write.key.sk}`, write])).values()];
    for (let i = 0; i < last.length; i += 100) await table.commit(last.slice(i, i + 100));
  };
  await commit(morning(beganMs));
  const pages = await makePages();
  const tokens = tokensOf(randomBytes(32));
  const live = openLive({ table, partitions: feeds, now: nowMs, log: silentLog, staleFeedMs: 5_000 });
  // What is asked for is stored and never decided: the story decides.
  const append = async () => {};
  const app = createApp({
    table,
    append,
    now: nowMs,
    partitions: feeds,
    tokens,
    sessionIds: sessionIds(randomBytes(32)),
    log: silentLog,
    live,
  });
  const server = await serveHttp(app, { host: "127.0.0.1", port: 0, log: silentLog });
  const token = await tokens.sign({ sub: alice, role: "driver", expiresInS: 86_400 * 365 });
  const central = await openCentral(server.url, () => token);
  const page = readPage(pages.dir, "driver");
  let paused = false;
  const asked = [sidOf("CP-006", 2), sidOf("CP-010", 6)];
  const phone = await servePhone({
    host: "127.0.0.1",
    port: 0,
    central,
    log: silentLog,
    self: {
      driver: alice,
      plan,
      loop: {
        phone: () => openPhone({ ...blank, paused, asked }, 0),
        pause: async (next) => {
          paused = next;
        },
      },
    },
    page: () => page,
  });
  const address = phone.address();
  if (address === null || typeof address === "string") throw new Error("the phone has no port");
  return {
    url: `http://localhost:${address.port}`,
    beganMs,
    readings,
    nowMs,
    commit,
    async later(ms, silent = ["CP-007"]) {
      storyMs += ms;
      await commit(heard(storyMs, silent));
    },
    async close() {
      phone.closeAllConnections();
      await new Promise((closed) => phone.close(closed));
      central.close();
      live.close();
      await server.close();
      await table.close();
      pages.remove();
    },
  };
}
