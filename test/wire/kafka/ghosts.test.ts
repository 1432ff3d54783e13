// A process killed while it is a member of a group, and its successor of the same client id.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openClient } from "../../../wire/kafka/client.ts";
import { askOutGhosts } from "../../../wire/kafka/ghosts.ts";
import {
  allOf,
  type ConsumerHandle,
  ensureTopics,
  type InRecord,
  openConsumer,
  openProducer,
  type Producer,
} from "../../../wire/kafka/index.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { numbered, type StandIn, startStandIn, until } from "./stand-in.ts";

const topic = "cp.events";
/** A broker that has just started has no coordinator for its first group yet. */
const retries = 20;
const patience = { ordinaryMs: 5_000, joinMs: 9_000 };
let kafka: StandIn;
let producer: Producer;
const consumers: ConsumerHandle[] = [];

beforeAll(async () => {
  kafka = await startStandIn();
  await ensureTopics({
    brokers: kafka.brokers,
    clientId: "t",
    log: silentLog,
    partitions: 1,
    replication: 1,
  });
  producer = openProducer({ brokers: kafka.brokers, clientId: "t", log: silentLog });
});
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
});
afterAll(async () => {
  await producer.close();
  await kafka.remove();
});

const client = (clientId: string) =>
  openClient({ brokers: kafka.brokers, clientId, log: silentLog }, patience, retries);

/** Reads into `seen`. */
function read(groupId: string, clientId: string, soleClientId: boolean, seen: Set<number>): void {
  consumers.push(
    openConsumer({
      brokers: kafka.brokers,
      clientId,
      soleClientId,
      log: silentLog,
      groupId,
      topics: [topic],
      onBatch: async (records: readonly InRecord[]) => {
        for (const { value } of records) seen.add(Number(Buffer.from(value).toString()));
        return allOf(records);
      },
    }),
  );
}

/** Joins and vanishes without a word, as a killed process does. */
async function dieAsMember(groupId: string, clientId: string): Promise<void> {
  const killed = client(clientId);
  const consumer = killed.kafka.consumer({ groupId, sessionTimeout: 10_000, rebalanceTimeout: 6_000 });
  let joined = false;
  consumer.on(consumer.events.GROUP_JOIN, () => {
    joined = true;
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic] });
  await consumer.run({ eachMessage: async () => {} });
  await until(() => joined, 8_000);
  killed.destroy("killed");
  await consumer.disconnect().catch(() => {});
}

describe("a successor of a killed member", () => {
  it("reads at once, although the group still counts on the dead one", async () => {
    await dieAsMember("killed", "mine");
    await producer.send([numbered(1, 0, topic)]);
    const seen = new Set<number>();
    const began = performance.now();
    read("killed", "mine", true, seen);
    await until(() => seen.has(1), 8_000);
    // The group would have waited for the dead one's rebalance time-out of 6 s.
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it("leaves the members of others, and groups that nobody knows, alone", async () => {
    const seen = new Set<number>();
    await producer.send([numbered(2, 0, topic)]);
    read("shared", "other", false, seen);
    await until(() => seen.has(2), 8_000);
    const mine = client("mine");
    expect(await askOutGhosts(mine.kafka, "shared", "mine")).toBe(0);
    expect(await askOutGhosts(mine.kafka, "nobody-knows-it", "mine")).toBe(0);
    mine.destroy("done");
    await producer.send([numbered(3, 0, topic)]);
    await until(() => seen.has(3), 3_000);
  });
});
