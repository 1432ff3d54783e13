// A Kafka that keeps order per partition and loses nothing it acknowledged, and may be away, lose a response
// (so that its producer appends twice), deliver again, and rebalance.
import type { World } from "./world.ts";

export interface SimRecord {
  topic: string;
  partition: number;
  offset: number;
  key: string;
  value: string;
  timestampMs: number;
}

export interface Outgoing {
  topic: string;
  partition: number;
  key: string;
  value: string;
  timestampMs: number;
}

export class SimKafka {
  up = true;
  /** Chance that a response is lost although the records were appended: the producer sends them again. */
  lostResponse = 0;
  readonly partitions: number;
  appended = 0;
  readonly #world: World;
  readonly #logs = new Map<string, SimRecord[]>();
  readonly #offsets = new Map<string, number>();
  readonly #listeners = new Map<string, (() => void)[]>();

  constructor(world: World, partitions: number) {
    this.#world = world;
    this.partitions = partitions;
  }

  log(topic: string, partition: number): SimRecord[] {
    const name = `${topic}-${partition}`;
    let log = this.#logs.get(name);
    if (!log) {
      log = [];
      this.#logs.set(name, log);
    }
    return log;
  }

  /** Every record of a topic, partition by partition. */
  all(topic: string): SimRecord[] {
    return Array.from({ length: this.partitions }, (_, partition) => this.log(topic, partition)).flat();
  }

  /** Appends now and calls `done` at acks=all; while Kafka is away the identical batch is tried again for ever. */
  produce(records: readonly Outgoing[], alive: () => boolean, done: () => void): void {
    const world = this.#world;
    const attempt = () => {
      if (!alive()) return;
      if (!this.up) {
        world.after(world.between(100, 1_000), attempt);
        return;
      }
      for (const record of records) this.append(record);
      if (world.chance(this.lostResponse)) {
        world.after(world.between(500, 5_000), attempt);
        return;
      }
      world.after(world.between(1, 8), () => {
        if (alive()) done();
      });
    };
    world.after(world.between(1, 5), attempt);
  }

  append(record: Outgoing): void {
    const log = this.log(record.topic, record.partition);
    log.push({ ...record, offset: log.length });
    this.appended += 1;
    for (const wake of this.#listeners.get(`${record.topic}-${record.partition}`) ?? []) wake();
  }

  onAppend(topic: string, partition: number, wake: () => void): void {
    const name = `${topic}-${partition}`;
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), wake]);
  }

  committed(group: string, topic: string, partition: number): number {
    return this.#offsets.get(`${group}/${topic}-${partition}`) ?? 0;
  }

  commit(group: string, topic: string, partition: number, offset: number): void {
    const name = `${group}/${topic}-${partition}`;
    this.#offsets.set(name, Math.max(offset, this.#offsets.get(name) ?? 0));
  }
}

/** One partition of one consumer group: batches one after the other, redelivered from the committed offset. */
export class SimReader {
  readonly #world: World;
  readonly #kafka: SimKafka;
  readonly #group: string;
  readonly topic: string;
  readonly #partition: number;
  readonly #handle: (records: SimRecord[], done: (upTo: number) => void) => void;
  #busy = false;
  #waiting = false;
  /** Raised at each crash or rebalance: an answer of an earlier generation counts for nothing. */
  #generation = 0;
  stopped = false;
  /** Planted bug: the offset is committed before the effect. */
  commitFirst = false;

  /** `handle` calls done with the offset up to which everything is done; it may call late, or never (crash). */
  constructor(
    world: World,
    kafka: SimKafka,
    group: string,
    topic: string,
    partition: number,
    handle: (records: SimRecord[], done: (upTo: number) => void) => void,
  ) {
    this.#world = world;
    this.#kafka = kafka;
    this.#group = group;
    this.topic = topic;
    this.#partition = partition;
    this.#handle = handle;
    kafka.onAppend(topic, partition, () => this.poll());
  }

  get lag(): number {
    return (
      this.#kafka.log(this.topic, this.#partition).length -
      this.#kafka.committed(this.#group, this.topic, this.#partition)
    );
  }

  poll(delayMs = this.#world.between(1, 20)): void {
    if (this.#busy || this.#waiting || this.stopped) return;
    this.#waiting = true;
    this.#world.after(delayMs, () => {
      this.#waiting = false;
      this.#take();
    });
  }

  #take(): void {
    if (this.#busy || this.stopped) return;
    if (!this.#kafka.up) return this.poll(1_000);
    const from = this.#kafka.committed(this.#group, this.topic, this.#partition);
    const log = this.#kafka.log(this.topic, this.#partition);
    if (from >= log.length) return;
    const records = log.slice(from, from + this.#world.between(1, 20));
    const last = records.at(-1);
    if (!last) return;
    this.#busy = true;
    const generation = this.#generation;
    if (this.commitFirst) this.#kafka.commit(this.#group, this.topic, this.#partition, last.offset + 1);
    this.#handle(records, (upTo) => {
      if (generation !== this.#generation) return;
      this.#busy = false;
      this.#kafka.commit(this.#group, this.topic, this.#partition, upTo);
      this.poll(upTo > last.offset ? undefined : 500);
    });
  }

  /** The reader died or lost its partition: what it had in hand is delivered again to whoever comes next. */
  interrupt(backAfterMs: number): void {
    this.#generation += 1;
    this.#busy = true;
    const generation = this.#generation;
    this.#world.after(backAfterMs, () => {
      if (generation !== this.#generation) return;
      this.#busy = false;
      this.poll();
    });
  }
}
