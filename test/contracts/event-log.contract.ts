// What every event log under this system does, whichever broker stands behind the address: Apache Kafka or the
// stand-in. Nothing here knows which one it talks to.
import { randomUUID } from "node:crypto";
import { type Consumer, type ITopicConfig, Kafka, logLevel, Partitioners, type Producer } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { batchOf, produceRequest, Wire } from "./event-log.wire.ts";

export interface EventLogUnderTest {
  /** `host:port`; asked for when the tests run, so that a broker can be started before all. */
  bootstrap(): string;
  /** Shortest session time-out that the broker allows, milliseconds; 6,000 by default in Apache Kafka. */
  shortestSessionMs?: number;
  /** Ends the broker with SIGKILL; without these two hooks the crash tests are left out. */
  kill9?(): Promise<void>;
  /** Starts it again with its data, on the same address; resolves when it answers. */
  restart?(): Promise<void>;
}

const codes = {
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopic: 3,
  messageTooLarge: 10,
  illegalGeneration: 22,
  inconsistentProtocol: 23,
  unknownMember: 25,
  invalidSession: 26,
  unsupportedVersion: 35,
  outOfOrder: 45,
  oldProducerEpoch: 47,
  memberIdRequired: 79,
};

export function eventLogContract(name: string, log: EventLogUnderTest): void {
  const { shortestSessionMs = 6_000, kill9, restart } = log;
  /** Of waiting tests; a broker that has just started, or a busy machine, may need it. */
  const patient = { timeout: 20_000 };
  let kafka: Kafka;
  let producer: Producer;
  const ends: (() => unknown)[] = [];
  const wire = () => {
    const one = new Wire(log.bootstrap());
    ends.push(() => one.close());
    return one;
  };
  const unique = (what: string) => `${what}-${randomUUID().slice(0, 8)}`;
  const admin = async () => {
    const one = kafka.admin({ retry: { retries: 0 } });
    await one.connect();
    ends.push(() => one.disconnect());
    return one;
  };
  const newTopic = async (partitions = 1, more: Partial<ITopicConfig> = {}) => {
    const topic = unique("topic");
    const topics = [{ topic, numPartitions: partitions, replicationFactor: 1, ...more }];
    const one = await admin();
    await one.createTopics({ topics, waitForLeaders: false });
    await vi.waitFor(async () => {
      const known = await one.fetchTopicMetadata({ topics: [topic] });
      expect(known.topics[0]?.partitions.every(({ leader }) => leader >= 0)).toBe(true);
      // The leader may hear of it later than the one that was asked.
      expect((await wire().fetch(topic, 0)).error).toBe(0);
    }, patient);
    return topic;
  };
  /** A consumer that runs until the test ends, and what it has seen. */
  const reading = async (topic: string, groupId = unique("group"), autoCommit = true) => {
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: Math.max(shortestSessionMs, 2_000),
      rebalanceTimeout: 5_000,
      heartbeatInterval: 200,
      maxWaitTimeInMs: 500,
      retry: { initialRetryTime: 50, maxRetryTime: 300, retries: 100 },
    });
    const seen: Seen[] = [];
    let assigned: number[] = [];
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      assigned = payload.memberAssignment[topic] ?? [];
    });
    await consumer.connect();
    ends.push(() => consumer.disconnect());
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit,
      eachMessage: ({ partition, message }) => {
        seen.push({ partition, offset: Number(message.offset), value: String(message.value), message });
        return Promise.resolve();
      },
    });
    return { consumer, groupId, seen, assigned: () => assigned };
  };
  const values = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `v${from + i}`);
  const send = (topic: string, all: readonly string[], partition = 0) =>
    producer.send({ topic, messages: all.map((value) => ({ value, partition })) });

  describe(`event log: ${name}`, { timeout: 60_000 }, () => {
    beforeAll(async () => {
      kafka = new Kafka({
        clientId: "contract",
        brokers: [log.bootstrap()],
        logLevel: logLevel.NOTHING,
        retry: { initialRetryTime: 50, maxRetryTime: 300, retries: 20 },
      });
      producer = kafka.producer({
        createPartitioner: Partitioners.DefaultPartitioner,
        allowAutoTopicCreation: false,
      });
      await producer.connect();
      // Whoever asks first for a group's coordinator brings the topic of offsets about.
      await vi.waitFor(async () => (await admin()).fetchOffsets({ groupId: unique("group") }), patient);
    });
    afterEach(async () => {
      await Promise.all(ends.splice(0).map((end) => end()));
    });
    afterAll(() => producer.disconnect());

    describe("records", () => {
      test("come back with key, headers, time stamp and partition, in the order they were sent", async () => {
        const topic = await newTopic(3);
        const timestamp = String(Date.now() - 5_000);
        const messages = values(30).map((value, i) => ({
          key: `k${i % 3}`,
          value,
          partition: i % 3,
          timestamp,
          headers: { trace: `t${i}`, empty: "" },
        }));
        await producer.send({ topic, messages });
        await producer.send({ topic, messages: [{ key: "none", value: null, partition: 2 }] });
        const { seen } = await reading(topic);
        await vi.waitFor(() => expect(seen).toHaveLength(31), patient);
        for (const partition of [0, 1, 2]) {
          const part = seen.filter((one) => one.partition === partition);
          expect(part.map((one) => one.offset)).toEqual(part.map((_, i) => i));
          expect(part.slice(0, 10).map((one) => one.value)).toEqual(
            messages.filter((one) => one.partition === partition).map((one) => one.value),
          );
        }
        const first = seen.find((one) => one.value === "v4")?.message;
        expect(String(first?.key)).toBe("k1");
        expect(String(first?.headers?.trace)).toBe("t4");
        expect(first?.timestamp).toBe(timestamp);
        expect(seen.find((one) => String(one.message.key) === "none")?.message.value).toBeNull();
      });

      test("with the same key go to the same partition", async () => {
        const topic = await newTopic(4);
        for (let i = 0; i < 5; i++)
          await producer.send({ topic, messages: [{ key: "cp-1", value: `${i}` }] });
        const { seen } = await reading(topic);
        await vi.waitFor(
          () => expect(seen.map((one) => one.value)).toEqual(["0", "1", "2", "3", "4"]),
          patient,
        );
        expect(new Set(seen.map((one) => one.partition)).size).toBe(1);
      });

      test("of almost a megabyte pass, larger ones are refused and harm nobody", async () => {
        const topic = await newTopic();
        const large = "x".repeat(900_000);
        await send(topic, [large]);
        await expect(send(topic, ["y".repeat(1_100_000)])).rejects.toMatchObject({
          type: "MESSAGE_TOO_LARGE",
        });
        await send(topic, ["after"]);
        const { seen } = await reading(topic);
        await vi.waitFor(() => expect(seen.map((one) => one.value.length)).toEqual([900_000, 5]), patient);
      });

      test("of a topic with its own limit are measured by that limit", async () => {
        const topic = await newTopic(1, { configEntries: [{ name: "max.message.bytes", value: "500" }] });
        const client = wire();
        expect((await client.produce(topic, batchOf(["x".repeat(600)]))).error).toBe(codes.messageTooLarge);
        expect((await client.produce(topic, batchOf(["x".repeat(300)]))).error).toBe(0);
      });

      test("that were damaged on the way are refused as corrupt", async () => {
        const topic = await newTopic();
        const client = wire();
        const damaged = batchOf(["hello"]);
        damaged[damaged.length - 3] = 0x21;
        expect((await client.produce(topic, damaged)).error).toBe(codes.corruptMessage);
        expect((await client.produce(topic, batchOf(["hello"]))).baseOffset).toBe(0);
      });

      test("for a topic or partition that does not exist are refused", async () => {
        const topic = await newTopic();
        const client = wire();
        expect((await client.produce(unique("nowhere"), batchOf(["x"]))).error).toBe(codes.unknownTopic);
        expect((await client.produce(topic, batchOf(["x"]), -1, 5)).error).toBe(codes.unknownTopic);
        const once = kafka.producer({
          retry: { retries: 1, initialRetryTime: 10 },
          allowAutoTopicCreation: false,
        });
        await once.connect();
        ends.push(() => once.disconnect());
        await expect(once.send({ topic: unique("nowhere"), messages: [{ value: "x" }] })).rejects.toThrow(
          "does not host this topic-partition",
        );
      });

      test("sent with acks=0 get no answer and arrive, with acks=1 they get one", async () => {
        const topic = await newTopic();
        const client = wire();
        client.send(0, 7, produceRequest(topic, batchOf(["quiet"]), 0));
        expect(await client.produce(topic, batchOf(["loud"]), 1)).toMatchObject({ error: 0, baseOffset: 1 });
      });
    });

    describe("fetch", () => {
      test("waits for the first record and answers at once when it comes", async () => {
        const topic = await newTopic();
        const client = wire();
        const began = performance.now();
        const waiting = client.fetch(topic, 0, { maxWaitMs: 10_000 });
        await send(topic, ["now"]);
        expect((await waiting).records.length).toBeGreaterThan(0);
        expect(performance.now() - began).toBeLessThan(5_000);
      });

      test("answers empty when its time is over, and holds up nobody else meanwhile", async () => {
        const [topic, elsewhere] = [await newTopic(), await newTopic()];
        const [waiter, other] = [wire(), wire()];
        const began = performance.now();
        let isOver = false;
        const waiting = waiter.fetch(topic, 0, { maxWaitMs: 2_000 }).finally(() => {
          isOver = true;
        });
        await other.initProducerId();
        await send(elsewhere, ["elsewhere"]);
        expect(isOver).toBe(false);
        const { records, error, highWatermark } = await waiting;
        expect([records.length, error, highWatermark]).toEqual([0, 0, 0]);
        expect(performance.now() - began).toBeGreaterThanOrEqual(1_990);
      });

      test("waits until the wanted bytes are there", async () => {
        const topic = await newTopic();
        const client = wire();
        const batch = batchOf(["x".repeat(100)]);
        const waiting = client.fetch(topic, 0, { maxWaitMs: 10_000, minBytes: batch.length * 2 });
        const other = wire();
        await other.produce(topic, Buffer.from(batch));
        await other.produce(topic, Buffer.from(batch));
        expect((await waiting).records.length).toBe(batch.length * 2);
      });

      test("gives a batch that is larger than the limit whole, and never two beyond it", async () => {
        const topic = await newTopic();
        const client = wire();
        const batch = batchOf(["x".repeat(1_000)]);
        for (let i = 0; i < 3; i++) await client.produce(topic, Buffer.from(batch));
        expect((await client.fetch(topic, 0, { maxBytes: 100 })).records.length).toBe(batch.length);
        const two = await client.fetch(topic, 0, { maxBytes: batch.length * 2 });
        expect(two.records.length).toBe(batch.length * 2);
      });

      test("from within a batch gives that batch, from beyond the end an error", async () => {
        const topic = await newTopic();
        const client = wire();
        await client.produce(topic, batchOf(values(5)));
        const { records } = await client.fetch(topic, 3);
        expect(Number(records.readBigInt64BE(0))).toBe(0);
        expect((await client.fetch(topic, 5)).records.length).toBe(0);
        expect((await client.fetch(topic, 6)).error).toBe(codes.offsetOutOfRange);
        expect((await client.fetch(unique("nowhere"), 0)).error).toBe(codes.unknownTopic);
      });
    });

    describe("offsets", () => {
      test("are found by time stamp, at the beginning and at the end", async () => {
        const topic = await newTopic();
        const start = Date.now() - 60_000;
        const messages = values(10).map((value, i) => ({ value, timestamp: String(start + i * 1_000) }));
        await producer.send({ topic, messages: messages.slice(0, 5) });
        await producer.send({ topic, messages: messages.slice(5), compression: 1 });
        const one = await admin();
        expect(await one.fetchTopicOffsets(topic)).toMatchObject([{ low: "0", high: "10", offset: "10" }]);
        const at = async (ms: number) => (await one.fetchTopicOffsetsByTimestamp(topic, ms))[0]?.offset;
        expect(await at(start)).toBe("0");
        expect(await at(start + 3_000)).toBe("3");
        expect(await at(start + 3_001)).toBe("4");
        expect(await at(start + 7_500)).toBe("8");
        expect(await at(start + 99_000)).toBe("10");
      });

      test("that a group committed are where its next member goes on", async () => {
        const topic = await newTopic();
        await send(topic, values(10));
        const first = await reading(topic, unique("group"), false);
        await vi.waitFor(() => expect(first.seen).toHaveLength(10), patient);
        await first.consumer.commitOffsets([{ topic, partition: 0, offset: "6" }]);
        await first.consumer.disconnect();
        const second = await reading(topic, first.groupId, false);
        await vi.waitFor(() => expect(second.seen.map((one) => one.value)).toEqual(values(4, 6)), patient);
        const committed = await (await admin()).fetchOffsets({ groupId: first.groupId, topics: [topic] });
        expect(committed[0]?.partitions).toMatchObject([{ partition: 0, offset: "6" }]);
      });

      test("below zero, with which clients say beginning and end, are kept as they are", async () => {
        const topic = await newTopic();
        const client = wire();
        const group = unique("group");
        for (const offset of [-1, -2, 12]) {
          expect(await client.commit(group, -1, "", topic, offset)).toBe(0);
          expect(await client.committed(group, topic)).toEqual({ offset, metadata: "note" });
        }
        expect((await client.committed(unique("group"), topic)).offset).toBe(-1);
      });
    });

    describe("retention", () => {
      const startOf = async (topic: string) =>
        Number((await (await admin()).fetchTopicOffsets(topic))[0]?.low);

      test("by age takes what is too old, and offsets go on", async () => {
        const [old, kept] = [
          await newTopic(1, { configEntries: [{ name: "retention.ms", value: "60000" }] }),
          await newTopic(),
        ];
        const timestamp = String(Date.now() - 3_600_000);
        for (const topic of [old, kept])
          await producer.send({ topic, messages: values(3).map((value) => ({ value, timestamp })) });
        await vi.waitFor(async () => expect(await startOf(old)).toBe(3), patient);
        expect((await wire().fetch(old, 0)).error).toBe(codes.offsetOutOfRange);
        await send(old, ["new"]);
        const { seen } = await reading(old);
        await vi.waitFor(
          () => expect(seen.map((one) => [one.offset, one.value])).toEqual([[3, "new"]]),
          patient,
        );
        expect(await startOf(kept)).toBe(0);
      });

      test("by size takes the oldest segments and keeps the newest records", async () => {
        const configEntries = [
          { name: "retention.bytes", value: "1500000" },
          { name: "segment.bytes", value: "1048576" },
        ];
        const topic = await newTopic(1, { configEntries });
        for (const value of values(6)) await send(topic, [value.padEnd(900_000)]);
        await vi.waitFor(async () => expect(await startOf(topic)).toBeGreaterThanOrEqual(3), patient);
        const { seen } = await reading(topic);
        await vi.waitFor(() => expect(seen.at(-1)?.value.trim()).toBe("v5"), patient);
        expect(seen.length).toBeGreaterThanOrEqual(2);
      });

      test("leaves a reader whose place is gone at the oldest record that is there", async () => {
        const topic = await newTopic(1, { configEntries: [{ name: "retention.ms", value: "60000" }] });
        const timestamp = String(Date.now() - 3_600_000);
        const groupId = unique("group");
        expect(await wire().commit(groupId, -1, "", topic, 1)).toBe(0);
        await producer.send({ topic, messages: values(3).map((value) => ({ value, timestamp })) });
        await vi.waitFor(async () => expect(await startOf(topic)).toBe(3), patient);
        await send(topic, ["new"]);
        const { seen } = await reading(topic, groupId);
        await vi.waitFor(() => expect(seen.map((one) => one.value)).toEqual(["new"]), patient);
      });
    });

    describe("topics", () => {
      test("are made once, grow, show their configuration, and go away", async () => {
        const one = await admin();
        const topic = await newTopic(2, { configEntries: [{ name: "retention.ms", value: "3600000" }] });
        expect(await one.createTopics({ topics: [{ topic, numPartitions: 2 }] })).toBe(false);
        await one.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
        await vi.waitFor(async () => {
          const { topics } = await one.fetchTopicMetadata({ topics: [topic] });
          expect(topics[0]?.partitions.map((part) => part.partitionId).sort()).toEqual([0, 1, 2, 3]);
        }, patient);
        const { resources } = await one.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: 2, name: topic, configNames: ["retention.ms"] }],
        });
        expect(resources[0]?.configEntries).toMatchObject([
          { configName: "retention.ms", configValue: "3600000" },
        ]);
        expect(await one.listTopics()).toContain(topic);
        await one.deleteTopics({ topics: [topic] });
        await vi.waitFor(async () => expect(await one.listTopics()).not.toContain(topic), patient);
      });

      test("start anew when they are made again after they were deleted", async () => {
        const one = await admin();
        const topic = await newTopic();
        await send(topic, values(3));
        await one.deleteTopics({ topics: [topic] });
        await vi.waitFor(async () => {
          await one.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false });
          expect(await one.fetchTopicOffsets(topic)).toMatchObject([{ low: "0", high: "0" }]);
        }, patient);
      });

      test("take the offsets that groups committed in them along when they are deleted", async () => {
        const client = wire();
        const topic = await newTopic();
        const group = unique("group");
        expect(await client.commit(group, -1, "", topic, 3)).toBe(0);
        await (await admin()).deleteTopics({ topics: [topic] });
        await vi.waitFor(async () => expect((await client.committed(group, topic)).offset).toBe(-1), patient);
      });

      test.each([
        ["a name that is none", { topic: "not a name" }, "INVALID_TOPIC_EXCEPTION"],
        ["no partitions", { numPartitions: 0 }, "INVALID_PARTITIONS"],
        ["more replicas than nodes", { replicationFactor: 3 }, "INVALID_REPLICATION_FACTOR"],
        ["an unknown configuration", { configEntries: [{ name: "no.such", value: "1" }] }, "INVALID_CONFIG"],
        ["a bad value", { configEntries: [{ name: "retention.ms", value: "soon" }] }, "INVALID_CONFIG"],
      ])("are not made with %s", async (_, wrong, type) => {
        const topics = [{ topic: unique("topic"), numPartitions: 1, replicationFactor: 1, ...wrong }];
        const refusal = (await admin()).createTopics({ topics });
        await expect(refusal).rejects.toMatchObject({ errors: [{ type }] });
      });

      test("are not made when only validation is asked for", async () => {
        const one = await admin();
        const topic = unique("topic");
        // Waiting for leaders would wait for a topic that is not to be.
        const only = { validateOnly: true, waitForLeaders: false, topics: [{ topic, numPartitions: 1 }] };
        expect(await one.createTopics(only)).toBe(true);
        expect(await one.listTopics()).not.toContain(topic);
      });

      test("cannot shrink", async () => {
        const topic = await newTopic(3);
        const shrink = (await admin()).createPartitions({ topicPartitions: [{ topic, count: 2 }] });
        await expect(shrink).rejects.toMatchObject({ type: "INVALID_PARTITIONS" });
      });

      test("have a leader that is a node of the cluster", async () => {
        const topic = await newTopic();
        const one = await admin();
        const { brokers, controller } = await one.describeCluster();
        const { topics } = await one.fetchTopicMetadata({ topics: [topic] });
        const nodes = brokers.map((broker) => broker.nodeId);
        expect(nodes).toContain(controller);
        expect(nodes).toContain(topics[0]?.partitions[0]?.leader);
      });
    });

    describe("idempotent producers", () => {
      test("are answered the same offset again for a repeated batch, and it is kept once", async () => {
        const topic = await newTopic();
        const client = wire();
        const producerId = await client.initProducerId();
        const batch = (sequence: number) => batchOf(["a", "b"], { producerId, sequence });
        expect(await client.produce(topic, batch(0))).toMatchObject({ error: 0, baseOffset: 0 });
        expect(await client.produce(topic, batch(2))).toMatchObject({ error: 0, baseOffset: 2 });
        expect(await client.produce(topic, batch(0))).toMatchObject({ error: 0, baseOffset: 0 });
        expect(await client.produce(topic, batch(2))).toMatchObject({ error: 0, baseOffset: 2 });
        expect((await client.fetch(topic, 4)).highWatermark).toBe(4);
      });

      test("are refused after a gap, and by an older epoch", async () => {
        const topic = await newTopic();
        const client = wire();
        const producerId = await client.initProducerId();
        await client.produce(topic, batchOf(["a"], { producerId, epoch: 1 }));
        const gap = batchOf(["c"], { producerId, epoch: 1, sequence: 2 });
        expect((await client.produce(topic, gap)).error).toBe(codes.outOfOrder);
        const older = batchOf(["a"], { producerId, epoch: 0 });
        expect((await client.produce(topic, older)).error).toBe(codes.oldProducerEpoch);
      });

      test("get numbers that are never given twice", async () => {
        const client = wire();
        const ids = [
          await client.initProducerId(),
          await client.initProducerId(),
          await wire().initProducerId(),
        ];
        expect(new Set(ids).size).toBe(3);
      });

      test("of kafkajs write every record once", async () => {
        const topic = await newTopic();
        const safe = kafka.producer({ idempotent: true, allowAutoTopicCreation: false });
        await safe.connect();
        ends.push(() => safe.disconnect());
        for (let i = 0; i < 20; i++) await safe.send({ topic, messages: [{ value: `v${i}` }] });
        const { seen } = await reading(topic);
        await vi.waitFor(() => expect(seen.map((one) => one.value)).toEqual(values(20)), patient);
      });
    });

    describe("groups", () => {
      test("share the partitions, and give a leaving member's back to the others", async () => {
        const topic = await newTopic(4);
        const groupId = unique("group");
        const first = await reading(topic, groupId);
        await vi.waitFor(() => expect(first.assigned()).toHaveLength(4), patient);
        const second = await reading(topic, groupId);
        const both = () => [...first.assigned(), ...second.assigned()].sort((a, b) => a - b);
        await vi.waitFor(() => {
          expect([first.assigned().length, second.assigned().length]).toEqual([2, 2]);
          expect(both()).toEqual([0, 1, 2, 3]);
        }, patient);
        for (const partition of [0, 1, 2, 3]) await send(topic, [`p${partition}`], partition);
        await vi.waitFor(() => expect(first.seen.length + second.seen.length).toBe(4), patient);
        await second.consumer.disconnect();
        await vi.waitFor(() => expect(first.assigned()).toHaveLength(4), patient);
        for (const partition of [0, 1, 2, 3]) await send(topic, [`q${partition}`], partition);
        const q = () => first.seen.filter((one) => one.value.startsWith("q"));
        await vi.waitFor(() => expect(q()).toHaveLength(4), patient);
      });

      test("go on without a member that was killed, once its session is over", async () => {
        const groupId = unique("group");
        const victim = wire();
        await victim.becomeOnlyMember(groupId, shortestSessionMs);
        const began = performance.now();
        victim.close();
        const survivor = await joinAlone(wire(), groupId);
        expect(performance.now() - began).toBeGreaterThan(shortestSessionMs * 0.8);
        expect(survivor.error).toBe(0);
        expect(survivor.leader).toBe(survivor.memberId);
      });

      const joinAlone = async (client: Wire, groupId: string) => {
        const sessionMs = shortestSessionMs * 4;
        const { memberId } = await client.join(groupId, "", sessionMs, "range");
        return client.join(groupId, memberId, sessionMs, "range");
      };

      test("name a newcomer first and let it in when it comes back with that name", async () => {
        const client = wire();
        const group = unique("group");
        const named = await client.join(group, "", shortestSessionMs);
        expect(named.error).toBe(codes.memberIdRequired);
        expect(named.memberId).not.toBe("");
        const joined = await client.join(group, named.memberId, shortestSessionMs);
        expect(joined).toMatchObject({ error: 0, leader: named.memberId, memberId: named.memberId });
        expect(await client.sync(group, joined.generation, named.memberId)).toBe(0);
        expect(await client.heartbeat(group, joined.generation, named.memberId)).toBe(0);
      });

      test("refuse strangers, old generations, foreign protocols and impossible sessions", async () => {
        const client = wire();
        const topic = await newTopic();
        const group = unique("group");
        const { memberId, generation } = await client.becomeOnlyMember(group, shortestSessionMs * 4);
        expect(await client.heartbeat(group, generation, "stranger")).toBe(codes.unknownMember);
        expect(await client.heartbeat(group, generation - 1, memberId)).toBe(codes.illegalGeneration);
        expect(await client.commit(group, generation - 1, memberId, topic, 1)).toBe(codes.illegalGeneration);
        expect(await client.commit(group, generation, "stranger", topic, 1)).toBe(codes.unknownMember);
        expect(await client.commit(group, -1, "", topic, 1)).toBe(codes.unknownMember);
        expect(await client.commit(group, generation, memberId, topic, 1)).toBe(0);
        expect((await client.join(group, "stranger", shortestSessionMs)).error).toBe(codes.unknownMember);
        const foreign = await client.join(group, "", shortestSessionMs, "other");
        expect(foreign.error).toBe(codes.inconsistentProtocol);
        expect((await client.join(unique("group"), "", 1)).error).toBe(codes.invalidSession);
      });

      test("are listed and described", async () => {
        const topic = await newTopic(2);
        const { groupId, assigned } = await reading(topic);
        await vi.waitFor(() => expect(assigned()).toHaveLength(2), patient);
        const one = await admin();
        expect((await one.listGroups()).groups.map((group) => group.groupId)).toContain(groupId);
        const { groups } = await one.describeGroups([groupId, unique("nobody")]);
        expect(groups).toMatchObject([
          { groupId, state: "Stable", protocolType: "consumer", members: [{ clientId: "contract" }] },
          { state: "Dead" },
        ]);
      });
    });

    describe("connections", () => {
      test("that send no request are closed, and the others go on", async () => {
        const topic = await newTopic();
        const [good, bad] = [wire(), wire()];
        await good.produce(topic, batchOf(["before"]));
        bad.socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4]));
        await bad.ended;
        expect(await good.produce(topic, batchOf(["after"]))).toMatchObject({ error: 0, baseOffset: 1 });
      });

      test("that ask in a newer version than is known are told which versions there are", async () => {
        // The empty tag section that ends the header of newer versions.
        const answer = await wire().ask(18, 99, (w) => w.int8(0));
        expect(answer.int16()).toBe(codes.unsupportedVersion);
      });

      test("are served in the order of their requests", async () => {
        const topic = await newTopic();
        const client = wire();
        const waiting = client.fetch(topic, 0, { maxWaitMs: 300 });
        const order: string[] = [];
        await Promise.all([
          waiting.then(() => order.push("fetch")),
          client.initProducerId().then(() => order.push("producer id")),
        ]);
        expect(order).toEqual(["fetch", "producer id"]);
      });
    });

    if (kill9 && restart) {
      describe("a crash of the broker", () => {
        test("loses nothing that was acknowledged, and keeps order and idempotence", async () => {
          const topic = await newTopic();
          const acknowledged: string[] = [];
          const fast = kafka.producer({ retry: { retries: 0 }, allowAutoTopicCreation: false });
          await fast.connect();
          const client = wire();
          const producerId = await client.initProducerId();
          await client.produce(topic, batchOf(["once"], { producerId }));
          let stop = false;
          const load = (async () => {
            for (let i = 0; !stop; i++) {
              const value = `r${i}`;
              await fast.send({ topic, messages: [{ value }] }).then(
                () => acknowledged.push(value),
                () => {
                  stop = true;
                },
              );
            }
          })();
          await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(200), { timeout: 20_000 });
          await kill9();
          await load;
          await fast.disconnect();
          await restart();
          const { seen } = await reading(topic);
          const last = acknowledged.at(-1);
          await vi.waitFor(() => expect(seen.some((one) => one.value === last)).toBe(true), {
            timeout: 20_000,
          });
          const found = seen.map((one) => one.value);
          expect(found.slice(1, acknowledged.length + 1)).toEqual(acknowledged);
          const again = await wire().produce(topic, batchOf(["once"], { producerId }));
          expect(again).toMatchObject({ error: 0, baseOffset: 0 });
        });

        test("leaves a group its members, its generation and its offsets", async () => {
          const topic = await newTopic(1, { configEntries: [{ name: "retention.ms", value: "7200000" }] });
          const group = unique("group");
          const before = wire();
          const sessionMs = shortestSessionMs * 10;
          const { memberId, generation } = await before.becomeOnlyMember(group, sessionMs);
          expect(await before.commit(group, generation, memberId, topic, 42)).toBe(0);
          await kill9();
          await restart();
          const after = wire();
          // Read first: while Kafka loads its groups, it answers every heartbeat with yes.
          expect((await after.committed(group, topic)).offset).toBe(42);
          expect(await after.heartbeat(group, generation, memberId)).toBe(0);
          expect(await after.heartbeat(group, generation + 1, memberId)).toBe(codes.illegalGeneration);
        });

        test("is survived by a running consumer, which goes on where it was", async () => {
          const topic = await newTopic(2);
          const one = await reading(topic);
          await send(topic, values(10));
          await vi.waitFor(() => expect(one.seen).toHaveLength(10), patient);
          await kill9();
          await restart();
          await vi.waitFor(() => send(topic, values(5, 10)), { timeout: 20_000 });
          await vi.waitFor(() => expect(one.seen.map((record) => record.value)).toContain("v14"), {
            timeout: 30_000,
          });
        });
      });
    }
  });
}

interface Seen {
  partition: number;
  offset: number;
  value: string;
  message: Parameters<NonNullable<Parameters<Consumer["run"]>[0]>["eachMessage"] & object>[0]["message"];
}
