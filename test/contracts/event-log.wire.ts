// A bare client of the Kafka protocol for the event-log contract: what kafkajs hides (error codes, raw batches, a
// group member that falls silent) is said here byte by byte, the same to every broker.
import { connect, type Socket } from "node:net";
import { Frames } from "../../simulator/brokers/kafka/codec/frames.ts";
import { Reader } from "../../simulator/brokers/kafka/codec/reader.ts";
import { Writer } from "../../simulator/brokers/kafka/codec/writer.ts";
import { crc32c } from "../../wire/kafka/crc32c.ts";

export type Write = (writer: Writer) => unknown;

export class Wire {
  readonly socket: Socket;
  readonly #frames = new Frames(2 ** 30);
  readonly #waiting: ((answer: Reader) => void)[] = [];
  readonly ended: Promise<void>;

  constructor(bootstrap: string) {
    const [host, port] = bootstrap.split(":");
    this.socket = connect({ host: host ?? "", port: Number(port), noDelay: true });
    this.socket.on("error", () => this.socket.destroy());
    this.socket.on("data", (chunk: Buffer) => {
      for (const frame of this.#frames.push(chunk)) {
        const reader = new Reader(frame);
        reader.int32(); // correlation id: answers come in order
        this.#waiting.shift()?.(reader);
      }
    });
    this.ended = new Promise((resolve) => this.socket.once("close", () => resolve()));
  }

  send(key: number, version: number, write: Write): void {
    const writer = new Writer().int16(key).int16(version).int32(7).string("wire");
    write(writer);
    const length = Buffer.alloc(4);
    length.writeInt32BE(writer.size);
    this.socket.write(Buffer.concat([length, ...writer.finish()]));
  }

  /** The body of the answer; rejects when the connection ends first. */
  ask(key: number, version: number, write: Write): Promise<Reader> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      void this.ended.then(() => reject(new Error("connection closed")));
      this.send(key, version, write);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  async produce(
    topic: string,
    records: Buffer,
    acks = -1,
    partition = 0,
  ): Promise<{ error: number; baseOffset: number }> {
    const answer = await this.ask(0, 7, produceRequest(topic, records, acks, partition));
    const [result] = answer.array((t) => {
      t.string();
      return t.array((p) => ({
        partition: p.int32(),
        error: p.int16(),
        baseOffset: p.int64(),
        time: p.int64(),
      }));
    });
    return result?.[0] ?? { error: -1, baseOffset: -1 };
  }

  async fetch(
    topic: string,
    offset: number,
    want: { maxWaitMs?: number; minBytes?: number; maxBytes?: number } = {},
  ) {
    const { maxWaitMs = 0, minBytes = 1, maxBytes = 1024 * 1024 } = want;
    const answer = await this.ask(1, 11, (w) => {
      w.int32(-1).int32(maxWaitMs).int32(minBytes).int32(maxBytes).int8(0).int32(0).int32(-1);
      w.array([topic], (name) => {
        w.string(name).array([0], (p) => w.int32(p).int32(-1).int64(offset).int64(-1).int32(maxBytes));
      });
      w.array([], () => {}).string("");
    });
    answer.int32();
    answer.int16();
    answer.int32();
    const [found] = answer.array((t) => {
      t.string();
      return t.array((p) => {
        p.int32();
        const error = p.int16();
        const highWatermark = p.int64();
        p.int64();
        const startOffset = p.int64();
        p.array(() => p.int64() + p.int64());
        p.int32();
        return { error, highWatermark, startOffset, records: p.bytes() };
      });
    });
    const part = found?.[0];
    if (!part) throw new Error("fetch answered without the partition");
    return part;
  }

  async initProducerId(): Promise<number> {
    for (;;) {
      const answer = await this.ask(22, 1, (w) => w.string(null).int32(60_000));
      answer.int32();
      const error = answer.int16();
      if (error === 0) return answer.int64();
      // A broker that has just started asks its controller for numbers first.
      if (!notYet.has(error)) throw new Error(`InitProducerId refused with ${error}`);
    }
  }

  async join(group: string, memberId: string, sessionMs: number, protocol = "range") {
    const answer = await this.ask(11, 5, (w) => {
      w.string(group).int32(sessionMs).int32(sessionMs).string(memberId).string(null).string("consumer");
      w.array([protocol], (name) => w.string(name).bytes(subscription));
    });
    answer.int32();
    const error = answer.int16();
    const generation = answer.int32();
    answer.string();
    return { error, generation, leader: answer.string(), memberId: answer.string() };
  }

  async sync(group: string, generation: number, memberId: string, assignment = "all"): Promise<number> {
    const answer = await this.ask(14, 3, (w) => {
      w.string(group).int32(generation).string(memberId).string(null);
      w.array([memberId], (id) => w.string(id).bytes(Buffer.from(assignment)));
    });
    answer.int32();
    return answer.int16();
  }

  /** Joins and syncs as the only member, with the id the coordinator gives. */
  async becomeOnlyMember(
    group: string,
    sessionMs: number,
  ): Promise<{ memberId: string; generation: number }> {
    const { memberId } = await this.join(group, "", sessionMs);
    const { generation } = await this.join(group, memberId, sessionMs);
    await this.sync(group, generation, memberId);
    return { memberId, generation };
  }

  async heartbeat(group: string, generation: number, memberId: string): Promise<number> {
    const answer = await this.ask(12, 3, (w) =>
      w.string(group).int32(generation).string(memberId).string(null),
    );
    answer.int32();
    return answer.int16();
  }

  async commit(
    group: string,
    generation: number,
    memberId: string,
    topic: string,
    offset: number,
  ): Promise<number> {
    const answer = await this.ask(8, 5, (w) => {
      w.string(group).int32(generation).string(memberId);
      w.array([topic], (name) => w.string(name).array([0], (p) => w.int32(p).int64(offset).string("note")));
    });
    answer.int32();
    const [errors] = answer.array((t) => {
      t.string();
      return t.array((p) => {
        p.int32();
        return p.int16();
      });
    });
    return errors?.[0] ?? -1;
  }

  async committed(group: string, topic: string): Promise<{ offset: number; metadata: string | null }> {
    for (;;) {
      const answer = await this.ask(9, 4, (w) => {
        w.string(group).array([topic], (name) => w.string(name).array([0], (p) => w.int32(p)));
      });
      answer.int32();
      const [found] = answer.array((t) => {
        t.string();
        return t.array((p) => {
          p.int32();
          const one = { offset: p.int64(), metadata: p.nullableString() };
          p.int16();
          return one;
        });
      });
      // A broker that has just started reads its groups first.
      if (!notYet.has(answer.int16())) return found?.[0] ?? { offset: -1, metadata: null };
    }
  }
}

/** A consumer protocol subscription that names no topic. */
const subscription = Buffer.from("000000000000ffffffff", "hex");

/** Coordinator loading, not available, not here: what a broker says that has just started. */
const notYet = new Set([14, 15, 16]);

export function produceRequest(topic: string, records: Buffer, acks = -1, partition = 0): Write {
  return (w) => {
    w.string(null).int16(acks).int32(5_000);
    w.array([topic], (name) => w.string(name).array([partition], (p) => w.int32(p).bytes(records)));
  };
}

export interface BatchOptions {
  producerId?: number;
  epoch?: number;
  sequence?: number;
  timestampMs?: number;
}

/** A record batch of format 2 whose records have these values and no key. */
export function batchOf(values: readonly string[], options: BatchOptions = {}): Buffer {
  const { producerId = -1, epoch = 0, sequence = 0, timestampMs = Date.now() } = options;
  const records = new Writer();
  for (const [i, value] of values.entries()) {
    const text = Buffer.from(value);
    const head = new Writer()
      .int8(0)
      .uvarint(0)
      .uvarint(zigzag(i))
      .uvarint(zigzag(-1))
      .uvarint(zigzag(text.length));
    const body = Buffer.concat([...head.finish(), text, ...new Writer().uvarint(0).finish()]);
    records.uvarint(zigzag(body.length));
    for (const byte of body) records.int8((byte << 24) >> 24);
  }
  const covered = new Writer()
    .int16(0)
    .int32(values.length - 1)
    .int64(timestampMs)
    .int64(timestampMs)
    .int64(producerId)
    .int16(epoch)
    .int32(sequence)
    .int32(values.length);
  const body = Buffer.concat([...covered.finish(), ...records.finish()]);
  const head = new Writer()
    .int64(0)
    .int32(body.length + 9)
    .int32(-1)
    .int8(2)
    .int32(crc32c(body, 0, body.length) | 0);
  return Buffer.concat([...head.finish(), body]);
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}
