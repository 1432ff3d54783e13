import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JournalBroken, JournalFull, type NewEvent } from "../../../device-agent/journal/port.ts";
import { openJournalFile } from "../../../device-agent/journal/sqlite-journal.ts";
import { parseEnvelope } from "../../../wire/messages/index.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ev-journal-"));
  path = join(folder, "journal.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = { boot: "b", mono: 1, wall: 2, synced: true };
const event = (type: string, body: Record<string, unknown> = {}): NewEvent => ({ type, at, body });
const all = { epoch: 0, seq: 0 };

describe("what the journal promises", () => {
  test("its id stays, its epoch rises with every start, its state is the last commit's", () => {
    const first = openJournalFile(path).journalOf("CP-001");
    first.commit({ n: 1 }, [], true);
    first.close();
    const second = openJournalFile(path).journalOf("CP-001");
    expect([second.id === first.id, first.epoch, second.epoch, second.state]).toEqual([true, 1, 2, { n: 1 }]);
    second.close();
  });

  test("events are numbered without gaps, and each names the one before it on its Kafka topic", () => {
    const journal = openJournalFile(path).journalOf("CP-001");
    journal.commit(undefined, [event("hello"), event("meter"), event("meter")], true);
    journal.commit(undefined, [event("session.ended")], true);
    const entries = [
      ...journal.unacknowledged("urgent", null, 9),
      ...journal.unacknowledged("bulk", null, 9),
    ];
    const chain = entries
      .map((entry) => parseEnvelope(Buffer.from(entry.payload)))
      .map((parsed) =>
        parsed.ok ? [parsed.value.type, parsed.value.seq, parsed.value.prev] : parsed.reason,
      );
    expect(chain).toEqual([
      ["hello", 1, 0],
      ["session.ended", 4, 1],
      ["meter", 2, 0],
      ["meter", 3, 2],
    ]);
    journal.close();
  });

  test("acknowledged ranges are not given again, also after a restart; holes stay", () => {
    const journal = openJournalFile(path).journalOf("CP-001");
    journal.commit(undefined, [event("hello"), event("answer"), event("connector")], true);
    journal.acknowledge(1, [
      [1, 1],
      [3, 3],
    ]);
    expect(journal.backlog).toBe(1);
    journal.close();
    const again = openJournalFile(path).journalOf("CP-001");
    expect(again.unacknowledged("urgent", null, 9).map((entry) => entry.seq)).toEqual([2]);
    again.close();
  });

  test("an event of cp.events is kept until Central has processed it, a meter message until it is in Kafka", () => {
    const journal = openJournalFile(path).journalOf("CP-001");
    journal.commit(undefined, [event("hello"), event("meter"), event("answer")], true);
    journal.acknowledge(1, [[1, 3]]);
    journal.commit(undefined, [], true);
    expect(journal.oldestPending()).toEqual({ epoch: 1, seq: 1 });
    journal.forget(1, 1);
    expect(journal.oldestPending()).toEqual({ epoch: 1, seq: 3 });
    journal.forget(1, 3);
    expect(journal.oldestPending()).toEqual({ epoch: 1, seq: 4 });
    journal.close();
  });

  test("what is not acknowledged is not forgotten, whatever Central says", () => {
    const journal = openJournalFile(path).journalOf("CP-001");
    journal.commit(undefined, [event("session.ended")], true);
    journal.forget(1, 1);
    expect(journal.unacknowledged("urgent", all, 9)).toHaveLength(1);
    journal.close();
  });

  test("nor is it said to be done: Central cannot know how far an older epoch went", () => {
    const first = openJournalFile(path).journalOf("CP-001");
    first.commit(undefined, [event("hello"), event("session.ended")], true);
    first.acknowledge(1, [[1, 1]]);
    first.close();
    const journal = openJournalFile(path).journalOf("CP-001");
    journal.commit(undefined, [event("hello")], true);
    journal.acknowledge(2, [[1, 1]]);
    journal.forget(2, 1);
    expect(journal.oldestPending()).toEqual({ epoch: 1, seq: 2 });
    journal.acknowledge(1, [[2, 2]]);
    expect(journal.oldestPending()).toEqual({ epoch: 2, seq: 2 });
    journal.close();
  });

  test("a dead letter is kept and not sent again", () => {
    const journal = openJournalFile(path).journalOf("CP-001");
    journal.commit(undefined, [event("session.ended"), event("hello")], true);
    journal.park(1, 1, "dead-letter-7");
    expect(journal.unacknowledged("urgent", null, 9).map((entry) => entry.seq)).toEqual([2]);
    expect(journal.oldestPending()).toEqual({ epoch: 1, seq: 1 });
    journal.close();
  });

  test("a dead letter that was resolved holds nothing up any more", () => {
    const journal = openJournalFile(path).journalOf("CP-001");
    const names = ["session.ended", "answer", "hello", "connector"];
    journal.commit(
      undefined,
      names.map((name) => event(name)),
      true,
    );
    journal.park(1, 1, "dead-letter-7");
    journal.park(1, 2, "dead-letter-8");
    journal.unpark(1, 1, "replayed");
    expect(journal.unacknowledged("urgent", null, 9).map((entry) => entry.seq)).toEqual([3, 4]);
    expect(journal.oldestPending()).toEqual({ epoch: 1, seq: 1 });
    journal.forget(1, 1);
    expect(journal.oldestPending()).toEqual({ epoch: 1, seq: 2 });
    journal.unpark(1, 2, "dismissed");
    expect(journal.oldestPending()).toEqual({ epoch: 1, seq: 3 });
    // What Kafka has is never dismissed here.
    journal.acknowledge(1, [[3, 3]]);
    journal.unpark(1, 3, "dismissed");
    expect(journal.oldestPending()).toEqual({ epoch: 1, seq: 3 });
    // An event whose refusal was forgotten by a sudden end is not told again either.
    journal.unpark(1, 4, "replayed");
    expect([journal.backlog, journal.unacknowledged("urgent", null, 9)]).toEqual([0, []]);
    journal.close();
  });

  test("two charge points in one file have journals of their own", () => {
    const file = openJournalFile(path);
    const one = file.journalOf("CP-001");
    const two = file.journalOf("CP-002");
    one.commit({ cp: 1 }, [event("hello")], true);
    expect([two.backlog, two.id === one.id]).toEqual([0, false]);
    file.close();
  });
});

describe("when the world fails", () => {
  test("what a killed process said was committed is there, and nothing torn", async () => {
    const script = `
      import { openJournalFile } from "${join(import.meta.dirname, "../../../device-agent/journal/sqlite-journal.ts")}";
      const journal = openJournalFile(process.argv[2]).journalOf("CP-001");
      for (let n = 1; ; n++) {
        journal.commit({ n }, [{ type: "hello", at: ${JSON.stringify(at)}, body: { n } }], true);
        process.stdout.write(n + "\\n");
      }`;
    writeFileSync(join(folder, "writer.ts"), script);
    const child = spawn(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      join(folder, "writer.ts"),
      path,
    ]);
    let out = "";
    await new Promise<void>((resolve, reject) => {
      child.stderr.on("data", (text) => reject(new Error(String(text))));
      child.stdout.on("data", (text) => {
        out += text;
        if (out.split("\n").length > 50) resolve();
      });
    });
    const gone = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await gone;
    const said = Number(out.trim().split("\n").at(-1));
    const journal = openJournalFile(path).journalOf("CP-001");
    const kept = (journal.state as { n: number }).n;
    expect(kept).toBeGreaterThanOrEqual(said);
    expect(journal.backlog).toBe(kept);
    journal.close();
  });

  test("a full disk refuses meter messages and still takes the end of a session", () => {
    const journal = openJournalFile(path, 200_000).journalOf("CP-001");
    const bulky = event("meter", { text: "x".repeat(9_000) });
    expect(() => {
      for (let i = 0; i < 100; i++) journal.commit(undefined, [bulky], false);
    }).toThrow(JournalFull);
    const before = journal.backlog;
    journal.commit({ ended: true }, [event("session.ended", { text: "y".repeat(9_000) })], true);
    expect(journal.backlog).toBe(before + 1);
    expect(journal.unacknowledged("urgent", null, 9).map((entry) => entry.seq)).toEqual([before + 1]);
    journal.close();
  });

  test("the room kept back is for ends alone: meter messages wait until there is room again", () => {
    const journal = openJournalFile(path, 200_000).journalOf("CP-001");
    const meter = () => journal.commit(undefined, [event("meter", { text: "x".repeat(9_000) })], false);
    const end = () => journal.commit({}, [event("session.ended", { text: "y".repeat(9_000) })], true);
    expect(() => {
      for (let i = 0; i < 100; i++) meter();
    }).toThrow(JournalFull);
    for (let i = 0; i < 40; i++) {
      end();
      expect(meter).toThrow(JournalFull);
    }
    journal.acknowledge(1, [[1, 1_000]]);
    journal.forget(1, 1_000);
    end();
    meter();
    expect(journal.backlog).toBe(2);
    journal.close();
  });

  test("what bridge and Central say of events can wait for a full disk", () => {
    const journal = openJournalFile(path, 240_000).journalOf("CP-001");
    const many = Array.from({ length: 50 }, () => event("meter"));
    expect(() => {
      for (let i = 0; i < 100; i++) journal.commit(undefined, many, false);
    }).toThrow(JournalFull);
    const held = journal.backlog;
    expect(held, "more than are written down at once").toBeGreaterThan(500);
    journal.acknowledge(1, [[1, held - 1]]);
    journal.park(1, held, "dead-letter-1");
    journal.forget(1, 3);
    expect(journal.backlog).toBe(0);
    journal.close();
    expect(openJournalFile(path).journalOf("CP-001").epoch).toBe(2);
  });

  test("a damaged file is refused with its name, not guessed at", () => {
    writeFileSync(path, "this is no database, and it is longer than a header would be".repeat(20));
    expect(() => openJournalFile(path)).toThrow(JournalBroken);
  });

  test("torn bytes at the end of the write-ahead log lose no earlier commit", () => {
    const journal = openJournalFile(path).journalOf("CP-001");
    journal.commit({ n: 1 }, [event("hello")], true);
    journal.commit({ n: 2 }, [event("hello")], true);
    // The writer dies without closing: a copy of its files as they stand, the last frame torn.
    const copy = join(folder, "copy.db");
    for (const suffix of ["", "-wal"]) writeFileSync(`${copy}${suffix}`, readFileSync(`${path}${suffix}`));
    truncateSync(`${copy}-wal`, readFileSync(`${path}-wal`).length - 100);
    const torn = openJournalFile(copy).journalOf("CP-001");
    expect(torn.state).toEqual({ n: 1 });
    torn.close();
    journal.close();
  });
});
