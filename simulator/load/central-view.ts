// What a load run asks of Central: the heartbeats at GET /cp, open sessions and bills in its table, and to stop what
// runs on.
import { join } from "node:path";
import * as z from "zod";
import { readAll } from "../../central-fn/api/fleet.ts";
import { openTokens } from "../../central-fn/api/tokens.ts";
import {
  type CdrRow,
  type CpRow,
  dayOf,
  type IndexRow,
  keys,
  partitions,
} from "../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../central-fn/tables/sqlite.ts";
import type { Places } from "../fleet/places.ts";
import type { Bill } from "./bills.rules.ts";
import type { Beat } from "./heartbeats.rules.ts";

const Answer = z.object({
  charging_points: z.array(
    z.object({
      cp_id: z.string(),
      state: z.enum(["ON", "BROKEN", "DISCONNECTED"]),
      monitor_last_seen: z.string().nullable(),
    }),
  ),
  active_requests: z.number(),
  feed: z.object({ stale_since: z.string().nullable() }),
});

export interface Shown {
  beats: Beat[];
  activeRequests: number;
  stale: boolean;
}

/** Undefined when Central does not answer within 5 s. */
export async function readShown(centralUrl: string): Promise<Shown | undefined> {
  try {
    const response = await fetch(`${centralUrl}/cp`, { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) return undefined;
    const { charging_points, active_requests, feed } = Answer.parse(await response.json());
    return {
      beats: charging_points.map(({ cp_id, state, monitor_last_seen }) => ({
        cp: cp_id,
        state,
        heardMs: monitor_last_seen === null ? null : Date.parse(monitor_last_seen),
      })),
      activeRequests: active_requests,
      stale: feed.stale_since !== null,
    };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** Asks for the end of every session that still holds its charge point. Resolves with how many. */
export async function stopSessions(places: Places, centralUrl: string): Promise<number> {
  const token = await openTokens(places.tokenKey).sign({ sub: "load", role: "operator", expiresInS: 600 });
  const table = openSqliteTable(tablePath(places));
  try {
    const rows = (await Promise.all(partitions.cps.map((pk) => table.query<CpRow>(pk)))).flat();
    const sids = rows.flatMap(({ value: { claim } }) =>
      claim && claim.state !== "finishing" ? [claim.sid] : [],
    );
    await Promise.all(
      sids.map((sid) =>
        fetch(`${centralUrl}/sessions/${sid}/stop`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}` },
        }),
      ),
    );
    return sids.length;
  } finally {
    await table.close();
  }
}

/** Every bill made since `fromMs`. */
export async function readBills(places: Places, fromMs: number): Promise<Bill[]> {
  const table = openSqliteTable(tablePath(places));
  try {
    const days = [...new Set([dayOf(fromMs), dayOf(Date.now())])];
    const entries = (
      await Promise.all(days.map((day) => table.query<IndexRow>(keys.cdrOfDay(Date.parse(day), "").pk)))
    ).flat();
    const bills = (await readAll(
      table,
      entries.map(({ value: { driver, sid } }) => keys.cdr(driver, sid)),
    )) as (CdrRow | undefined)[];
    return bills.flatMap((bill) => (bill ? [{ sid: bill.sid, cp: bill.cp, energyWh: bill.energyWh }] : []));
  } finally {
    await table.close();
  }
}

function tablePath(places: Places): string {
  return join(places.data, "central.db");
}
