// How much a charge point's journal still has to tell Central, read beside a stopped engine.
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** Session events in the journal that are not in Kafka yet (meter samples, which may be thinned, not counted). */
export function untoldEvents(journalPath: string, cp: string): number {
  if (!existsSync(journalPath)) return 0;
  const journal = new DatabaseSync(journalPath, { readOnly: true });
  try {
    const row = journal.prepare("SELECT count(*) AS n FROM event WHERE cp=? AND acked=0 AND bulk=0").get(cp);
    return Number(row?.n ?? 0);
  } finally {
    journal.close();
  }
}
