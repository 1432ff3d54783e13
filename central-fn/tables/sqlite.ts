// The table on one machine: SQLite in a file, for local runs and on premises.
//
// 1. Commits asked for in the same turn of the event loop share one transaction and one fsync. Each is still
//    atomic by itself: its conditions are read before its first write, and it sees those before it in the turn.
// 2. A commit is answered only after the shared COMMIT is on disk (WAL, synchronous=FULL).
// 3. The transaction runs without a pause between its steps, so no reader of this process sees half of it.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { checkedRangeIsEmpty, checkedValues, checkKey, checkKeys } from "./limits.ts";
import type { CommitResult, Key, Known, QueryRange, Row, Table, Write } from "./port.ts";
import { sqliteError } from "./sqlite-errors.ts";

/** How long a statement waits for another process's lock; the event loop stands still meanwhile. */
const lockWaitMs = 1_000;
/** Above every sk: a noncharacter that no key contains. */
const last = "\u{10FFFF}";

interface Asked {
  writes: readonly Write[];
  values: string[];
  resolve(result: CommitResult): void;
  reject(error: Error): void;
}

/**
 * Opens (and makes, with its folder) the table in the file `path`, or in memory for ":memory:".
 * Throws TableUnavailable when the disk is full or another process holds the file, TableBroken when the file
 * is no database.
 */
export function openSqliteTable(path: string): Table {
  const db = openDatabase(path);
  const statements = prepare(db);
  let asked: Asked[] = [];
  let closed = false;

  const read = <T>(run: () => T): T => {
    try {
      return run();
    } catch (error) {
      throw sqliteError(path, error);
    }
  };

  const flush = () => {
    const batch = asked;
    asked = [];
    if (batch.length === 0) return;
    let results: CommitResult[];
    try {
      results = commitAll(db, statements, batch);
    } catch (error) {
      const refusal = sqliteError(path, error);
      for (const one of batch) one.reject(refusal);
      return;
    }
    batch.forEach((one, i) => {
      one.resolve(results[i] ?? { is: "done" });
    });
  };

  const getNow = <V>({ pk, sk }: Key) => toRow<V>(statements.get.get(pk, sk), pk);
  const unchanged = (key: Key, known: Known | undefined): Row | undefined => {
    const row = known?.(key);
    return row && statements.version.get(key.pk, key.sk)?.version === row.version ? row : undefined;
  };

  return {
    async get<V>(key: Key) {
      checkKey(key);
      return read(() => getNow<V>(key));
    },
    async getMany(keys, known) {
      checkKeys(keys);
      return read(() => keys.map((key) => unchanged(key, known) ?? getNow(key)));
    },
    async query<V>(pk: string, range: QueryRange = {}, known?: Known) {
      if (checkedRangeIsEmpty(range)) return [];
      const from = range.prefix ?? range.from ?? "";
      const to = range.prefix === undefined ? (range.to ?? last) : range.prefix + last;
      const limit = range.limit ?? -1;
      if (known) {
        const versions = range.newestFirst ? statements.newestVersions : statements.oldestVersions;
        return read(() =>
          versions.all(pk, from, to, limit).flatMap((found) => {
            const key = { pk, sk: String(found.sk) };
            const row = known(key);
            return (row?.version === found.version ? (row as Row<V>) : getNow<V>(key)) ?? [];
          }),
        );
      }
      const statement = range.newestFirst ? statements.newestFirst : statements.oldestFirst;
      return read(() => statement.all(pk, from, to, limit).flatMap((found) => toRow<V>(found, pk) ?? []));
    },
    async commit(writes) {
      const values = checkedValues(writes);
      if (closed) throw new Error(`table ${path} is closed`);
      return new Promise((resolve, reject) => {
        if (asked.length === 0) setImmediate(flush);
        asked.push({ writes, values, resolve, reject });
      });
    },
    async close() {
      if (closed) return;
      closed = true;
      flush();
      db.close();
    },
  };
}

function openDatabase(path: string): DatabaseSync {
  try {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    const db = new DatabaseSync(path, { timeout: lockWaitMs });
    const mode = db.prepare("PRAGMA journal_mode = WAL").get()?.journal_mode;
    if (mode !== "wal" && path !== ":memory:")
      throw new Error(`journal mode ${String(mode)}: the file system cannot hold a write-ahead log`);
    db.exec("PRAGMA synchronous = FULL");
    db.exec(`CREATE TABLE IF NOT EXISTS rows (
      pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL,
      PRIMARY KEY (pk, sk)) WITHOUT ROWID, STRICT`);
    return db;
  } catch (error) {
    throw sqliteError(path, error);
  }
}

type Statements = Record<
  | "get"
  | "oldestFirst"
  | "newestFirst"
  | "oldestVersions"
  | "newestVersions"
  | "version"
  | "put"
  | "delete"
  | "begin"
  | "commit",
  StatementSync
>;

function prepare(db: DatabaseSync): Statements {
  const within = "FROM rows WHERE pk = ? AND sk >= ? AND sk <= ? ORDER BY sk";
  const range = `SELECT sk, version, value ${within}`;
  const versions = `SELECT sk, version ${within}`;
  return {
    get: db.prepare("SELECT sk, version, value FROM rows WHERE pk = ? AND sk = ?"),
    oldestFirst: db.prepare(`${range} ASC LIMIT ?`),
    newestFirst: db.prepare(`${range} DESC LIMIT ?`),
    oldestVersions: db.prepare(`${versions} ASC LIMIT ?`),
    newestVersions: db.prepare(`${versions} DESC LIMIT ?`),
    version: db.prepare("SELECT version FROM rows WHERE pk = ? AND sk = ?"),
    put: db.prepare("INSERT OR REPLACE INTO rows (pk, sk, version, value) VALUES (?, ?, ?, ?)"),
    delete: db.prepare("DELETE FROM rows WHERE pk = ? AND sk = ?"),
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
  };
}

function commitAll(db: DatabaseSync, statements: Statements, batch: readonly Asked[]): CommitResult[] {
  statements.begin.run();
  try {
    const results = batch.map((one) => commitOne(statements, one));
    statements.commit.run();
    return results;
  } catch (error) {
    // A full disk ends the transaction by itself; every other failure leaves it open.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function commitOne(statements: Statements, { writes, values }: Asked): CommitResult {
  const versions = writes.map(({ key }) => Number(statements.version.get(key.pk, key.sk)?.version ?? 0));
  const conflicts = writes.filter(({ expect }, i) => expect !== "any" && expect !== versions[i]);
  if (conflicts.length > 0) return { is: "conflict", keys: conflicts.map(({ key }) => key) };
  writes.forEach((write, i) => {
    const { pk, sk } = write.key;
    if (write.do === "put") statements.put.run(pk, sk, (versions[i] ?? 0) + 1, values[i] ?? "null");
    if (write.do === "delete") statements.delete.run(pk, sk);
  });
  return { is: "done" };
}

function toRow<V>(found: Record<string, unknown> | undefined, pk: string): Row<V> | undefined {
  if (!found) return undefined;
  return { pk, sk: String(found.sk), version: Number(found.version), value: JSON.parse(String(found.value)) };
}
