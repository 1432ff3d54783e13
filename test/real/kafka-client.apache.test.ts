// The tests of our producer, consumer and topics once more, on Apache Kafka in the place of the stand-in: killed, frozen
// and cut off as they do it to the stand-in.
import { beforeAll, describe, vi } from "vitest";
import { kafkaJars } from "../../simulator/servers/kafka-node.ts";

// Read by the tests below when they are loaded and when they start a broker.
process.env.KAFKA_COMMAND = "simulator/servers/apache-kafka-main.ts";
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

beforeAll(async () => {
  await kafkaJars((line) => process.stderr.write(`${line}\n`));
}, 600_000);

describe("producer", async () => {
  await import("../wire/kafka/producer.test.ts");
});
describe("consumer", async () => {
  await import("../wire/kafka/consumer.test.ts");
});
describe("long batches", async () => {
  await import("../wire/kafka/long-batch.test.ts");
});
describe("topics", async () => {
  await import("../wire/kafka/topics.test.ts");
});
describe("members that were killed", async () => {
  await import("../wire/kafka/ghosts.test.ts");
});
