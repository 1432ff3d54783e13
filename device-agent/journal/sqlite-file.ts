// The SQLite file under the journals: WAL with synchronous=FULL, so that a commit that returned survives a power
// cut; what SQLite says about disk and file in the journal's words.
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { JournalBroken, JournalFull } from "./port.ts";
import { giveRoomOf, type Room, roomOf } from "./room.ts";

const sqliteFull = 13;

/**
 * Commits of many journals made durable together. `begin` is called with the first commit of a group: `end`, called
 * soon after, makes the whole group durable. Until then nothing that follows from those commits may leave the
 * process; who opens a journal in a group sees to that.
 */
export interface CommitGroup {
  begin(end: () => void): void;
}

const schema = `
  CREATE TABLE IF NOT EXISTS journal(cp TEXT PRIMARY KEY, id TEXT NOT NULL, epoch INTEGER NOT NULL,
    state TEXT, doneEpoch INTEGER NOT NULL DEFAULT 0, doneSeq INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS event(cp TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL,
    bulk INTEGER NOT NULL, acked INTEGER NOT NULL DEFAULT 0, parked TEXT, payload TEXT NOT NULL,
    PRIMARY KEY(cp, epoch, seq)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS event_urgent ON event(cp, epoch, seq) WHERE bulk=0;
`;

export class SqliteFile {
  readonly path: string;
  readonly room: Room;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #group: CommitGroup | undefined;
  #grouped = false;

  private constructor(path: string, maxBytes: number | undefined, group: CommitGroup | undefined) {
    this.path = path;
    this.#group = group;
    this.#db = new DatabaseSync(path);
    try {
      this.#db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=200;");
      this.#db.exec(schema);
      const check = this.#db.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
      if (check.quick_check !== "ok") throw new Error(check.quick_check);
    } catch (error) {
      this.#db.close();
      throw error;
    }
    this.room = roomOf(path, this.#db, maxBytes);
  }

  /** Throws JournalBroken when the file is damaged or cannot be written; a full disk first gives its reserve. */
  static open(path: string, maxBytes?: number, group?: CommitGroup): SqliteFile {
    try {
      return new SqliteFile(path, maxBytes, group);
    } catch (error) {
      // For want of room SQLite may also say "disk I/O error": its index is mapped memory.
      if (!giveRoomOf(path)) throw broken(path, error);
      return guarded(path, () => new SqliteFile(path, maxBytes, group));
    }
  }

  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Runs `work` in one durable transaction; in a group, in one that becomes durable with the group. */
  transact(work: () => void): void {
    if (this.#group) return this.#transactInGroup(this.#group, work);
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  #transactInGroup(group: CommitGroup, work: () => void): void {
    if (!this.#grouped) {
      this.#db.exec("BEGIN IMMEDIATE");
      this.#grouped = true;
      group.begin(() => this.#endGroup());
    }
    this.#db.exec("SAVEPOINT one");
    try {
      work();
      this.#db.exec("RELEASE one");
    } catch (error) {
      // A full disk may have ended the whole group: what it held is lost, and with it what is known of the others.
      if (!this.#db.isTransaction) throw broken(this.path, error);
      this.#db.exec("ROLLBACK TO one; RELEASE one");
      throw error;
    }
  }

  #endGroup(): void {
    if (!this.#grouped) return;
    this.#grouped = false;
    this.insist(() => this.#db.exec("COMMIT"));
  }

  /**
   * Does what must be written: on a full disk in the room kept back for it. `write` may be called twice. Throws
   * JournalBroken.
   */
  insist(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!isFull(error)) throw broken(this.path, error);
      this.room.give();
      guarded(this.path, write);
    }
  }

  /** Does what can wait; false when the disk has no room for it now. Throws JournalBroken. */
  attempt(write: () => void): boolean {
    if (!this.room.kept()) return false;
    try {
      write();
      return true;
    } catch (error) {
      if (!isFull(error)) throw broken(this.path, error);
      return false;
    }
  }

  close(): void {
    this.#endGroup();
    this.#db.close();
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

/** Whatever goes wrong in there is JournalBroken. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof JournalBroken || error instanceof JournalFull ? error : broken(path, error);
  }
}
