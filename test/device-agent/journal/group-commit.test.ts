// Commits of many journals in one file, made durable together.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CommitGroup } from "../../../device-agent/journal/sqlite-file.ts";
import { openJournalFile } from "../../../device-agent/journal/sqlite-journal.ts";

const at = { boot: "b", mono: 1, wall: 1, synced: true };
const event = (n: number) => ({ type: "session.started", at, body: { n } });

let dir: string;
let path: string;
let ends: (() => void)[];
const group: CommitGroup = { begin: (end) => ends.push(end) };
const endGroup = () => ends.shift()?.();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "group-commit-"));
  path = join(dir, "journal.db");
  ends = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

/** What another process would find on the disk. */
function durable<T>(sql: string): T[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare(sql).all() as T[];
  } finally {
    db.close();
  }
}

test("commits of several journals are on the disk when their group has ended, and not before", () => {
  const file = openJournalFile(path, undefined, group);
  const one = file.journalOf("CP-001");
  const two = file.journalOf("CP-002");
  endGroup();
  expect(durable("SELECT cp, epoch FROM journal ORDER BY cp")).toMatchObject([
    { cp: "CP-001", epoch: 1 },
    { cp: "CP-002", epoch: 1 },
  ]);
  one.commit({ s: 1 }, [event(1), event(2)], true);
  two.commit({ s: 2 }, [event(3)], true);
  expect(ends).toHaveLength(1);
  expect(durable("SELECT cp FROM event")).toEqual([]);
  expect(one.unacknowledged("urgent", null, 10)).toHaveLength(2);
  endGroup();
  expect(durable("SELECT cp, seq FROM event ORDER BY cp, seq")).toMatchObject([
    { cp: "CP-001", seq: 1 },
    { cp: "CP-001", seq: 2 },
    { cp: "CP-002", seq: 1 },
  ]);
  one.close();
  two.close();
});

test("a commit that fails takes nothing of its group along, and its numbers are free again", () => {
  const file = openJournalFile(path, undefined, group);
  const one = file.journalOf("CP-001");
  const two = file.journalOf("CP-002");
  one.commit({ s: 1 }, [event(1)], true);
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  expect(() => two.commit({ s: 2 }, [event(2), { ...event(3), body: circular }], true)).toThrow(/circular/);
  two.commit({ s: 3 }, [event(4)], true);
  endGroup();
  expect(durable("SELECT cp, seq FROM event ORDER BY cp, seq")).toMatchObject([
    { cp: "CP-001", seq: 1 },
    { cp: "CP-002", seq: 1 },
  ]);
  one.close();
  two.close();
});

test("a process that dies with a group under way finds what was durable before it", () => {
  const file = openJournalFile(path, undefined, group);
  const one = file.journalOf("CP-001");
  one.commit({ s: 1 }, [event(1)], true);
  endGroup();
  one.commit({ s: 2 }, [event(2)], true);
  // Another process looks while the group is under way: what a kill now would leave.
  expect(durable("SELECT state FROM journal WHERE cp='CP-001'")).toMatchObject([{ state: '{"s":1}' }]);
  expect(durable("SELECT seq FROM event")).toMatchObject([{ seq: 1 }]);
  file.close();
});

test("a name that numbers messages and keeps none has an id and an epoch of its own", () => {
  const file = openJournalFile(path);
  const cp = file.journalOf("CP-001");
  const first = file.raiseEpoch("CP-001/monitor");
  const second = file.raiseEpoch("CP-001/monitor");
  expect(second).toMatchObject({ id: first.id, epoch: first.epoch + 1 });
  expect(first.id).not.toBe(cp.id);
  cp.close();
});

test("the file closes with the last of its journals", () => {
  const file = openJournalFile(path);
  const one = file.journalOf("CP-001");
  const two = file.journalOf("CP-002");
  one.close();
  two.commit({ s: 1 }, [event(1)], true);
  two.close();
  expect(() => file.journalOf("CP-003")).toThrow();
});
