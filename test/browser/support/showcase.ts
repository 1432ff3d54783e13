// Central's real API and pages over a table that tells a story: for looking at every view without a fleet of processes.

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
import { silentLog } from "../../../wire/process/log.ts";
import { makePages } from "../../support/built-pages.ts";
import {
  feeds,
  figureWrites,
  fleetWrites,
  heardWrites,
  pastWrites,
  type Station,
  stations,
} from "./story.ts";

export interface Showcase {
  /** The operator's page with a token. */
  link: string;
  url: string;
  stations: readonly Station[];
  nowMs(): number;
  commit(writes: readonly Write[]): Promise<void>;
  /** New figures from every charge point, `ms` later than the last; the story's clock goes on with them. */
  later(ms: number): Promise<void>;
  /** Nothing is answered any more, as if the server were gone; and again. */
  cutOff(isCut: boolean): void;
  close(): Promise<void>;
}

export interface ShowcaseOptions {
  count?: number;
  /** The story's beginning; it stands still but for `later`. Without: the time of day, which goes on by itself. */
  fixedMs?: number;
  past?: boolean;
}

export async function openShowcase({
  count = 60,
  fixedMs,
  past = true,
}: ShowcaseOptions = {}): Promise<Showcase> {
  const beganMs = fixedMs ?? Date.now();
  let storyMs = beganMs;
  const nowMs = () => (fixedMs === undefined ? Date.now() : storyMs);
  const all = stations(count);
  const table = watchedTable(openSqliteTable(":memory:"));
  const commit = async (writes: readonly Write[]) => {
    for (let i = 0; i < writes.length; i += 100) await table.commit(writes.slice(i, i + 100));
  };
  await commit([
    ...(past ? pastWrites(all, beganMs) : []),
    ...fleetWrites(all, beganMs),
    ...figureWrites(all, beganMs, beganMs),
    ...heardWrites(all, beganMs),
  ]);
  const pages = await makePages();
  const tokens = tokensOf(randomBytes(32));
  const live = openLive({ table, partitions: feeds, now: nowMs, log: silentLog, staleFeedMs: 5_000 });
  const app = createApp({
    table,
    append: async () => {},
    now: nowMs,
    partitions: feeds,
    tokens,
    sessionIds: sessionIds(randomBytes(32)),
    log: silentLog,
    page: readPage(pages.dir, "operator"),
    live,
  });
  let cut = false;
  const server = await serveHttp(
    { fetch: (request, env) => (cut ? new Response(null, { status: 503 }) : app.fetch(request, env)) },
    { host: "127.0.0.1", port: 0, log: silentLog },
  );
  const token = await tokens.sign({ sub: "operator", role: "operator", expiresInS: 3_600 });
  return {
    url: server.url,
    link: `${server.url}/#token=${token}`,
    stations: all,
    nowMs,
    commit,
    async later(ms) {
      storyMs = fixedMs === undefined ? Date.now() : storyMs + ms;
      await commit([...figureWrites(all, beganMs, storyMs), ...heardWrites(all, storyMs)]);
    },
    cutOff(isCut) {
      cut = isCut;
      if (isCut) live.streams.close();
    },
    async close() {
      live.close();
      await server.close();
      await table.close();
      pages.remove();
    },
  };
}
