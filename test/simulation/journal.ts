// The journal port on a simulated disk: a commit is whole or not at all, a crash can come on either side of it.
import {
  type Journal,
  JournalFull,
  type NewEvent,
  type OutboxEntry,
} from "../../device-agent/journal/port.ts";
import { roadOf } from "../../wire/messages/index.ts";

interface Stored extends OutboxEntry {
  bulk: boolean;
  acked: boolean;
  /** What this process heard of it: written down with its next commit, lost if it dies before. */
  noted: "acked" | "parked" | null;
  parked: boolean;
}

/** What survives: a deep copy at every commit. */
export interface SimDisk {
  id: string;
  epoch: number;
  state: string | null;
  events: Stored[];
  done: { epoch: number; seq: number };
  /** No room for meter samples and new sessions. */
  full: boolean;
}

export const newDisk = (id: string): SimDisk => ({
  id,
  epoch: 0,
  state: null,
  events: [],
  done: { epoch: 0, seq: 0 },
  full: false,
});

const upTo = (event: { epoch: number; seq: number }, place: { epoch: number; seq: number }) =>
  event.epoch < place.epoch || (event.epoch === place.epoch && event.seq <= place.seq);

/** Called before and after a commit is durable: may throw the crash of the process. */
export type CrashPoint = (when: "before" | "after") => void;

export interface SimJournalBugs {
  /** Commits reach the disk only later. */
  noFsync: boolean;
  noEpoch: boolean;
  /** Durable state is changed on its way to the disk. */
  alter: ((state: unknown, events: readonly NewEvent[]) => unknown) | null;
}

export class SimJournal implements Journal {
  readonly id: string;
  readonly epoch: number;
  readonly state: unknown;
  readonly #cp: string;
  readonly #disk: SimDisk;
  readonly #crash: CrashPoint;
  readonly #bugs: SimJournalBugs;
  /** Every envelope ever made durable, for the checker. */
  readonly #written: (payload: string) => void;
  #seq = 0;
  readonly #last = new Map<string, number>();
  /** Central's word, as far as this process heard it. */
  #done: { epoch: number; seq: number };
  /** With the bug noFsync: what the disk has not seen yet. */
  #unsynced: (() => void)[] = [];
  #cache: Stored[] = [];

  constructor(
    cp: string,
    disk: SimDisk,
    crash: CrashPoint,
    bugs: SimJournalBugs,
    written: (payload: string) => void,
  ) {
    this.#cp = cp;
    this.#disk = disk;
    this.#crash = crash;
    this.#bugs = bugs;
    this.#written = written;
    this.id = disk.id;
    if (!bugs.noEpoch) disk.epoch += 1;
    else disk.epoch = Math.max(1, disk.epoch);
    this.epoch = disk.epoch;
    this.state = disk.state === null ? null : JSON.parse(disk.state);
    for (const event of disk.events) event.noted = null;
    this.#done = disk.done;
    this.#cache = disk.events;
  }

  get backlog(): number {
    let n = 0;
    for (const event of this.#cache) if (waits(event)) n += 1;
    return n;
  }

  commit(state: unknown, events: readonly NewEvent[], urgent: boolean): void {
    if (this.#disk.full && !urgent) throw new JournalFull("simulated disk full");
    this.#crash("before");
    const altered = this.#bugs.alter && state !== undefined ? this.#bugs.alter(state, events) : state;
    const text = altered === undefined ? null : JSON.stringify(altered);
    const stored = events.map((event) => this.#freeze(event));
    const sync = () => {
      if (text !== null) this.#disk.state = text;
      if (this.#bugs.noFsync) this.#disk.events = [...this.#disk.events, ...stored];
      else this.#disk.events.push(...stored);
      for (const event of stored) this.#written(event.payload);
    };
    if (this.#bugs.noFsync) {
      this.#unsynced.push(sync);
      this.#cache = [...this.#cache, ...stored];
      if (this.#unsynced.length > 3) this.#unsynced.shift()?.();
    } else {
      sync();
      this.#cache = this.#disk.events;
    }
    this.#writeNotes();
    this.#crash("after");
  }

  #freeze(event: NewEvent): Stored {
    const { topic } = roadOf(event.type);
    this.#seq += 1;
    const payload = JSON.stringify({
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
    });
    this.#last.set(topic, this.#seq);
    const bulk = event.type === "meter";
    return {
      epoch: this.epoch,
      seq: this.#seq,
      type: event.type,
      payload,
      bulk,
      acked: false,
      noted: null,
      parked: false,
    };
  }

  unacknowledged(
    kind: "urgent" | "bulk",
    after: { epoch: number; seq: number } | null,
    limit: number,
  ): OutboxEntry[] {
    const out: OutboxEntry[] = [];
    if (limit <= 0) return out;
    for (const event of this.#cache) {
      if (!waits(event) || event.bulk !== (kind === "bulk")) continue;
      if (after && upTo(event, after)) continue;
      out.push(event);
      if (out.length >= limit) break;
    }
    return out;
  }

  acknowledge(epoch: number, ranges: readonly (readonly [number, number])[]): void {
    for (const event of this.#cache)
      if (event.epoch === epoch && ranges.some(([from, to]) => event.seq >= from && event.seq <= to))
        if (waits(event)) event.noted = "acked";
  }

  park(epoch: number, seq: number, _deadLetter: string): void {
    for (const event of this.#cache)
      if (event.epoch === epoch && event.seq === seq && !event.acked && !event.parked) event.noted = "parked";
  }

  unpark(epoch: number, seq: number, how: "replayed" | "dismissed"): void {
    const event = this.#cache.find((one) => one.epoch === epoch && one.seq === seq);
    if (!event || event.acked || event.noted === "acked" || this.#disk.full) return;
    if (how === "replayed") Object.assign(event, { acked: true, noted: null, parked: false });
    else {
      this.#disk.events = this.#disk.events.filter((one) => one !== event);
      this.#cache = this.#bugs.noFsync ? this.#cache.filter((one) => one !== event) : this.#disk.events;
    }
  }

  forget(epoch: number, seq: number): void {
    if (upTo({ epoch, seq }, this.#done)) return;
    this.#done = { epoch, seq };
    if (!this.#disk.full) this.#writeNotes();
  }

  #writeNotes(): void {
    this.#disk.done = this.#done;
    for (const event of this.#cache) {
      if (event.noted === "acked") event.acked = true;
      if (event.noted === "parked") event.parked = true;
      event.noted = null;
    }
    const keep = (event: Stored) => !event.acked || (!event.bulk && !upTo(event, this.#done));
    if (this.#cache.every(keep)) return;
    this.#disk.events = this.#disk.events.filter(keep);
    this.#cache = this.#bugs.noFsync ? this.#cache.filter(keep) : this.#disk.events;
  }

  oldestPending(): { epoch: number; seq: number } {
    const first = this.#cache.find((event) => !event.bulk && (waits(event) || !upTo(event, this.#done)));
    return first ? { epoch: first.epoch, seq: first.seq } : { epoch: this.epoch, seq: this.#seq + 1 };
  }

  freeBytes(): number {
    return this.#disk.full ? 0 : 1e12;
  }

  close(): void {
    this.#writeNotes();
  }
}

/** Still to be told. */
export function waits(event: Pick<Stored, "acked" | "noted" | "parked">): boolean {
  return !event.acked && event.noted === null && !event.parked;
}
