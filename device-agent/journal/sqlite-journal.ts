// The journal in one SQLite file.
//
// A file may hold the journals of several charge points (a fleet worker); each has an id, epochs and events of
// its own. Acknowledgements and dead letters are gathered and written with the next commit or word of Central: losing
// them costs a resend, and a full disk need not take them at once.
import { randomUUID } from "node:crypto";
import { type Envelope, roadOf } from "../../wire/messages/index.ts";
import { type Journal, JournalFull, type NewEvent, type OutboxEntry } from "./port.ts";
import { freeBytesBeside } from "./room.ts";
import { type CommitGroup, guarded, SqliteFile } from "./sqlite-file.ts";

const notesPerWrite = 500;

/** A day without a link leaves 86,400 meter messages: session events are found without looking at each of those. */
const urgentEvents = "event INDEXED BY event_urgent WHERE bulk=0 AND";
const bulkEvents = "event WHERE bulk=1 AND";

export interface JournalFile {
  /**
   * The journal of one charge point: made when new, its epoch raised and durable when this returns. The file closes
   * with the last of its journals.
   */
  journalOf(cp: string): Journal;
  /** Id and raised epoch alone, durable: for who numbers messages and keeps none. The name is no charge point's. */
  raiseEpoch(name: string): { id: string; epoch: number };
  close(): void;
}

/**
 * An open journal file. `maxBytes` bounds it (default: the disk); ends of sessions may go beyond by the room
 * kept back. With a `group` commits are durable when the group has ended, not before. Throws JournalBroken when it is
 * damaged or cannot be written.
 */
export function openJournalFile(path: string, maxBytes?: number, group?: CommitGroup): JournalFile {
  const file = SqliteFile.open(path, maxBytes, group);
  let open = 0;
  const closed = () => {
    open -= 1;
    if (open === 0) file.close();
  };
  return {
    journalOf: (cp) =>
      guarded(path, () => {
        const journal = new CpJournal(file, cp, closed);
        open += 1;
        return journal;
      }),
    raiseEpoch: (name) => guarded(path, () => raise(file, name)),
    close: () => file.close(),
  };
}

interface JournalRow {
  id: string;
  epoch: number;
  state: string | null;
  doneEpoch: number;
  doneSeq: number;
}

/** The journal's row with its epoch raised; durable when this returns. */
function raise(file: SqliteFile, cp: string): JournalRow {
  const before = file
    .prepare("SELECT id, epoch, state, doneEpoch, doneSeq FROM journal WHERE cp=?")
    .get(cp) as JournalRow | undefined;
  const row = before ?? { id: randomUUID(), epoch: 0, state: null, doneEpoch: 0, doneSeq: 0 };
  const raised = { ...row, epoch: row.epoch + 1 };
  file.insist(() =>
    file.transact(() => {
      file
        .prepare(
          "INSERT INTO journal(cp, id, epoch) VALUES(?,?,?) ON CONFLICT(cp) DO UPDATE SET epoch=excluded.epoch",
        )
        .run(cp, raised.id, raised.epoch);
    }),
  );
  return raised;
}

interface Place {
  epoch: number;
  seq: number;
}

class CpJournal implements Journal {
  readonly id: string;
  readonly epoch: number;
  readonly state: unknown;
  readonly #file: SqliteFile;
  readonly #cp: string;
  readonly #onClose: () => void;
  #seq = 0;
  /** Last seq per Kafka topic in this epoch: the `prev` of the next event there. */
  readonly #last = new Map<string, number>();
  /** Settled, not yet written down: in Kafka (null), or the dead letter that it became. By `epoch/seq`. */
  readonly #settled = new Map<string, string | null>();
  /** Central's word, and whether it is written down. */
  #done: Place;
  #doneWritten = true;
  #backlog: number;

  constructor(file: SqliteFile, cp: string, onClose: () => void) {
    this.#file = file;
    this.#cp = cp;
    this.#onClose = onClose;
    const row = raise(file, cp);
    this.id = row.id;
    this.epoch = row.epoch;
    this.state = row.state ? JSON.parse(row.state) : null;
    this.#done = { epoch: row.doneEpoch, seq: row.doneSeq };
    const { n } = file
      .prepare("SELECT count(*) AS n FROM event WHERE cp=? AND acked=0 AND parked IS NULL")
      .get(cp) as { n: number };
    this.#backlog = n;
  }

  get backlog(): number {
    return this.#backlog - this.#settled.size;
  }

  commit(state: unknown, events: readonly NewEvent[], urgent: boolean): void {
    const write = () => this.#write(state, events);
    if (urgent) this.#file.insist(write);
    else if (!this.#file.attempt(write))
      throw new JournalFull(`no room for the journal ${this.#file.path}: free some disk space`);
  }

  #write(state: unknown, events: readonly NewEvent[]): void {
    const seqBefore = this.#seq;
    const lastBefore = new Map(this.#last);
    try {
      this.#file.transact(() => {
        if (state !== undefined)
          this.#file.prepare("UPDATE journal SET state=? WHERE cp=?").run(JSON.stringify(state), this.#cp);
        for (const event of events) this.#insert(event);
        this.#writeNotes();
      });
    } catch (error) {
      // What is rolled back was never published: its numbers are free again.
      this.#seq = seqBefore;
      this.#last.clear();
      for (const [topic, seq] of lastBefore) this.#last.set(topic, seq);
      throw error;
    }
    this.#backlog += events.length - this.#settled.size;
    this.#settled.clear();
    this.#doneWritten = true;
  }

  #insert(event: NewEvent): void {
    const { topic } = roadOf(event.type);
    this.#seq += 1;
    const envelope: Envelope = {
      v: 1,
      cp: this.#cp,
      src: "engine",
      journal: this.id,
      epoch: this.epoch,
      seq: this.#seq,
      prev: this.#last.get(topic) ?? 0,
      type: event.type,
      at: event.at,
      body: event.body,
    };
    this.#last.set(topic, this.#seq);
    this.#file
      .prepare("INSERT INTO event(cp, epoch, seq, type, bulk, payload) VALUES(?,?,?,?,?,?)")
      .run(
        this.#cp,
        this.epoch,
        this.#seq,
        event.type,
        event.type === "meter" ? 1 : 0,
        JSON.stringify(envelope),
      );
  }

  unacknowledged(kind: "urgent" | "bulk", after: Place | null, limit: number): OutboxEntry[] {
    if (limit <= 0 || this.backlog <= 0) return [];
    const rows = this.#file
      .prepare(
        `SELECT epoch, seq, type, payload FROM ${kind === "bulk" ? bulkEvents : urgentEvents}
         cp=? AND acked=0 AND parked IS NULL AND (epoch, seq) > (?,?) ORDER BY epoch, seq LIMIT ?`,
      )
      .all(this.#cp, after?.epoch ?? 0, after?.seq ?? 0, limit + this.#settled.size);
    return (rows as unknown as OutboxEntry[])
      .filter((entry) => !this.#settled.has(nameOf(entry)))
      .slice(0, limit);
  }

  acknowledge(epoch: number, ranges: readonly (readonly [number, number])[]): void {
    for (const [from, to] of ranges)
      for (const { seq } of this.#waiting(epoch, from, to)) {
        const name = nameOf({ epoch, seq });
        if (!this.#settled.has(name)) this.#settled.set(name, null);
      }
    this.#writeMany();
  }

  park(epoch: number, seq: number, deadLetter: string): void {
    if (this.#waiting(epoch, seq, seq).length > 0) this.#settled.set(nameOf({ epoch, seq }), deadLetter);
    this.#writeMany();
  }

  unpark(epoch: number, seq: number, how: "replayed" | "dismissed"): void {
    const name = nameOf({ epoch, seq });
    if (this.#settled.get(name) === null) return;
    const waited = this.#waiting(epoch, seq, seq).length > 0;
    const gone = "DELETE FROM event WHERE cp=? AND epoch=? AND seq=? AND acked=0";
    const statements =
      how === "dismissed"
        ? [gone]
        : // Meter messages in Kafka are done with.
          [
            `${gone} AND bulk=1`,
            "UPDATE event SET acked=1, parked=NULL WHERE cp=? AND epoch=? AND seq=? AND acked=0",
          ];
    const written = this.#file.attempt(() =>
      this.#file.transact(() => {
        for (const sql of statements) this.#file.prepare(sql).run(this.#cp, epoch, seq);
      }),
    );
    if (!written || !waited) return;
    this.#settled.delete(name);
    this.#backlog -= 1;
  }

  #waiting(epoch: number, from: number, to: number): { seq: number }[] {
    return this.#file
      .prepare(
        "SELECT seq FROM event WHERE cp=? AND epoch=? AND seq BETWEEN ? AND ? AND acked=0 AND parked IS NULL",
      )
      .all(this.#cp, epoch, from, to) as { seq: number }[];
  }

  forget(epoch: number, seq: number): void {
    if (!isAfter({ epoch, seq }, this.#done)) return;
    this.#done = { epoch, seq };
    this.#doneWritten = false;
    // At once, for a charge point that falls silent then must not keep what is done with.
    this.#writeNotesNow();
  }

  #writeMany(): void {
    if (this.#settled.size >= notesPerWrite) this.#writeNotesNow();
  }

  /** Where there is room; else with a later commit. */
  #writeNotesNow(): void {
    this.#file.attempt(() => this.#write(undefined, []));
  }

  /** Meter messages in Kafka are done with; events of cp.events wait for Central's word. */
  #writeNotes(): void {
    const mark = this.#file.prepare("UPDATE event SET acked=1 WHERE cp=? AND epoch=? AND seq=?");
    const drop = this.#file.prepare("DELETE FROM event WHERE cp=? AND epoch=? AND seq=? AND bulk=1");
    const park = this.#file.prepare("UPDATE event SET parked=? WHERE cp=? AND epoch=? AND seq=?");
    for (const [name, deadLetter] of this.#settled) {
      const [epoch = 0, seq = 0] = name.split("/").map(Number);
      if (deadLetter !== null) park.run(deadLetter, this.#cp, epoch, seq);
      else {
        mark.run(this.#cp, epoch, seq);
        drop.run(this.#cp, epoch, seq);
      }
    }
    if (this.#settled.size === 0 && this.#doneWritten) return;
    const { epoch, seq } = this.#done;
    this.#file.prepare("UPDATE journal SET doneEpoch=?, doneSeq=? WHERE cp=?").run(epoch, seq, this.#cp);
    this.#file
      .prepare(`DELETE FROM ${urgentEvents} cp=? AND acked=1 AND (epoch, seq) <= (?,?)`)
      .run(this.#cp, epoch, seq);
  }

  oldestPending(): Place {
    const { epoch, seq } = this.#done;
    const rows = this.#file
      .prepare(
        `SELECT epoch, seq FROM ${urgentEvents} cp=?
         AND ((epoch, seq) > (?,?) OR (acked=0 AND parked IS NULL)) ORDER BY epoch, seq LIMIT ?`,
      )
      .all(this.#cp, epoch, seq, this.#settled.size + 1) as unknown as Place[];
    const first = rows.find((row) => isAfter(row, this.#done) || !this.#settled.has(nameOf(row)));
    return first ? { epoch: first.epoch, seq: first.seq } : { epoch: this.epoch, seq: this.#seq + 1 };
  }

  freeBytes(): number {
    return freeBytesBeside(this.#file.path);
  }

  close(): void {
    if (this.#settled.size > 0 || !this.#doneWritten) this.#writeNotesNow();
    this.#onClose();
  }
}

function nameOf({ epoch, seq }: Place): string {
  return `${epoch}/${seq}`;
}

function isAfter(a: Place, b: Place): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}
