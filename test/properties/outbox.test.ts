// The cursor over epochs: events of several lives of one engine travel over a line that loses, repeats and reorders,
// the bridge acknowledges exactly what it has, acknowledgements get lost too, and the process dies now and then.
import fc from "fast-check";
import { expect, test } from "vitest";
import { openPublisher, type Publisher } from "../../device-agent/journal/publisher.ts";
import { AckMessage, type Envelope, parseEnvelope } from "../../wire/messages/index.ts";
import { newDisk, SimJournal } from "../simulation/journal.ts";
import { ackMessages } from "../support/ack-messages.ts";

const at = { boot: "b", mono: 1, wall: 2, synced: true };
const none = { noFsync: false, noEpoch: false, alter: null };
const nameOf = ({ epoch, seq }: { epoch: number; seq: number }) => `${epoch}/${seq}`;

/** An engine's journal and publisher, and the road to Kafka. */
class Road {
  nowMs = 0;
  readonly written: string[] = [];
  readonly inKafka = new Map<string, string>();
  readonly #disk = newDisk("5111a7ed-0001");
  #journal!: SimJournal;
  #publisher!: Publisher;
  #onTheLine: string[] = [];
  #inTheBridge: Envelope[] = [];

  constructor() {
    this.start();
  }

  /** Another life of the process: the next epoch. */
  start(): void {
    this.#journal = new SimJournal(
      "CP-001",
      this.#disk,
      () => {},
      none,
      () => {},
    );
    this.#publisher = openPublisher(
      this.#journal,
      (payload) => this.#onTheLine.push(payload),
      () => this.nowMs,
      { after: () => () => {}, every: () => () => {} },
      () => 0.5,
    );
    this.#publisher.link(true);
  }

  tell(types: string[]): void {
    const { epoch } = this.#journal;
    const before = this.written.filter((name) => name.startsWith(`${epoch}/`)).length;
    this.#journal.commit(
      undefined,
      types.map((type) => ({ type, at, body: {} })),
      true,
    );
    types.forEach((_, i) => {
      this.written.push(nameOf({ epoch, seq: before + i + 1 }));
    });
    this.#publisher.pump();
  }

  cut(): void {
    this.#publisher.link(false);
    this.#publisher.link(true);
  }

  /** What is on the line arrives, in the order that `luck` gives; 0 loses a message, 1 repeats it. */
  carry(luck: readonly number[]): void {
    const sent = this.#onTheLine;
    this.#onTheLine = [];
    const arriving = sent
      .map((payload, i) => ({ payload, luck: luck[i % Math.max(1, luck.length)] ?? 5 }))
      .sort((a, b) => a.luck - b.luck);
    for (const { payload, luck: own } of arriving) {
      if (own === 0) continue;
      const parsed = parseEnvelope(Buffer.from(payload));
      if (!parsed.ok) throw new Error(parsed.reason);
      const name = nameOf(parsed.value);
      expect(this.inKafka.get(name) ?? payload, `${name} always has the same bytes`).toBe(payload);
      this.inKafka.set(name, payload);
      this.#inTheBridge.push(parsed.value);
      if (own === 1) this.#inTheBridge.push(parsed.value);
    }
  }

  /** The bridge says what is in Kafka; its word may be lost. */
  acknowledge(lost: boolean): void {
    const messages = ackMessages(
      this.#inTheBridge.map(({ cp, src, journal, epoch, seq }) => ({ cp, src, journal, epoch, seq })),
    );
    this.#inTheBridge = [];
    if (lost) return;
    for (const { payload } of messages) this.#publisher.settle(AckMessage.parse(JSON.parse(payload)));
  }

  /** Nothing that waits was said to be in Kafka, and everything that does not wait is there. */
  check(): void {
    const waiting = new Set(
      (["urgent", "bulk"] as const).flatMap((kind) =>
        this.#journal.unacknowledged(kind, null, 10_000).map(nameOf),
      ),
    );
    for (const name of this.written)
      if (!waiting.has(name)) expect(this.inKafka.has(name), `${name} left the outbox`).toBe(true);
    expect(this.#journal.backlog).toBe(waiting.size);
  }

  /** Nothing is lost any more, and time enough passes. */
  heal(): void {
    for (let n = 0; n < 40 + this.written.length && this.#journal.backlog > 0; n++) {
      this.nowMs += 31_000;
      this.#publisher.pump();
      this.carry([5]);
      this.acknowledge(false);
    }
  }
}

const move = fc.oneof(
  fc.record({
    do: fc.constant("tell" as const),
    types: fc.array(fc.constantFrom("meter", "meter", "answer", "session.ended"), {
      minLength: 1,
      maxLength: 9,
    }),
  }),
  fc.record({
    do: fc.constant("carry" as const),
    luck: fc.array(fc.nat(6), { minLength: 1, maxLength: 12 }),
  }),
  fc.record({ do: fc.constant("acknowledge" as const), lost: fc.boolean() }),
  fc.record({ do: fc.constantFrom("die" as const, "cut" as const, "wait" as const, "wait" as const) }),
);

test("whatever is lost, repeated, reordered or dies on the way: only what is in Kafka leaves the outbox, and in the end all is", () => {
  let holes = 0;
  fc.assert(
    fc.property(fc.array(move, { maxLength: 50, size: "max" }), (moves) => {
      const road = new Road();
      for (const one of moves) {
        if (one.do === "tell") road.tell(one.types);
        if (one.do === "carry") road.carry(one.luck);
        if (one.do === "acknowledge") road.acknowledge(one.lost);
        if (one.do === "cut") road.cut();
        if (one.do === "wait") road.nowMs += 11_000;
        if (one.do === "die") road.start();
        road.check();
        const missing = road.written.findIndex((name) => !road.inKafka.has(name));
        if (missing >= 0 && road.written.slice(missing).some((name) => road.inKafka.has(name))) holes += 1;
      }
      road.heal();
      road.check();
      expect([...road.inKafka.keys()].sort()).toEqual([...road.written].sort());
    }),
    { numRuns: 300 },
  );
  expect(holes, "some events did overtake others").toBeGreaterThan(100);
});
