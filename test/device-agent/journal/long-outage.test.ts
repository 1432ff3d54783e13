// A day without a link fills the journal with meter messages: what each turn asks of it must not take longer for that.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { openJournalFile } from "../../../device-agent/journal/sqlite-journal.ts";

const dir = mkdtempSync(join(tmpdir(), "journal-outage-"));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const at = { boot: "boot-1", mono: 1, wall: 1, synced: true };
const meter = {
  type: "meter",
  at,
  body: { mono0: 123_456_789, wh0: 123_456, dMs: [0], dWh: [0], w: [7_200] },
};

/** The shortest of several times, in ms. */
function quickest(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 20; n++) {
    const began = performance.now();
    work();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

test("session events are found among 20,000 waiting meter messages as fast as among a hundred, in a journal from before too", () => {
  const path = join(dir, "journal.db");
  const journal = openJournalFile(path).journalOf("CP-001");
  journal.commit({}, [{ type: "session.started", at, body: {} }], true);
  const asked = () => ({
    urgent: quickest(() => journal.unacknowledged("urgent", { epoch: 1, seq: 1 }, 5)),
    pending: quickest(() => journal.oldestPending()),
  });
  journal.commit(undefined, Array(100).fill(meter), false);
  journal.acknowledge(1, [[1, 1]]);
  journal.forget(1, 1);
  const short = asked();
  journal.commit(undefined, Array(20_000).fill(meter), false);
  const long = asked();
  // Looking at every row took a hundred times as long, and more.
  for (const what of ["urgent", "pending"] as const)
    expect(long[what], what).toBeLessThan(short[what] * 10 + 0.2);
  expect(journal.unacknowledged("urgent", null, 5)).toEqual([]);
  expect(journal.unacknowledged("bulk", null, 20)).toHaveLength(20);
  journal.close();

  const before = new DatabaseSync(path);
  before.exec("DROP INDEX event_urgent");
  before.close();
  const again = openJournalFile(path).journalOf("CP-001");
  again.commit({}, [{ type: "session.ended", at, body: {} }], true);
  expect(again.unacknowledged("urgent", null, 5)).toMatchObject([
    { epoch: 2, seq: 1, type: "session.ended" },
  ]);
  again.close();
});
