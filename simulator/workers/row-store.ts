// What the boxes or phones of a worker keep, one row each in one file. A killed process loses nothing of it, the
// machine's own power cut may: that is worth an fsync per row to a real phone, not to hundreds of simulated ones.
import { DatabaseSync } from "node:sqlite";
import type { z } from "zod";

export interface RowStore<T> {
  read(key: string): T | undefined;
  write(key: string, value: T): void;
  close(): void;
}

/** Opens or makes the file. Throws when it is damaged or cannot be written; `read` throws on a row of another shape. */
export function openRowStore<S extends z.ZodType>(path: string, schema: S): RowStore<z.infer<S>> {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=500;");
  db.exec("CREATE TABLE IF NOT EXISTS kept(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
  const select = db.prepare("SELECT value FROM kept WHERE key=?");
  const upsert = db.prepare(
    "INSERT INTO kept(key, value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value",
  );
  return {
    read(key) {
      const row = select.get(key);
      return row && schema.parse(JSON.parse(String(row.value)));
    },
    write(key, value) {
      upsert.run(key, JSON.stringify(value));
    },
    close: () => db.close(),
  };
}
