// What a stopped charge point has not told Central yet decides whether its data may be forgotten.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openJournalFile } from "../../../device-agent/journal/sqlite-journal.ts";
import { untoldIn, whyKept } from "../../../simulator/fleet/untold-events.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ev-untold-"));
  path = join(dir, "journal.db");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const nothing = { events: 0, openSession: false };
const at = { boot: "b", mono: 1, wall: 2, synced: true };
const events = ["hello", "meter", "session.ended"].map((type) => ({ type, at, body: {} }));

test("the end of a session counts until it is in Kafka, meter samples do not", () => {
  const journal = openJournalFile(path).journalOf("CP-011");
  journal.commit({}, events, true);
  journal.acknowledge(journal.epoch, [[1, 1]]);
  journal.close();
  expect(untoldIn(path, "CP-011")).toEqual({ events: 1, openSession: false });
  expect(untoldIn(path, "CP-012")).toEqual(nothing);

  const again = openJournalFile(path).journalOf("CP-011");
  again.acknowledge(1, [[3, 3]]);
  again.close();
  expect(untoldIn(path, "CP-011")).toEqual(nothing);
});

test("no journal has nothing to tell", () => {
  expect(untoldIn(path, "CP-011")).toEqual(nothing);
});

test("an open session counts although every event of it is in Kafka: its end is nowhere but in the journal's state", () => {
  const journal = openJournalFile(path).journalOf("CP-011");
  journal.commit({ session: { sid: "S-CP-011-1" } }, events.slice(0, 2), true);
  journal.acknowledge(journal.epoch, [[1, 2]]);
  journal.close();
  expect(untoldIn(path, "CP-011")).toEqual({ events: 0, openSession: true });

  const again = openJournalFile(path).journalOf("CP-011");
  again.commit({ session: null }, [], true);
  again.close();
  expect(untoldIn(path, "CP-011")).toEqual(nothing);
});

test("data goes only when nothing is left to tell; else the way out is said", () => {
  expect(whyKept(nothing)).toBeNull();
  expect(whyKept({ events: 0, openSession: true })).toMatch(
    /^its session is still open: .*start it again first/,
  );
  expect(whyKept({ events: 3, openSession: true })).toMatch(/^its session is still open/);
  expect(whyKept({ events: 3, openSession: false })).toMatch(/^3 of its events have not reached Central/);
});
