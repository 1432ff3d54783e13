// Central as simulated short-lived handlers around the production plans: each step (read, commit, send) may be
// interleaved with others' and may be the last before a crash. The table is the only memory, but for who was merely
// heard (heard.ts).

import { chainsOf, outRecord } from "../../central-fn/on-event/batch.ts";
import type { KafkaRecord } from "../../central-fn/on-event/dead-letters.ts";
import {
  carryOut,
  isRetriable,
  type Step,
  type StepAnswer,
  type Steps,
} from "../../central-fn/on-event/execute.ts";
import { HeardMemory } from "../../central-fn/on-event/heard.ts";
import type { Plan, Rows, Send } from "../../central-fn/on-event/plan.ts";
import { isDue, planSweep, type SweepTimes, sweepTimes } from "../../central-fn/on-event/sweep.rules.ts";
import { burial, type Work, worksOf } from "../../central-fn/on-event/works.ts";
import { feedIn } from "../../central-fn/rules/feeds.ts";
import type { Row } from "../../central-fn/tables/port.ts";
import { type CpRow, type FeedsRow, keys } from "../../central-fn/tables/rows.ts";
import { partitionOf } from "../../wire/messages/index.ts";
import { type MemoryTable, memoryTable } from "../support/memory-table.ts";
import { canaryEveryMs } from "./bridge.ts";
import { type SimKafka, SimReader, type SimRecord } from "./kafka.ts";
import type { World } from "./world.ts";

export interface CentralBugs {
  /** Events are never recognised as seen. */
  noDedup: boolean;
  /** Offsets are committed before the effect. */
  commitFirst: boolean;
  /** Changes rows as a plan reads them. */
  alterRow: ((row: Row) => Row) | null;
  /** Changes the writes of a decision. */
  alterWrites: ((step: Extract<Step, { do: "commit" }>) => Extract<Step, { do: "commit" }>) | null;
  alterSends: ((sends: readonly Send[]) => readonly Send[]) | null;
  /** A record that a handler need not look at. */
  skip: ((record: SimRecord, table: MemoryTable) => boolean) | null;
  noSweep: boolean;
  /** Commits regardless of what was read. */
  noVersions: boolean;
}

/** How Central runs. */
export interface CentralForm {
  /** Charge points of one partition are worked off side by side; else one after the other, as a busy process may. */
  sideBySide: boolean;
  /** Processes live on after a batch and keep for a second what was merely heard; else they are functions. */
  livesOn: boolean;
}

export const simSweepTimes: SweepTimes = {
  ...sweepTimes,
  staleFeedMs: canaryEveryMs * 3,
  overdueMs: 15 * 60_000,
};

const sweepEveryMs = 20_000;
const topics = ["cp.events", "cp.telemetry", "cp.status", "driver.requests", "operator.requests"];

export class SimCentral {
  readonly table: MemoryTable = memoryTable();
  up = true;
  /** Chance that a handler dies at one of its steps. */
  crash = 0;
  /** Chance that the table answers "unavailable". */
  unavailable = 0;
  handled = 0;
  deadLetters = 0;
  logs: string[] = [];
  /** Charge points that an operator was called to. */
  readonly alerted = new Set<string>();
  readonly readers: SimReader[] = [];
  readonly #world: World;
  readonly #kafka: SimKafka;
  readonly #bugs: CentralBugs;
  readonly #cps: readonly string[];
  readonly #form: CentralForm;
  /** What a handler's process keeps beside the table, and takes with it when it dies. */
  #heard: HeardMemory;

  constructor(world: World, kafka: SimKafka, bugs: CentralBugs, cps: readonly string[], form: CentralForm) {
    this.#form = form;
    this.#heard = new HeardMemory(form.livesOn);
    this.#world = world;
    this.#kafka = kafka;
    this.#bugs = bugs;
    this.#cps = cps;
    for (const topic of topics)
      for (let partition = 0; partition < kafka.partitions; partition++) {
        const reader: SimReader = new SimReader(world, kafka, "central", topic, partition, (records, done) =>
          this.#handle(reader, records, done),
        );
        reader.commitFirst = bugs.commitFirst;
        this.readers.push(reader);
      }
    if (!bugs.noSweep) this.#sweepLater();
  }

  /** Status reports and canaries never cease: a few may be on their way. */
  get idle(): boolean {
    return this.readers.every((reader) => reader.lag <= (reader.topic === "cp.status" ? 3 : 0));
  }

  /** All handlers die; new ones come after `ms`. */
  outage(ms: number): void {
    this.up = false;
    this.#heard = new HeardMemory(this.#form.livesOn);
    for (const reader of this.readers) reader.interrupt(ms + this.#world.between(0, 2_000));
    this.#world.after(ms, () => {
      this.up = true;
    });
  }

  #handle(reader: SimReader, records: SimRecord[], done: (upTo: number) => void): void {
    const settings = { partitions: this.#kafka.partitions, heard: this.#heard };
    const first = records[0];
    if (!first) return;
    const kept = this.#bugs.skip
      ? records.filter((record) => !this.#bugs.skip?.(record, this.table))
      : records;
    const works = worksOf(kept.map(toKafkaRecord), settings);
    const chains = this.#form.sideBySide ? chainsOf(works) : [works];
    const notDone: number[] = [];
    let open = chains.length;
    const ended = (failedAt?: number) => {
      if (failedAt !== undefined) notDone.push(failedAt);
      open -= 1;
      if (open === 0) done(Math.min(...notDone, (records.at(-1)?.offset ?? first.offset) + 1));
    };
    if (open === 0) return done((records.at(-1)?.offset ?? first.offset) + 1);
    for (const chain of chains) this.#workOff(chain.values(), reader, ended);
  }

  /** One work after the other; `ended` is told the first offset that is not done, and nothing when the process died. */
  #workOff(works: ArrayIterator<Work>, reader: SimReader, ended: (failedAt?: number) => void): void {
    const { done, value: work } = works.next();
    if (done) return ended();
    const next = () => {
      this.handled += work.records.length;
      this.#workOff(works, reader, ended);
    };
    this.#walk(
      work.steps(this.#world.nowMs),
      (error) => {
        if (!error) return next();
        if (isRetriable(error)) return ended(work.firstOffset);
        this.deadLetters += work.records.length;
        this.logs.push(`buried: ${error.message}`);
        this.#walk(burial(work.records, error.message, this.#world.nowMs), next, () => {});
      },
      () => {
        this.#heard = new HeardMemory(this.#form.livesOn);
        reader.interrupt(this.#world.between(100, 10_000));
      },
    );
  }

  /** Walks through the steps, now and then letting others in between; `died` instead of `ended` at a crash. */
  #walk(steps: Steps<void>, ended: (error?: Error) => void, died: () => void): void {
    const world = this.#world;
    const go = (resume: () => IteratorResult<Step, void>): void => {
      let next: IteratorResult<Step, void>;
      try {
        next = resume();
        while (!next.done) {
          if (this.crash > 0 && world.chance(this.crash)) return died();
          const step = next.value;
          if (step.do === "send") {
            this.#send(step.sends, () => {
              if (this.crash > 0 && world.chance(this.crash)) return died();
              go(() => steps.next(undefined));
            });
            return;
          }
          if (world.chance(0.1)) {
            world.after(world.between(0, 30), () => go(() => this.#resume(steps, step)));
            return;
          }
          next = this.#resume(steps, step);
        }
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return ended(error);
      }
      ended();
    };
    go(() => steps.next());
  }

  #resume(steps: Steps<void>, step: Step): IteratorResult<Step, void> {
    if (this.unavailable > 0 && this.#world.chance(this.unavailable))
      return steps.throw(Object.assign(new Error("table unavailable"), { retriable: true }));
    return steps.next(this.#answer(step));
  }

  #answer(step: Step): StepAnswer {
    switch (step.do) {
      case "read":
        return { rows: step.keys.map((key) => this.#row(this.table.getNow(key))) };
      case "query":
        return { rows: this.table.queryNow(step.pk).map((row) => this.#row(row)) };
      case "commit": {
        const altered = this.#bugs.alterWrites ? this.#bugs.alterWrites(step) : step;
        const writes = this.#bugs.noVersions
          ? altered.writes.flatMap((write) =>
              write.do === "check" ? [] : [{ ...write, expect: "any" as const }],
            )
          : altered.writes;
        return { commit: writes.length === 0 ? { is: "done" } : this.table.commitNow(writes) };
      }
      case "send":
        return undefined;
      case "log":
        for (const line of step.lines) {
          this.#world.say("central", line.text);
          const cp = /^ALERT: CP (\S+) needs attention/.exec(line.text)?.[1];
          if (cp) this.alerted.add(cp);
        }
    }
    return undefined;
  }

  #row(row: Row | undefined): Row | undefined {
    if (!row) return row;
    let seen = row;
    if (this.#bugs.noDedup && row.pk.startsWith("cps#"))
      seen = { ...seen, value: { ...(seen.value as CpRow), marks: [] } };
    return this.#bugs.alterRow ? this.#bugs.alterRow(seen) : seen;
  }

  #send(sends: readonly Send[], done: () => void): void {
    const altered = this.#bugs.alterSends ? this.#bugs.alterSends(sends) : sends;
    if (altered.length === 0) return done();
    this.#kafka.produce(
      altered.map((send) => {
        const record = outRecord(send, this.#kafka.partitions);
        return { ...record, value: String(record.value), timestampMs: this.#world.nowMs };
      }),
      () => true,
      done,
    );
  }

  #sweepLater(): void {
    this.#world.after(sweepEveryMs, () => {
      if (this.up) this.#sweep();
      this.#sweepLater();
    });
  }

  #sweep(): void {
    const now = this.#world.nowMs;
    for (const cp of this.#cps) {
      const row = this.table.getNow<CpRow>(keys.cp(cp))?.value;
      if (!row) continue;
      const feed = partitionOf(cp, this.#kafka.partitions);
      const feedRow = feedIn(this.table.getNow<FeedsRow>(keys.feeds(feed))?.value, feed);
      if (!isDue(row, feedRow, now, simSweepTimes)) continue;
      const plan = (rows: Rows): Plan => planSweep(rows, cp, feed, now, simSweepTimes);
      this.#walk(
        carryOut(plan, now),
        () => {},
        () => {},
      );
    }
  }

  cpRow(cp: string): CpRow | undefined {
    return this.table.getNow<CpRow>(keys.cp(cp))?.value;
  }

  /** All rows whose partition starts with this. */
  rows<V>(pkPrefix: string, skPrefix = ""): { pk: string; sk: string; value: V }[] {
    return this.table.dump().filter((row) => row.pk.startsWith(pkPrefix) && row.sk.startsWith(skPrefix)) as {
      pk: string;
      sk: string;
      value: V;
    }[];
  }
}

function toKafkaRecord(record: SimRecord): KafkaRecord {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
    key: Buffer.from(record.key).toString("base64"),
    value: Buffer.from(record.value),
  };
}
