// How much a charge point's journal still has to tell Central, read beside a stopped engine.
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export interface Untold {
  /** Session events that are not in Kafka yet; meter samples, which may be thinned, do not count. */
  events: number;
  /** A session is open: its end and its energy are not even an event yet, and no bill is possible without them. */
  openSession: boolean;
}

/** What would go unbilled without this journal. */
export function untoldIn(journalPath: string, cp: string): Untold {
  if (!existsSync(journalPath)) return { events: 0, openSession: false };
  const journal = new DatabaseSync(journalPath, { readOnly: true });
  try {
    const row = journal.prepare("SELECT count(*) AS n FROM event WHERE cp=? AND acked=0 AND bulk=0").get(cp);
    const kept = journal.prepare("SELECT state FROM journal WHERE cp=?").get(cp)?.state;
    return { events: Number(row?.n ?? 0), openSession: hasSession(kept) };
  } finally {
    journal.close();
  }
}

/** Why the data of this charge point must stay; null when it may go. */
export function whyKept({ events, openSession }: Untold): string | null {
  const stays = "its data stays, so that nothing goes unbilled";
  if (openSession)
    return `its session is still open: ${stays}; start it again first (add it again: its engine closes the session and tells its end)`;
  if (events > 0)
    return `${events} of its events have not reached Central: ${stays} (add it again and they are sent)`;
  return null;
}

function hasSession(state: unknown): boolean {
  if (typeof state !== "string") return false;
  const durable: unknown = JSON.parse(state);
  return typeof durable === "object" && durable !== null && "session" in durable && durable.session !== null;
}
