// The bridge as a simulated process around its own rules: natural batches up, acknowledgements after Kafka,
// commands down in order, canaries. It keeps nothing: a crash loses what was in hand.
import type { AckTo } from "../../bridge/acks.ts";
import { readDownlink } from "../../bridge/downlink.rules.ts";
import { readUplink } from "../../bridge/uplink.rules.ts";
import { type EventIdentity, mqttTopics } from "../../wire/messages/index.ts";
import { ackMessages } from "../support/ack-messages.ts";
import { type SimKafka, SimReader, type SimRecord } from "./kafka.ts";
import { type SimBroker, SimClient } from "./mqtt.ts";
import type { World } from "./world.ts";

export interface BridgeBugs {
  /** Acknowledges "up to" the highest number instead of naming what reached Kafka. */
  cumulativeAck: boolean;
  /** Acknowledges before Kafka has it. */
  ackBeforeKafka: boolean;
  /** Commits the offset of a command before the broker has it. */
  downlinkCommitFirst: boolean;
}

export const canaryEveryMs = 20_000;

export class SimBridge {
  generation = 0;
  up = false;
  carried = 0;
  /** Identities that were acknowledged to devices, for the checker. */
  readonly acknowledged = new Set<string>();
  readonly #world: World;
  readonly #kafka: SimKafka;
  readonly #broker: SimBroker;
  readonly #bugs: BridgeBugs;
  readonly #readers: SimReader[] = [];
  #client: SimClient | null = null;
  #queue: { record: Outgoing; identity: EventIdentity | null; nack?: AckTo }[] = [];
  #sending = false;
  #n = 0;

  constructor(world: World, kafka: SimKafka, broker: SimBroker, bugs: BridgeBugs) {
    this.#world = world;
    this.#kafka = kafka;
    this.#broker = broker;
    this.#bugs = bugs;
    for (let partition = 0; partition < kafka.partitions; partition++) {
      const reader = new SimReader(world, kafka, "bridge", "central.commands", partition, (records, done) =>
        this.#down(records, done),
      );
      reader.commitFirst = bugs.downlinkCommitFirst;
      this.#readers.push(reader);
    }
    this.start();
  }

  start(): void {
    if (this.up) return;
    this.up = true;
    this.generation += 1;
    this.#queue = [];
    this.#sending = false;
    this.#client = new SimClient(
      this.#world,
      this.#broker,
      "bridge",
      ["events", "canary"],
      { up() {}, down() {}, message: (topic, payload) => this.#onMessage(topic, payload) },
      (work) => work(),
    );
    for (const reader of this.#readers) {
      reader.stopped = false;
      reader.interrupt(this.#world.between(200, 3_000));
    }
    this.#sing(this.generation);
  }

  kill(): void {
    if (!this.up) return;
    this.up = false;
    this.generation += 1;
    this.#client?.kill();
    this.#client = null;
    this.#queue = [];
    for (const reader of this.#readers) {
      reader.stopped = true;
      reader.interrupt(0);
    }
  }

  get client(): SimClient | null {
    return this.#client;
  }

  get idle(): boolean {
    return (
      this.#queue.every(({ identity }) => identity === null) && this.#readers.every(({ lag }) => lag === 0)
    );
  }

  #sing(generation: number): void {
    if (generation !== this.generation) return;
    this.#n += 1;
    for (let feed = 0; feed < this.#kafka.partitions; feed++)
      this.#client?.publish(
        mqttTopics.canary(feed),
        JSON.stringify({ v: 1, type: "canary", feed, bridge: "sim", n: this.#n, everyMs: canaryEveryMs }),
      );
    this.#world.after(canaryEveryMs, () => this.#sing(generation));
  }

  #onMessage(topic: string, payload: string): void {
    const message = readUplink(topic, Buffer.from(payload), this.#world.nowMs, {
      partitions: this.#kafka.partitions,
      bridgeId: "sim",
    });
    if (message.is === "foreign") return;
    const record = { ...message.record, value: payload, timestampMs: this.#world.nowMs };
    if (message.is === "dead-letter") {
      record.value = String(message.record.value);
      const nack = message.nackTo && {
        topic: mqttTopics.acks(message.nackTo.cp),
        payload: JSON.stringify(message.nackTo.nack),
      };
      this.#queue.push({ record, identity: null, ...(nack ? { nack } : {}) });
    } else if (message.is === "event" && message.acknowledged) {
      this.#queue.push({ record, identity: message.identity });
      if (this.#bugs.ackBeforeKafka) this.#tell(ackMessages([message.identity]), [message.identity]);
    } else this.#queue.push({ record, identity: null });
    // A bounded queue: beyond it the bridge sheds, the device sends again.
    if (this.#queue.length > 500) this.#queue.pop();
    this.#send();
  }

  #send(): void {
    if (this.#sending || this.#queue.length === 0) return;
    this.#sending = true;
    const batch = this.#queue;
    this.#queue = [];
    const generation = this.generation;
    const alive = () => generation === this.generation;
    this.#kafka.produce(
      batch.map((item) => item.record),
      alive,
      () => {
        this.#sending = false;
        this.carried += batch.length;
        const identities = batch.flatMap((item) => (item.identity ? [item.identity] : []));
        this.#tell(ackMessages(identities), identities);
        for (const { nack } of batch) if (nack) this.#client?.publish(nack.topic, nack.payload);
        this.#send();
      },
    );
  }

  #tell(messages: AckTo[], identities: EventIdentity[]): void {
    for (const { cp, src, journal, epoch, seq } of identities)
      this.acknowledged.add(`${cp}/${src}/${journal}/${epoch}/${seq}`);
    for (const { topic, payload } of messages) {
      if (!this.#bugs.cumulativeAck) {
        this.#client?.publish(topic, payload);
        continue;
      }
      const ack = JSON.parse(payload) as { ranges: [number, number][] };
      const highest = Math.max(...ack.ranges.map(([, to]) => to));
      this.#client?.publish(topic, JSON.stringify({ ...ack, ranges: [[1, highest]] }));
    }
  }

  #down(records: SimRecord[], done: (upTo: number) => void): void {
    let upTo = records[0]?.offset ?? 0;
    for (const record of records) {
      const inRecord = {
        ...record,
        offset: String(record.offset),
        value: Buffer.from(record.value),
        headers: {},
      };
      const delivery = readDownlink(inRecord, this.#world.nowMs, this.#kafka.partitions);
      if (delivery.is === "publish") {
        if (!this.#client?.connected || this.#client.deaf) break;
        this.#client.publish(delivery.topic, record.value);
      }
      upTo = record.offset + 1;
    }
    this.#world.after(this.#world.between(1, 10), () => done(upTo));
  }
}

type Outgoing = Parameters<SimKafka["produce"]>[0][number];
