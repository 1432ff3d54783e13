// The journal in one SQLite file: WAL with synchronous=FULL, so that a commit that returned survives a power cut.
//
// A file may hold the journals of several charge points (a fleet worker); each has an id, epochs and events of
// its own. Acknowledgements are gathered and written with the next commit: losing them costs a resend.
import { randomUUID } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type Envelope, roadOf } from "../../wire/messages/index.ts";
import { type Journal, JournalBroken, JournalFull, type NewEvent, type OutboxEntry } from "./port.ts";

const sqliteFull = 13;
/** Room kept back on the disk for the ends of sessions, beside the database. */
const reserveBytes = 1_048_576;
const acksPerWrite = 500;

const schema = `
  CREATE TABLE IF NOT EXISTS journal(cp TEXT PRIMARY KEY, id TEXT NOT NULL, epoch INTEGER NOT NULL,
    state TEXT, doneEpoch INTEGER NOT NULL DEFAULT 0, doneSeq INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS event(cp TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL,
    bulk INTEGER NOT NULL, acked INTEGER NOT NULL DEFAULT 0, parked TEXT, payload TEXT NOT NULL,
    PRIMARY KEY(cp, epoch, seq)) WITHOUT ROWID;
`;

/** Pages of SQLite's default size. */
const pageBytes = 4096;

/**
 * An open journal file. `maxBytes` bounds it (default: the disk); ends of sessions may go beyond by the room
 * kept back. Throws JournalBroken when it is damaged or cannot be written.
 */
export function openJournalFile(path: string, maxBytes?: number): JournalFile {
  return guarded(path, () => new JournalFile(path, maxBytes));
}

export class JournalFile {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();

  readonly #maxBytes: number | undefined;

  constructor(path: string, maxBytes?: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#db = new DatabaseSync(path);
    this.#db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=200;");
    this.#db.exec(schema);
    const check = this.#db.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
    if (check.quick_check !== "ok") throw new Error(check.quick_check);
    keepReserve(path);
    if (maxBytes !== undefined) this.#db.exec(`PRAGMA max_page_count=${Math.ceil(maxBytes / pageBytes)}`);
  }

  /** Gives the room kept back to what must be written. */
  releaseReserve(): void {
    rmSync(`${this.#path}.reserve`, { force: true });
    if (this.#maxBytes !== undefined)
      this.#db.exec(`PRAGMA max_page_count=${Math.ceil((this.#maxBytes + reserveBytes) / pageBytes)}`);
  }

  /** The journal of one charge point: made when new, its epoch raised and durable when this returns. */
  journalOf(cp: string): Journal {
    return guarded(this.#path, () => new CpJournal(this, cp));
  }

  get path(): string {
    return this.#path;
  }

  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Runs `work` in one durable transaction. */
  transact(work: () => void): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }
}

class CpJournal implements Journal {
  readonly id: string;
  readonly epoch: number;
  readonly state: unknown;
  readonly #file: JournalFile;
  readonly #cp: string;
  #seq = 0;
  /** Last seq per Kafka topic in this epoch: the `prev` of the next event there. */
  readonly #last = new Map<string, number>();
  /** Acknowledged, not yet written down. */
  readonly #acked = new Set<string>();
  #backlog: number;

  constructor(file: JournalFile, cp: string) {
    this.#file = file;
    this.#cp = cp;
    const row = file.prepare("SELECT id, epoch, state FROM journal WHERE cp=?").get(cp) as
      | { id: string; epoch: number; state: string | null }
      | undefined;
    this.id = row?.id ?? randomUUID();
    this.epoch = (row?.epoch ?? 0) + 1;
    this.state = row?.state ? JSON.parse(row.state) : null;
    file.transact(() => {
      file
        .prepare(
          "INSERT INTO journal(cp, id, epoch) VALUES(?,?,?) ON CONFLICT(cp) DO UPDATE SET epoch=excluded.epoch",
        )
        .run(cp, this.id, this.epoch);
    });
    this.#backlog = this.#count();
  }

  get backlog(): number {
    return this.#backlog - this.#acked.size;
  }

  commit(state: unknown | undefined, events: readonly NewEvent[], urgent: boolean): void {
    try {
      this.#write(state, events);
    } catch (error) {
      if (!isFull(error)) throw broken(this.#file.path, error);
      if (!urgent) throw new JournalFull(`no room for the journal ${this.#file.path}: free some disk space`);
      this.#file.releaseReserve();
      guarded(this.#file.path, () => this.#write(state, events));
    }
  }

  #write(state: unknown | undefined, events: readonly NewEvent[]): void {
    const seqBefore = this.#seq;
    const lastBefore = new Map(this.#last);
    try {
      this.#file.transact(() => {
        if (state !== undefined)
          this.#file.prepare("UPDATE journal SET state=? WHERE cp=?").run(JSON.stringify(state), this.#cp);
        for (const event of events) this.#insert(event);
        this.#writeAcks();
      });
    } catch (error) {
      // What is rolled back was never published: its numbers are free again.
      this.#seq = seqBefore;
      this.#last.clear();
      for (const [topic, seq] of lastBefore) this.#last.set(topic, seq);
      throw error;
    }
    this.#backlog += events.length - this.#acked.size;
    this.#acked.clear();
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

  unacknowledged(
    kind: "urgent" | "bulk",
    after: { epoch: number; seq: number } | null,
    limit: number,
  ): OutboxEntry[] {
    if (limit <= 0 || this.backlog <= 0) return [];
    const rows = this.#file
      .prepare(
        "SELECT epoch, seq, type, payload FROM event WHERE cp=? AND acked=0 AND parked IS NULL AND bulk=? AND (epoch, seq) > (?,?) ORDER BY epoch, seq LIMIT ?",
      )
      .all(this.#cp, kind === "bulk" ? 1 : 0, after?.epoch ?? 0, after?.seq ?? 0, limit + this.#acked.size);
    return (rows as unknown as OutboxEntry[])
      .filter((entry) => !this.#acked.has(`${entry.epoch}/${entry.seq}`))
      .slice(0, limit);
  }

  acknowledge(epoch: number, ranges: readonly (readonly [number, number])[]): void {
    for (const [from, to] of ranges) {
      const rows = this.#file
        .prepare(
          "SELECT seq FROM event WHERE cp=? AND epoch=? AND seq BETWEEN ? AND ? AND acked=0 AND parked IS NULL",
        )
        .all(this.#cp, epoch, from, to) as { seq: number }[];
      for (const row of rows) this.#acked.add(`${epoch}/${row.seq}`);
    }
    if (this.#acked.size >= acksPerWrite) this.flush();
  }

  /** Writes gathered acknowledgements down; done with every commit, and when there are many. */
  flush(): void {
    if (this.#acked.size > 0) guarded(this.#file.path, () => this.#write(undefined, []));
  }

  /** Meter messages in Kafka are done with; events of cp.events wait for Central's word. */
  #writeAcks(): void {
    const mark = this.#file.prepare("UPDATE event SET acked=1 WHERE cp=? AND epoch=? AND seq=?");
    const drop = this.#file.prepare("DELETE FROM event WHERE cp=? AND epoch=? AND seq=? AND bulk=1");
    for (const name of this.#acked) {
      const [epoch, seq] = name.split("/").map(Number);
      mark.run(this.#cp, epoch ?? 0, seq ?? 0);
      drop.run(this.#cp, epoch ?? 0, seq ?? 0);
    }
    if (this.#acked.size > 0) this.#compact();
  }

  #compact(): void {
    this.#file
      .prepare(
        "DELETE FROM event WHERE cp=? AND acked=1 AND (epoch, seq) <= (SELECT doneEpoch, doneSeq FROM journal WHERE cp=?)",
      )
      .run(this.#cp, this.#cp);
  }

  park(epoch: number, seq: number, deadLetter: string): void {
    guarded(this.#file.path, () =>
      this.#file.transact(() => {
        this.#file
          .prepare("UPDATE event SET parked=? WHERE cp=? AND epoch=? AND seq=? AND acked=0")
          .run(deadLetter, this.#cp, epoch, seq);
      }),
    );
    this.#acked.delete(`${epoch}/${seq}`);
    this.#backlog = this.#count();
  }

  forget(epoch: number, seq: number): void {
    guarded(this.#file.path, () =>
      this.#file.transact(() => {
        this.#file
          .prepare("UPDATE journal SET doneEpoch=?, doneSeq=? WHERE cp=? AND (doneEpoch, doneSeq) < (?,?)")
          .run(epoch, seq, this.#cp, epoch, seq);
        this.#compact();
      }),
    );
    this.#backlog = this.#count();
  }

  oldestPending(): { epoch: number; seq: number } {
    const rows = this.#file
      .prepare(
        `SELECT epoch, seq, (epoch, seq) > (SELECT doneEpoch, doneSeq FROM journal WHERE cp=?) AS beyond FROM event
         WHERE cp=? AND bulk=0 AND (beyond OR (acked=0 AND parked IS NULL)) ORDER BY epoch, seq LIMIT ?`,
      )
      .all(this.#cp, this.#cp, this.#acked.size + 1) as { epoch: number; seq: number; beyond: number }[];
    const first = rows.find((row) => row.beyond === 1 || !this.#acked.has(`${row.epoch}/${row.seq}`));
    return first ? { epoch: first.epoch, seq: first.seq } : { epoch: this.epoch, seq: this.#seq + 1 };
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(dirname(this.#file.path));
    return bavail * bsize;
  }

  #count(): number {
    const row = this.#file
      .prepare("SELECT count(*) AS n FROM event WHERE cp=? AND acked=0 AND parked IS NULL")
      .get(this.#cp) as { n: number };
    return row.n;
  }

  close(): void {
    this.flush();
    this.#file.close();
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === sqliteFull;
}

function broken(path: string, error: unknown): JournalBroken {
  const text = error instanceof Error ? error.message : String(error);
  return new JournalBroken(`journal ${path}: ${text}; what is durable is read again at the next start`, {
    cause: error,
  });
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof JournalBroken || error instanceof JournalFull ? error : broken(path, error);
  }
}

/** Writes the reserve file once; on a full disk its space is given back for what must be written. */
function keepReserve(path: string): void {
  if (path === ":memory:" || existsSync(`${path}.reserve`)) return;
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize < reserveBytes * 2) return;
  const file = openSync(`${path}.reserve`, "w");
  writeSync(file, Buffer.alloc(reserveBytes, 1));
  fsyncSync(file);
  closeSync(file);
}
