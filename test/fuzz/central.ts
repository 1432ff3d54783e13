// A Central for the fuzzer: the real process over a table with one of everything, and a Kafka behind it, so that what is
// asked for is decided.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSessionIds } from "../../central-fn/api/session-id.ts";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { feedsRow } from "../../central-fn/rules/feeds.ts";
import { operatorKeys } from "../../central-fn/tables/operator-rows.ts";
import type { Key } from "../../central-fn/tables/port.ts";
import { keys } from "../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../central-fn/tables/sqlite.ts";
import { freePorts } from "../../simulator/servers/ports.ts";
import { cdrRow, claimOf, cpRow, liveRow, nowMs, sessionRow } from "../central-fn/api/central.ts";

const root = join(import.meta.dirname, "../..");
const partitions = 8;

export interface FuzzedCentral {
  url: string;
  /** What stands in the paths: ids of rows that there are. */
  ids: Record<string, string>;
  token(role: "driver" | "operator"): Promise<string>;
  /** Lines of Central's log. */
  lines: string[];
  stop(): Promise<void>;
}

export async function startCentral(): Promise<FuzzedCentral> {
  const folder = mkdtempSync(join(tmpdir(), "ev-fuzz-"));
  const [kafkaPort = 0, httpPort = 0] = await freePorts(2);
  const file = join(folder, "central.db");
  const ids = await seed(file, join(folder, "token.key"));
  const children: ChildProcess[] = [];
  const lines: string[] = [];
  const start = (main: string, env: Record<string, string>) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(root, main)], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    return new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (text: Buffer) => {
        if (main.startsWith("central-fn")) lines.push(...text.toString().split("\n"));
        if (text.includes("started successfully")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`${main} ended with ${code}\n${lines.join("\n")}`)));
    });
  };
  await start("simulator/brokers/kafka/kafka-main.ts", {
    KAFKA_PORT: String(kafkaPort),
    KAFKA_DATA: join(folder, "kafka"),
  });
  await start("central-fn/local-main.ts", {
    KAFKA_BOOTSTRAP: `127.0.0.1:${kafkaPort}`,
    TABLE_URL: `sqlite:${file}`,
    TOKEN_KEY_PATH: join(folder, "token.key"),
    HTTP_PORT: String(httpPort),
    PARTITIONS: String(partitions),
    // A fuzzer is what these are made for; here it is to come through.
    ...Object.fromEntries(
      ["READ", "ORDER", "START", "PUBLIC", "FAILED"].map((budget) => [`RATE_${budget}`, "100000:100000"]),
    ),
  });
  const tokens = openTokens(join(folder, "token.key"));
  return {
    url: `http://127.0.0.1:${httpPort}`,
    ids,
    lines,
    token: (role) =>
      tokens.sign({ sub: role === "driver" ? "driver-alice" : "operator", role, expiresInS: 3_600 }),
    async stop() {
      // Central first: it has something to say to Kafka.
      for (const child of children.reverse()) {
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        await gone;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Ids by the name that they have in paths. */
async function seed(file: string, tokenKeyPath: string): Promise<Record<string, string>> {
  const table = openSqliteTable(file);
  const atMs = Date.now();
  const { mint } = openSessionIds(tokenKeyPath);
  const running = mint("driver-alice", "CP-003", "running");
  const billed = mint("driver-alice", "CP-002", "billed");
  const letter = "bridge/1";
  const driver = "driver-alice";
  const put = async (rows: [Key, unknown][]) => {
    await table.commit(rows.map(([key, value]) => ({ do: "put", key, value, expect: "any" })));
  };
  await put([
    [keys.cp("CP-001"), cpRow("CP-001")],
    [keys.cp("CP-002"), cpRow("CP-002")],
    [keys.cp("CP-003"), cpRow("CP-003", { claim: claimOf(running, driver, "charging") })],
    [keys.live("CP-003"), liveRow(running)],
    [keys.session(driver, running), sessionRow(running, driver)],
    [keys.session(driver, billed), sessionRow(billed, driver, { rank: "BILLED", cdrId: `CDR-${billed}` })],
    [keys.past(driver, atMs, billed), { sid: billed, driver, cp: "CP-002" }],
    [keys.cdr(driver, billed), { ...cdrRow(billed, driver), cdrId: `CDR-${billed.slice(2)}` }],
    [operatorKeys.sessionOwner(billed), { sid: billed, driver, cp: "CP-002" }],
    [operatorKeys.sessionOwner(running), { sid: running, driver, cp: "CP-003" }],
    [keys.sessionOfDay(atMs, billed), { sid: billed, driver, cp: "CP-002" }],
    [keys.cdrOfDay(atMs, billed), { sid: billed, driver, cp: "CP-002" }],
    [
      keys.transition("CP-002", atMs, 1),
      { cp: "CP-002", atMs, from: "ON", to: "BROKEN", cause: "engine KO" },
    ],
    [keys.driver(driver), { driver, activeSid: running, inboxLast: 1, inboxRead: 0, favorites: ["CP-002"] }],
    [
      keys.inbox(driver, 1),
      {
        sequence: 1,
        createdAtMs: atMs,
        type: "SESSION",
        message: "Started",
        sid: running,
        cp: "CP-003",
        event: "started",
      },
    ],
    [
      keys.deadLetter(letter),
      {
        id: letter,
        where: "bridge",
        topic: "ev/v1/00/CP-001/engine/events",
        reason: "no JSON",
        payloadBase64: Buffer.from("{").toString("base64"),
        event: null,
        atMs,
        resolved: null,
      },
    ],
    [
      keys.review(billed),
      {
        id: billed,
        cp: "CP-002",
        sid: billed,
        driver,
        cause: "journal lost",
        registerStartWh: 1_000,
        registerEndWh: 2_000,
        tariff: { version: 1, priceE5PerKwh: 30_000, currency: "EUR" },
        openedAtMs: atMs,
        settled: null,
      },
    ],
  ]);
  const feeds = Array.from({ length: partitions }, (_, feed) => feed);
  await put([[keys.feeds(0), feedsRow(feeds, nowMs, { "CP-001": nowMs })]]);
  await table.close();
  return {
    cp_id: "CP-002",
    driver_id: driver,
    session_id: billed,
    request_id: running,
    cdr_id: `CDR-${billed.slice(2)}`,
    letter_ref: Buffer.from(letter).toString("base64url"),
    review_id: billed,
  };
}
