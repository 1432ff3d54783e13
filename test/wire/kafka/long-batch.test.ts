import { afterAll, beforeAll, expect, it } from "vitest";
import { allOf, ensureTopics, type InRecord, openConsumer, openProducer } from "../../../wire/kafka/index.ts";
import { silentLog } from "../../../wire/process/log.ts";
import { numbered, type StandIn, startStandIn, until } from "./stand-in.ts";

const sessionTimeoutMs = 6_000;
let kafka: StandIn;
beforeAll(async () => {
  kafka = await startStandIn();
});
afterAll(async () => {
  await kafka.remove();
});

it("a consumer whose handler takes longer than the session stays in its group and commits", async () => {
  const address = { brokers: kafka.brokers, clientId: "t", log: silentLog };
  await ensureTopics({ ...address, partitions: 1, replication: 1 });
  const producer = openProducer(address);
  const handled: string[] = [];
  const onBatch = async (records: readonly InRecord[]) => {
    const text = records.map(({ value }) => Buffer.from(value).toString()).join();
    if (text === "1") await new Promise((resolve) => setTimeout(resolve, sessionTimeoutMs + 1_500));
    handled.push(text);
    return allOf(records);
  };
  const options = { ...address, groupId: "g", topics: ["cp.events"], onBatch, sessionTimeoutMs };
  const consumer = openConsumer(options);
  await producer.send([numbered(1, 0)]);
  await until(() => handled.length === 1, 12_000);
  expect(consumer.silentMs).toBeLessThan(3_000);
  await producer.send([numbered(2, 0)]);
  await until(() => handled.length === 2, 8_000);
  await consumer.close();
  const other = openConsumer(options);
  await producer.send([numbered(3, 0)]);
  await until(() => handled.length === 3, 8_000);
  expect(handled).toEqual(["1", "2", "3"]);
  await Promise.all([other.close(), producer.close()]);
});
