// Our Kafka producer and consumer over a network that misbehaves under load, whichever broker stands behind it: what
// was acknowledged is booked once and in order, and all is as before soon after the fault ends.
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fairWeather } from "../../simulator/faults/tcp-flow.ts";
import { openTcpProxy, type TcpProxy } from "../../simulator/faults/tcp-proxy.ts";
import { openClient } from "../../wire/kafka/client.ts";
import { allOf, type InRecord, openConsumer, openProducer } from "../../wire/kafka/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { until } from "../wire/mqtt/support.ts";
import { type Item, type Ledger, openLedger } from "./bad-network.ledger.ts";
import { expectNothingLeft, failOnUnhandledRejections, held, sayBack } from "./bad-network.watch.ts";

export interface KafkaUnderTest {
  /** `host:port`; asked for when the tests run. */
  bootstrap(): string;
}

const partitions = 4;
const keys = Array.from({ length: 8 }, (_, i) => `k${i}`);
const apis = { produce: 0, fetch: 1, offsetCommit: 8, joinGroup: 11, heartbeat: 12, syncGroup: 14 };
const loopback = "127.0.0.1";

/** A new topic on the broker, with a leader for each partition. */
export async function newTopic(bootstrap: string, count: number): Promise<string> {
  const topic = `bad-network-${randomUUID().slice(0, 8)}`;
  const patience = { ordinaryMs: 5_000, joinMs: 5_000 };
  const client = openClient({ brokers: [bootstrap], clientId: "t", log: silentLog }, patience);
  const admin = client.kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: count, replicationFactor: 1 }] });
  await vi.waitFor(async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]?.partitions.filter(({ leader }) => leader >= 0)).toHaveLength(count);
  }, 20_000);
  await admin.disconnect();
  return topic;
}

interface Load {
  readonly sent: ReadonlyMap<string, number>;
  /** Since when everything that was sent later flows: the first of each key after `sinceMs`. */
  firstAfter(sinceMs: number): { key: string; n: number; ackedMs: number | undefined }[];
  /** Ends it; resolves when all of it is acknowledged. */
  stop(): Promise<void>;
}

/** Sends of one to five records every few milliseconds, none waiting for the one before. */
function startLoad(send: (items: Item[]) => Promise<void>): Load {
  const sent = new Map<string, number>();
  const log: { key: string; n: number; sentMs: number; ackedMs: number | undefined }[] = [];
  const calls: Promise<void>[] = [];
  let turn = 0;
  const timer = setInterval(() => {
    const entries = Array.from({ length: 1 + (turn % 5) }, () => {
      const key = keys[turn++ % keys.length] ?? "k0";
      const n = (sent.get(key) ?? 0) + 1;
      sent.set(key, n);
      return { key, n, sentMs: performance.now(), ackedMs: undefined as number | undefined };
    });
    log.push(...entries);
    calls.push(
      send(entries.map(({ key, n }) => ({ key, n, text: textOf(key, n) }))).then(() => {
        for (const entry of entries) entry.ackedMs = performance.now();
      }),
    );
  }, 8);
  return {
    sent,
    firstAfter: (sinceMs) =>
      keys.flatMap((key) => log.find((entry) => entry.key === key && entry.sentMs > sinceMs) ?? []),
    async stop() {
      clearInterval(timer);
      await Promise.all(calls);
    },
  };
}

const textOf = (key: string, n: number) => `${key} ${n} ${"x".repeat(n % 200)}`;

/** The load through one proxy into the broker, through another out of it, into the ledger. */
interface Road {
  toBroker: TcpProxy;
  fromBroker: TcpProxy;
  ledger: Ledger;
  load: Load;
  /** Of the producer: how long its oldest batch waits. */
  stalledMs(): number;
}

export function badKafkaNetwork(name: string, kafka: KafkaUnderTest): void {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** Plays a fault on a busy road and holds what the road promises; returns what the ledger saw. */
  async function onTheRoad(
    fault: string,
    play: (road: Road) => Promise<void>,
    most: { repeats?: boolean } = {},
  ): Promise<Road> {
    const bootstrap = kafka.bootstrap();
    const topic = await newTopic(bootstrap, partitions);
    const port = Number(bootstrap.split(":")[1]);
    const [toBroker, fromBroker] = await Promise.all([openTcpProxy({ port }), openTcpProxy({ port })]);
    const ledger = openLedger();
    ends.push(
      () => toBroker.close(),
      () => fromBroker.close(),
      () => ledger.close(),
    );
    const before = held();
    const common = { brokers: [bootstrap], clientId: "t", log: silentLog };
    const producer = openProducer({ ...common, dial: () => ({ host: loopback, port: toBroker.port }) });
    const consumer = openConsumer({
      ...common,
      dial: () => ({ host: loopback, port: fromBroker.port }),
      groupId: `${topic}-readers`,
      topics: [topic],
      async onBatch(records) {
        await ledger.book(records.map(itemOf));
        return allOf(records);
      },
    });
    ends.push(
      () => producer.close(),
      () => consumer.close(),
    );
    const load = startLoad((items) =>
      producer.send(
        items.map(({ key, text }) => ({
          topic,
          key,
          partition: keys.indexOf(key) % partitions,
          value: text,
        })),
      ),
    );
    ends.push(() => load.stop());
    const road: Road = { toBroker, fromBroker, ledger, load, stalledMs: () => producer.stalledMs };
    await until("every key flows", () => keys.every((key) => ledger.mark(key) > 2), 20_000);
    const busy = held();

    await play(road);
    const endedMs = performance.now();
    const back = () => load.firstAfter(endedMs);
    const isBack = () =>
      back().length === keys.length && back().every(({ key, n }) => ledger.bookedMs(key, n) !== undefined);
    await until("every key flows again", isBack, 20_000);
    sayBack(name, fault, {
      producer: Math.max(...back().map(({ ackedMs }) => (ackedMs ?? Number.NaN) - endedMs)),
      consumer: Math.max(...back().map(({ key, n }) => (ledger.bookedMs(key, n) ?? Number.NaN) - endedMs)),
    });
    // A connection that was lost and not let go would be one more, each with its pair in the proxy.
    await until("no more connections than before", () => held().sockets <= busy.sockets + 3, 10_000);

    await load.stop();
    for (const [key, count] of load.sent)
      await until(`${count} of ${key}`, () => ledger.mark(key) === count, 10_000);
    for (const [key, count] of load.sent)
      expect(await ledger.texts(key)).toEqual(Array.from({ length: count }, (_, i) => textOf(key, i + 1)));
    expect(ledger.early).toEqual([]);
    if (most.repeats === false) expect(ledger.repeats).toBe(0);
    await Promise.all([producer.close(), consumer.close()]);
    await expectNothingLeft(before);
    return road;
  }

  const repeatsOf = ({ ledger }: Road) => ledger.repeats;

  describe(`Kafka over a bad network: ${name}`, { timeout: 120_000 }, () => {
    failOnUnhandledRejections();

    test("requests cut in their middle, and answers that end in theirs", async () => {
      await onTheRoad("cuts", async ({ toBroker, fromBroker, stalledMs, load }) => {
        for (const bytes of [1, 300, 3_000, 20_000]) {
          const made = { to: toBroker.accepted, from: fromBroker.accepted };
          toBroker.cutAfterBytes(bytes);
          fromBroker.cutAfterBytes(bytes, "answers");
          await until(
            "both came again",
            () => toBroker.accepted > made.to && fromBroker.accepted > made.from,
          );
          const sinceMs = performance.now();
          const flows = () => load.firstAfter(sinceMs).some(({ ackedMs }) => ackedMs !== undefined);
          await until("the producer goes on", () => stalledMs() < 100 && flows());
        }
      });
    });

    test.each([
      ["produce", "toBroker", apis.produce, 3],
      ["fetch", "fromBroker", apis.fetch, 5],
      ["commit of offsets", "fromBroker", apis.offsetCommit, 2],
      ["heartbeat", "fromBroker", apis.heartbeat, 1],
    ] as const)("lost answers to %s", async (what, side, api, times) => {
      const road = await onTheRoad(`lost answers to ${what}`, async (on) => {
        let asked = 0;
        let lost = 0;
        on[side].loseAnswerTo((request) => {
          if (apiOf(request) !== api || lost === times || asked++ % 2 === 1) return false;
          lost += 1;
          return true;
        });
        await until(`${times} answers are lost`, () => lost === times, 15_000);
        on[side].loseAnswerTo(undefined);
      });
      // The broker had the batch: it is there twice, and booked once.
      if (api === apis.produce) expect(repeatsOf(road)).toBeGreaterThan(0);
    });

    test("a black hole for both", async () => {
      await onTheRoad("black hole of 3 s", async ({ toBroker, fromBroker }) => {
        toBroker.blackHole();
        fromBroker.blackHole();
        await delay(3_000);
        toBroker.heal();
        fromBroker.heal();
      });
    });

    test("half-open connections: the broker hears everything and nobody hears it", async () => {
      const road = await onTheRoad("half-open for 3 s", async ({ toBroker, fromBroker, stalledMs }) => {
        toBroker.blackHole("answers");
        fromBroker.blackHole("answers");
        await until("the producer waits", () => stalledMs() > 3_000);
        toBroker.heal();
        fromBroker.heal();
      });
      expect(repeatsOf(road)).toBeGreaterThan(0);
    });

    test("bytes held back longer than a dead connection is waited for, that arrive all the same", async () => {
      await onTheRoad("held for 7 s", async ({ toBroker, fromBroker }) => {
        const made = toBroker.accepted;
        toBroker.hold();
        fromBroker.hold();
        await until("the producer has given up its connection", () => toBroker.accepted > made, 8_000);
        await delay(1_500);
        toBroker.heal();
        fromBroker.heal();
      });
    });

    test("a slow line that loses packets", async () => {
      await onTheRoad(
        "slow and lossy",
        async ({ toBroker, fromBroker, load, ledger }) => {
          const made = toBroker.accepted + fromBroker.accepted;
          for (const proxy of [toBroker, fromBroker]) proxy.weather({ delayMs: 80, lossPercent: 3 });
          const sinceMs = performance.now();
          const through = () => load.firstAfter(sinceMs + 1_500);
          await until(
            "it flows slowly",
            () =>
              through().length === keys.length &&
              through().every(({ key, n }) => ledger.bookedMs(key, n) !== undefined),
            20_000,
          );
          expect(toBroker.accepted + fromBroker.accepted).toBe(made);
          for (const proxy of [toBroker, fromBroker]) proxy.weather(fairWeather);
        },
        // Slow is not dead: nothing is sent twice.
        { repeats: false },
      );
    });

    test("a line that breaks five times a second and lets nobody in between", async () => {
      await onTheRoad("breaks", async ({ toBroker, fromBroker }) => {
        for (let round = 0; round < 15; round++) {
          const proxy = round % 2 === 0 ? toBroker : fromBroker;
          if (round % 4 < 2) proxy.refuse();
          proxy.cutAll();
          await delay(200);
          proxy.heal();
        }
      });
    });
  });
}

function apiOf(request: Uint8Array): number {
  return ((request[4] ?? 0) << 8) + (request[5] ?? 0);
}

function itemOf({ key, value }: InRecord): Item {
  const text = Buffer.from(value).toString();
  return { key: key ?? "", n: Number(text.split(" ")[1]), text };
}
