// What the boxes of a worker keep, one row each in one file. A killed process loses nothing of it; the machine's own
// power cut may, as it would take the simulated boxes' mains.
import { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { SavedPoint } from "../charger/point.saved.ts";

const Kept = z.object({
  saved: SavedPoint,
  served: z.number().int().min(0),
  /** The car that is plugged in is among them. */
  counted: z.boolean(),
});
export type Kept = z.infer<typeof Kept>;

export interface ChargerMemory {
  read(cp: string): Kept | undefined;
  write(cp: string, kept: Kept): void;
  close(): void;
}

/** Opens or makes the file. Throws when it is damaged or cannot be written. */
export function openChargerMemory(path: string): ChargerMemory {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=500;");
  db.exec("CREATE TABLE IF NOT EXISTS charger(cp TEXT PRIMARY KEY, kept TEXT NOT NULL) WITHOUT ROWID");
  const select = db.prepare("SELECT kept FROM charger WHERE cp=?");
  const upsert = db.prepare(
    "INSERT INTO charger(cp, kept) VALUES(?,?) ON CONFLICT(cp) DO UPDATE SET kept=excluded.kept",
  );
  return {
    read(cp) {
      const row = select.get(cp);
      return row && Kept.parse(JSON.parse(String(row.kept)));
    },
    write(cp, kept) {
      upsert.run(cp, JSON.stringify(kept));
    },
    close: () => db.close(),
  };
}
