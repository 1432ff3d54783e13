// An application over a real table (SQLite in memory) with rows as the handlers write them; for the tests beside it.
import { randomBytes } from "node:crypto";
import { type App, createApp } from "../../../central-fn/api/app.ts";
import type { Appended, AppOptions } from "../../../central-fn/api/parts.ts";
import { type SessionIds, sessionIds } from "../../../central-fn/api/session-id.ts";
import { type Role, type Tokens, tokensOf } from "../../../central-fn/api/tokens.ts";
import { feedsRow } from "../../../central-fn/rules/feeds.ts";
import type { Key, Table } from "../../../central-fn/tables/port.ts";
import {
  type CdrRow,
  type CpRow,
  type FeedRow,
  keys,
  type LiveRow,
  type SessionRow,
} from "../../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../../central-fn/tables/sqlite.ts";
import { cpOfSid } from "../../../wire/messages/index.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { asDeclared } from "./declared.ts";

export const nowMs = Date.UTC(2026, 4, 3, 12);
export const partitions = 8;
/** Of every application that a test opens. */
export const ids: SessionIds = sessionIds(randomBytes(32));
export const sid = (cp: string, n = 1) => `S-${cp}-${n.toString(16).padStart(16, "0")}`;

export interface TestCentral {
  app: App;
  table: Table;
  tokens: Tokens;
  appended: Appended[];
  put(key: Key, value: unknown): Promise<void>;
  /**
   * Calls as `who` ("driver-alice", "operator"; null: without a token); a body is sent as JSON. Throws when the
   * answer is not what the route declares.
   */
  call(who: string | null, method: string, path: string, options?: CallOptions): Promise<Response>;
  close(): Promise<void>;
}

interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  role?: Role;
}

export function openCentral(options: Partial<AppOptions> = {}): TestCentral {
  const table = options.table ?? openSqliteTable(":memory:");
  const tokens = options.tokens ?? tokensOf(randomBytes(32));
  const appended: Appended[] = [];
  const app = createApp({
    table,
    append: async (record) => {
      appended.push(record);
    },
    now: () => nowMs,
    partitions,
    tokens,
    sessionIds: ids,
    log: silentLog,
    fleetFreshMs: 0,
    ...options,
  });
  return {
    app,
    table,
    tokens,
    appended,
    async put(key, value) {
      await table.commit([{ do: "put", key, value, expect: "any" }]);
    },
    async call(who, method, path, { body, headers = {}, role } = {}) {
      const all: Record<string, string> = { ...headers };
      if (who !== null) {
        const as = role ?? (who.startsWith("operator") ? "operator" : "driver");
        all.authorization = `Bearer ${await tokens.sign({ sub: who, role: as, expiresInS: 60 })}`;
      }
      const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
      const answer = await app.request(path, {
        method,
        headers: all,
        ...(text !== undefined && { body: text }),
      });
      await asDeclared(app, method, path, answer);
      return answer;
    },
    close: () => table.close(),
  };
}

/** A registered charge point of 22 kW at 0.30 €/kWh, heard a second ago, with nothing plugged in. */
export function cpRow(cp: string, change: Partial<CpRow> = {}): CpRow {
  return {
    cp,
    registration: {
      name: `Station ${cp}`,
      address: "Calle Larios 1",
      city: "Málaga",
      latitude: 36.72,
      longitude: -4.42,
      connectorType: "TYPE2",
      amenities: ["café"],
      powerW: 22_000,
      priceE5PerKwh: 30_000,
      currency: "EUR",
    },
    registeredAtMs: nowMs - 60_000,
    registeredBy: { journal: "11111111", epoch: 1, seq: 1 },
    tariff: { version: 1, priceE5PerKwh: 30_000, currency: "EUR" },
    health: {
      journal: "11111111",
      epoch: 1,
      conn: 1,
      seq: 9,
      engine: "OK",
      reason: null,
      intervalMs: 2_000,
      ttlMs: 6_000,
      sinceMs: nowMs - 50_000,
      willConn: null,
    },
    shown: { state: "ON", sinceMs: nowMs - 50_000, cause: "status report", n: 1 },
    marks: [],
    engine: {
      journal: "22222222",
      epoch: 1,
      seq: 3,
      firmware: "8.2.3",
      stamp: { boot: "b", mono: 1, wall: nowMs, synced: true },
      stampIngestMs: nowMs - 40_000,
      plugged: false,
      relayClosed: false,
      operative: true,
      registerWh: 1_000,
    },
    fence: 1,
    claim: null,
    commands: [],
    retired: false,
    ...change,
  };
}

export function claimOf(id: string, driver: string, state: NonNullable<CpRow["claim"]>["state"]) {
  return {
    sid: id,
    driver,
    cmdId: `${id}-start`,
    fence: 1,
    state,
    sinceMs: nowMs - 9_000,
    expiresAtMs: nowMs,
  };
}

export function sessionRow(id: string, driver: string, change: Partial<SessionRow> = {}): SessionRow {
  return {
    sid: id,
    driver,
    cp: cpOfSid(id) ?? "",
    vehicleId: "VEH-001",
    rank: "CHARGING",
    interrupted: false,
    overdue: false,
    limit: null,
    requestedAtMs: nowMs - 100_000,
    expiresAtMs: nowMs - 40_000,
    decidedAtMs: nowMs - 99_000,
    reason: null,
    fence: 1,
    cmdId: `${id}-start`,
    command: { state: "applied", reason: null },
    tariff: { version: 1, priceE5PerKwh: 30_000, currency: "EUR" },
    startedAtMs: nowMs - 90_000,
    endedAtMs: null,
    registerStartWh: 1_000,
    registerEndWh: null,
    energyWh: null,
    costMinor: null,
    stopReason: null,
    cdrId: null,
    ...change,
  };
}

export function liveRow(id: string, change: Partial<LiveRow> = {}): LiveRow {
  return {
    cp: cpOfSid(id) ?? "",
    journal: "22222222",
    epoch: 1,
    seq: 20,
    sid: id,
    powerW: 21_500,
    registerWh: 2_234,
    sessionWh: 1_234,
    mono: 100,
    ingestMs: nowMs - 500,
    ...change,
  };
}

export function cdrRow(id: string, driver: string): CdrRow {
  return {
    cdrId: `CDR-${id}`,
    sid: id,
    driver,
    cp: cpOfSid(id) ?? "",
    vehicleId: "VEH-001",
    startedAtMs: nowMs - 90_000,
    endedAtMs: nowMs - 10_000,
    durationMs: 80_000,
    registerStartWh: 1_000,
    registerEndWh: 11_005,
    energyWh: 10_005,
    tariff: { version: 1, priceE5PerKwh: 30_000, currency: "EUR" },
    amountMinor: 300,
    currency: "EUR",
    stopReason: "EVDisconnected",
    event: { journal: "22222222", epoch: 1, seq: 7 },
    createdAtMs: nowMs - 9_000,
  };
}

/** Every feed with a canary of now, and each of `cps` heard a second before. */
export async function hear(central: TestCentral, cps: readonly string[], change: Partial<FeedRow> = {}) {
  const feeds = Array.from({ length: partitions }, (_, feed) => feed);
  const heard = change.heard ?? Object.fromEntries(cps.map((cp) => [cp, nowMs - 1_000]));
  const canaryMs = change.canaryMs === undefined ? nowMs : change.canaryMs;
  await central.put(keys.feeds(0), feedsRow(feeds, canaryMs, heard));
}

/** Free: CP-001, CP-002. CP-003 charges for driver-alice, CP-004's car of driver-bob has not left. */
export async function seed(central: TestCentral): Promise<void> {
  const running = sid("CP-003");
  const ended = sid("CP-004", 4);
  await central.put(keys.cp("CP-001"), cpRow("CP-001"));
  await central.put(keys.cp("CP-002"), cpRow("CP-002"));
  await central.put(
    keys.cp("CP-003"),
    cpRow("CP-003", { claim: claimOf(running, "driver-alice", "charging") }),
  );
  await central.put(keys.cp("CP-004"), cpRow("CP-004", { claim: claimOf(ended, "driver-bob", "finishing") }));
  await central.put(keys.session("driver-alice", running), sessionRow(running, "driver-alice"));
  await central.put(keys.live("CP-003"), liveRow(running));
  await central.put(keys.driver("driver-alice"), {
    driver: "driver-alice",
    activeSid: running,
    inboxLast: 0,
    inboxRead: 0,
    favorites: [],
  });
  await hear(central, ["CP-001", "CP-002", "CP-003", "CP-004"]);
}
