// Reads an engine's journal beside the engine: of a killed one from a copy, so that nothing of it is touched.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { JournalAtRest } from "./history.ts";

/** `killedAtMs` null: nobody killed the engine; it has ended or has nothing to do. */
export function readJournal(path: string, cp: string, killedAtMs: number | null): JournalAtRest {
  const folder = mkdtempSync(join(tmpdir(), "ev-journal-"));
  try {
    const copy = join(folder, basename(path));
    for (const part of ["", "-wal"]) if (existsSync(path + part)) copyFileSync(path + part, copy + part);
    const file = new DatabaseSync(copy);
    try {
      const row = file.prepare("SELECT id, epoch, state FROM journal WHERE cp=?").get(cp) as
        | { id: string; epoch: number; state: string | null }
        | undefined;
      const events = file
        .prepare("SELECT epoch, seq, acked, parked, payload FROM event WHERE cp=? ORDER BY epoch, seq")
        .all(cp) as { epoch: number; seq: number; acked: number; parked: string | null; payload: string }[];
      return {
        cp,
        killedAtMs,
        id: row?.id ?? "",
        epoch: row?.epoch ?? 0,
        state: row?.state ? JSON.parse(row.state) : null,
        events: events.map(({ epoch, seq, acked, parked, payload }) => ({
          epoch,
          seq,
          acked: acked === 1,
          parked: parked !== null,
          payload,
        })),
      };
    } finally {
      file.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
