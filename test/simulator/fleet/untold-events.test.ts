// What a stopped charge point has not told Central yet decides whether its data may be forgotten.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openJournalFile } from "../../../device-agent/journal/sqlite-journal.ts";
import { untoldEvents } from "../../../simulator/fleet/untold-events.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ev-untold-"));
  path = join(dir, "journal.db");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const at = { boot: "b", mono: 1, wall: 2, synced: true };
const events = ["hello", "meter", "session.ended"].map((type) => ({ type, at, body: {} }));

test("the end of a session counts until it is in Kafka, meter samples do not", () => {
  const journal = openJournalFile(path).journalOf("CP-011");
  journal.commit({}, events, true);
  journal.acknowledge(journal.epoch, [[1, 1]]);
  journal.close();
  expect(untoldEvents(path, "CP-011")).toBe(1);
  expect(untoldEvents(path, "CP-012")).toBe(0);

  const again = openJournalFile(path).journalOf("CP-011");
  again.acknowledge(1, [[3, 3]]);
  again.close();
  expect(untoldEvents(path, "CP-011")).toBe(0);
});

test("no journal has nothing to tell", () => {
  expect(untoldEvents(path, "CP-011")).toBe(0);
});
