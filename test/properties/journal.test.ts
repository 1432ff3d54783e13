// Two journals, one model: the real SQLite file and the simulation's disk obey the same few lines, through any
// sequence of commits, acknowledgements, dead letters, forgetting, clean ends and sudden deaths.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Journal, JournalFull, type NewEvent } from "../../device-agent/journal/port.ts";
import { openJournalFile } from "../../device-agent/journal/sqlite-journal.ts";
import { type Envelope, roadOf } from "../../wire/messages/index.ts";
import { newDisk, SimJournal } from "../simulation/journal.ts";

/** A disk that outlives the processes which open a journal on it. */
interface Disk {
  open(): Journal;
  /** The process dies: whatever it had not made durable is gone. */
  abandon(journal: Journal): void;
  remove(): void;
}

const cp = "CP-001";
// Nothing here is about surviving a power cut: a folder in memory is as good as a disk, and faster.
const fast = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(fast, "ev-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function sqliteDisk(maxBytes?: number): Disk {
  const path = join(folder, `${++files}.db`);
  const left: ReturnType<typeof openJournalFile>[] = [];
  let file: ReturnType<typeof openJournalFile> | undefined;
  return {
    open() {
      file = openJournalFile(path, maxBytes);
      return file.journalOf(cp);
    },
    abandon() {
      if (file) left.push(file);
    },
    remove() {
      for (const one of left) one.close();
    },
  };
}

function simulatedDisk(): Disk {
  const disk = newDisk("5111a7ed-0001");
  const none = { noFsync: false, noEpoch: false, alter: null };
  return {
    open: () =>
      new SimJournal(
        cp,
        disk,
        () => {},
        none,
        () => {},
      ),
    abandon() {},
    remove() {},
  };
}

interface Entry {
  epoch: number;
  seq: number;
  prev: number;
  type: string;
  n: number;
  fate: "waits" | "acked" | "parked";
  /** The fate is written down; else it is lost if the process dies before its next commit. */
  written: boolean;
}

/** What a journal promises, in as few words as possible. */
class Model {
  epoch = 1;
  state: unknown = null;
  #saved: unknown = null;
  #seq = 0;
  #last: Record<string, number> = {};
  #done = { epoch: 0, seq: 0 };
  #doneWritten = { epoch: 0, seq: 0 };
  readonly entries: Entry[] = [];

  commit(state: unknown, events: readonly NewEvent[]): void {
    if (state !== undefined) this.#saved = state;
    for (const { type, body } of events) {
      const { topic } = roadOf(type);
      this.#seq += 1;
      const prev = this.#last[topic] ?? 0;
      this.#last[topic] = this.#seq;
      const { epoch } = this;
      const entry: Entry = {
        epoch,
        seq: this.#seq,
        prev,
        type,
        n: Number(body.n),
        fate: "waits",
        written: true,
      };
      this.entries.push(entry);
    }
    this.#write();
  }

  #write(): void {
    for (const entry of this.entries) entry.written = true;
    this.#doneWritten = this.#done;
  }

  acknowledge(epoch: number, ranges: readonly (readonly [number, number])[]): void {
    for (const entry of this.waiting)
      if (entry.epoch === epoch && ranges.some(([from, to]) => entry.seq >= from && entry.seq <= to))
        Object.assign(entry, { fate: "acked", written: false });
  }

  park(epoch: number, seq: number): void {
    const entry = this.entries.find((one) => one.epoch === epoch && one.seq === seq);
    if (entry && (entry.fate === "waits" || !entry.written))
      Object.assign(entry, { fate: "parked", written: false });
  }

  unpark(epoch: number, seq: number, how: "replayed" | "dismissed"): void {
    const entry = this.entries.find((one) => one.epoch === epoch && one.seq === seq);
    if (!entry || entry.fate === "acked") return;
    if (how === "replayed") Object.assign(entry, { fate: "acked", written: true });
    else this.entries.splice(this.entries.indexOf(entry), 1);
  }

  forget(epoch: number, seq: number): void {
    if (!isAfter({ epoch, seq }, this.#done)) return;
    this.#done = { epoch, seq };
    this.#write();
  }

  /** Another process opens the journal, after a clean end or a sudden one. */
  reopen(clean: boolean): void {
    if (clean) this.#write();
    for (const entry of this.entries)
      if (!entry.written) Object.assign(entry, { fate: "waits", written: true });
    this.#done = this.#doneWritten;
    this.epoch += 1;
    this.#seq = 0;
    this.#last = {};
    this.state = this.#saved;
  }

  get waiting(): Entry[] {
    return this.entries.filter((entry) => entry.fate === "waits");
  }

  get oldestPending(): { epoch: number; seq: number } {
    const first = this.entries.find(
      (entry) => entry.type !== "meter" && (isAfter(entry, this.#done) || entry.fate === "waits"),
    );
    return first ? { epoch: first.epoch, seq: first.seq } : { epoch: this.epoch, seq: this.#seq + 1 };
  }
}

function isAfter(a: { epoch: number; seq: number }, b: { epoch: number; seq: number }): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}

const at = { boot: "b", mono: 1, wall: 2, synced: true };
let number = 0;
const eventOf = (type: string, text = ""): NewEvent => ({ type, at, body: { n: ++number, text } });

/** Mostly an event that is there (counted from the newest), sometimes a place where none ever was. */
const place = fc.record({
  newest: fc.option(fc.nat(12), { nil: undefined }),
  epoch: fc.integer({ min: 1, max: 4 }),
  seq: fc.integer({ min: 0, max: 30 }),
});
const placeIn = (
  model: Model,
  { newest, epoch, seq }: { newest?: number | undefined; epoch: number; seq: number },
) => (newest === undefined ? undefined : model.entries.at(-1 - newest)) ?? { epoch, seq };
const type = fc.constantFrom("hello", "answer", "connector", "session.ended", "meter", "meter", "meter");
const ranges = fc.array(
  fc
    .tuple(fc.integer({ min: -8, max: 4 }), fc.nat(5))
    .map(([from, more]): [number, number] => [from, from + more]),
  { minLength: 1, maxLength: 3 },
);
const op = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("commit" as const),
      state: fc.option(fc.record({ v: fc.nat(99) }), { nil: undefined }),
      types: fc.array(type, { maxLength: 4 }),
      urgent: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("acknowledge" as const), place, ranges }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("park" as const), place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("unpark" as const),
      place,
      how: fc.constantFrom("replayed" as const, "dismissed" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("forget" as const), place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("die" as const) }) },
);
type Op = typeof op extends fc.Arbitrary<infer O> ? O : never;

/** Applies one operation to both and returns the journal that is open afterwards. */
function apply(one: Op, journal: Journal, model: Model, disk: Disk): Journal {
  switch (one.do) {
    case "commit": {
      const events = one.types.map((name) => eventOf(name));
      journal.commit(one.state, events, one.urgent);
      model.commit(one.state, events);
      return journal;
    }
    case "acknowledge": {
      const { epoch, seq } = placeIn(model, one.place);
      const around = one.ranges.map(
        ([from, to]) => [Math.max(0, seq + from), Math.max(0, seq + to)] as const,
      );
      journal.acknowledge(epoch, around);
      model.acknowledge(epoch, around);
      return journal;
    }
    case "park": {
      const { epoch, seq } = placeIn(model, one.place);
      journal.park(epoch, seq, "dead-letter");
      model.park(epoch, seq);
      return journal;
    }
    case "unpark": {
      const { epoch, seq } = placeIn(model, one.place);
      journal.unpark(epoch, seq, one.how);
      model.unpark(epoch, seq, one.how);
      return journal;
    }
    case "forget": {
      const { epoch, seq } = placeIn(model, one.place);
      journal.forget(epoch, seq);
      model.forget(epoch, seq);
      return journal;
    }
    case "end":
      journal.close();
      model.reopen(true);
      return disk.open();
    case "die":
      disk.abandon(journal);
      model.reopen(false);
      return disk.open();
  }
}

/** Everything that the port shows, against the model; `frozen` keeps each event's bytes for ever. */
function compare(journal: Journal, model: Model, frozen: Map<string, string>): void {
  expect(journal.epoch).toBe(model.epoch);
  expect(journal.backlog).toBe(model.waiting.length);
  expect(journal.oldestPending()).toEqual(model.oldestPending);
  for (const kind of ["urgent", "bulk"] as const) {
    const expected = model.waiting.filter((entry) => (entry.type === "meter") === (kind === "bulk"));
    const shown = journal.unacknowledged(kind, null, 500);
    expect(shown.map(({ payload }) => said(payload))).toEqual(
      expected.map(({ epoch, seq, prev, type, n }) => ({ epoch, seq, prev, type, n })),
    );
    for (const { epoch, seq, payload } of shown) {
      const name = `${epoch}/${seq}`;
      expect(payload, `${name} is byte-identical at every resend`).toBe(frozen.get(name) ?? payload);
      frozen.set(name, payload);
    }
    const middle = expected[Math.floor(expected.length / 2)];
    if (!middle) continue;
    const rest = expected.filter((entry) => isAfter(entry, middle)).slice(0, 2);
    expect(journal.unacknowledged(kind, middle, 2).map(({ epoch, seq }) => [epoch, seq])).toEqual(
      rest.map(({ epoch, seq }) => [epoch, seq]),
    );
  }
}

function said(payload: string) {
  const { epoch, seq, prev, type, body } = JSON.parse(payload) as Envelope;
  return { epoch, seq, prev, type, n: body.n };
}

test.each([
  ["the SQLite file", () => sqliteDisk(), 60],
  ["the simulated disk", simulatedDisk, 300],
])("%s does what the model of a journal does", (_, newOne, numRuns) => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 40, size: "max" }), (ops) => {
      const disk = newOne();
      const model = new Model();
      const frozen = new Map<string, string>();
      let journal = disk.open();
      const { id } = journal;
      compare(journal, model, frozen);
      for (const one of ops) {
        const before = journal;
        journal = apply(one, journal, model, disk);
        compare(journal, model, frozen);
        if (journal !== before) expect([journal.id, journal.state]).toEqual([id, model.state]);
      }
      journal.close();
      disk.remove();
    }),
    { numRuns },
  );
});

test("a commit that a full disk refuses leaves no trace, and what is urgent goes in all the same", () => {
  const commit = fc.record({
    urgent: fc.constantFrom(false, false, false, true),
    kilobytes: fc.integer({ min: 1, max: 24 }),
    dies: fc.constantFrom(false, false, false, true),
  });
  let refused = 0;
  fc.assert(
    fc.property(fc.array(commit, { minLength: 8, maxLength: 40, size: "max" }), (commits) => {
      const disk = sqliteDisk(120_000);
      const model = new Model();
      const frozen = new Map<string, string>();
      let journal = disk.open();
      for (const { urgent, kilobytes, dies } of commits) {
        const size = urgent ? 1_000 : kilobytes * 1_000;
        const events = [eventOf(urgent ? "session.ended" : "meter", "x".repeat(size))];
        try {
          journal.commit({ n: number }, events, urgent);
          model.commit({ n: number }, events);
        } catch (error) {
          expect(error).toBeInstanceOf(JournalFull);
          expect(urgent).toBe(false);
          refused += 1;
        }
        if (dies) {
          disk.abandon(journal);
          model.reopen(false);
          journal = disk.open();
          expect(journal.state).toEqual(model.state);
        }
        compare(journal, model, frozen);
      }
      journal.close();
      disk.remove();
    }),
    { numRuns: 20 },
  );
  expect(refused).toBeGreaterThan(10);
});
