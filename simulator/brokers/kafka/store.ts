// Everything durable besides the records: topics, committed offsets, groups, checkpoints, the cluster's id. One
// SQLite file, locked for as long as the process lives, so that two brokers never share a folder. A commit is in the
// page cache when it returns: like the log it outlives the process, not the machine.
import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { Checkpoint } from "./log/partition-log.ts";
import type { TopicConfigs } from "./topic-configs.ts";

export interface StoredTopic {
  name: string;
  partitions: number;
  configs: TopicConfigs;
  deleting: boolean;
}

export interface CommittedOffset {
  topic: string;
  partition: number;
  offset: number;
  metadata: string | null;
}

const schema = `
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS topics (name TEXT PRIMARY KEY, partitions INT, configs TEXT, deleting INT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS checkpoints (topic TEXT, partition INT, state TEXT, PRIMARY KEY (topic, partition));
  CREATE TABLE IF NOT EXISTS groups (id TEXT PRIMARY KEY, state TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS offsets (grp TEXT, topic TEXT, partition INT, offset INT, metadata TEXT,
    PRIMARY KEY (grp, topic, partition)) WITHOUT ROWID;`;

export type Store = ReturnType<typeof openStore>;

/** Opens or makes the file. Throws `SQLITE_BUSY` ("database is locked") when another broker holds it. */
export function openStore(path: string) {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");
  db.exec(schema);
  db.exec("BEGIN EXCLUSIVE; COMMIT");
  const putFact = db.prepare("INSERT OR REPLACE INTO facts VALUES (?, ?)");
  const getFact = db.prepare("SELECT value FROM facts WHERE name = ?");
  const putTopic = db.prepare("INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?)");
  const putCheckpoint = db.prepare("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)");
  const getCheckpoint = db.prepare("SELECT state FROM checkpoints WHERE topic = ? AND partition = ?");
  const putGroup = db.prepare("INSERT OR REPLACE INTO groups VALUES (?, ?)");
  const putOffset = db.prepare("INSERT OR REPLACE INTO offsets VALUES (?, ?, ?, ?, ?)");
  const getOffset = db.prepare(
    "SELECT topic, partition, offset, metadata FROM offsets WHERE grp = ? AND topic = ? AND partition = ?",
  );
  const getOffsets = db.prepare(
    "SELECT topic, partition, offset, metadata FROM offsets WHERE grp = ? ORDER BY topic, partition",
  );
  const allTogether = (work: () => void) => {
    db.exec("BEGIN");
    try {
      work();
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  };
  const clusterId = String(getFact.get("cluster")?.value ?? randomBytes(16).toString("base64url"));
  putFact.run("cluster", clusterId);
  let producerId = Number(getFact.get("producer")?.value ?? 0);

  return {
    clusterId,
    /** A number no producer had before, restarts included. */
    nextProducerId(): number {
      producerId += 1;
      putFact.run("producer", producerId);
      return producerId;
    },
    topics(): StoredTopic[] {
      return db
        .prepare("SELECT * FROM topics ORDER BY name")
        .all()
        .map((row) => ({
          name: String(row.name),
          partitions: Number(row.partitions),
          configs: JSON.parse(String(row.configs)) as TopicConfigs,
          deleting: row.deleting === 1,
        }));
    },
    putTopic(topic: StoredTopic): void {
      putTopic.run(topic.name, topic.partitions, JSON.stringify(topic.configs), topic.deleting ? 1 : 0);
    },
    /** The topic with its checkpoints and every group's offsets in it. */
    forgetTopic(name: string): void {
      allTogether(() => {
        for (const [table, column] of [
          ["offsets", "topic"],
          ["checkpoints", "topic"],
          ["topics", "name"],
        ])
          db.prepare(`DELETE FROM ${table} WHERE ${column} = ?`).run(name);
      });
    },
    checkpoint(topic: string, partition: number): Checkpoint | undefined {
      const row = getCheckpoint.get(topic, partition);
      return row ? (JSON.parse(String(row.state)) as Checkpoint) : undefined;
    },
    putCheckpoint(topic: string, partition: number, state: Checkpoint): void {
      putCheckpoint.run(topic, partition, JSON.stringify(state));
    },
    groups(): { id: string; state: string }[] {
      return db
        .prepare("SELECT id, state FROM groups")
        .all()
        .map((row) => ({ id: String(row.id), state: String(row.state) }));
    },
    /** Groups that have committed something, whether they have members or not. */
    committingGroups(): string[] {
      return db
        .prepare("SELECT DISTINCT grp FROM offsets")
        .all()
        .map((row) => String(row.grp));
    },
    putGroup(id: string, state: string): void {
      putGroup.run(id, state);
    },
    putOffsets(group: string, offsets: readonly CommittedOffset[]): void {
      allTogether(() => {
        for (const one of offsets) putOffset.run(group, one.topic, one.partition, one.offset, one.metadata);
      });
    },
    offset(group: string, topic: string, partition: number): CommittedOffset | undefined {
      const row = getOffset.get(group, topic, partition);
      return row && committed(row);
    },
    offsets(group: string): CommittedOffset[] {
      return getOffsets.all(group).map(committed);
    },
    close(): void {
      db.close();
    },
  };
}

function committed(row: Record<string, unknown>): CommittedOffset {
  return {
    topic: String(row.topic),
    partition: Number(row.partition),
    offset: Number(row.offset),
    metadata: typeof row.metadata === "string" ? row.metadata : null,
  };
}
