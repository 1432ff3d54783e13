// The bad network before Apache Kafka and before the stand-in; too slow for every test run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { type ApacheKafka, startApacheKafka } from "../../simulator/servers/kafka.ts";
import { badKafkaNetwork } from "../contracts/bad-network.kafka.ts";
import { overlappingSends } from "../contracts/bad-network.kafkajs.ts";
import { type KafkaProcess, startKafkaProcess } from "../simulator/brokers/kafka/process.ts";

describe("Apache Kafka", () => {
  const dir = mkdtempSync(join(tmpdir(), "ev-bad-network-"));
  let kafka: ApacheKafka;
  beforeAll(async () => {
    kafka = await startApacheKafka({ dir, say: (line) => process.stderr.write(`${line}\n`) });
  }, 600_000);
  afterAll(async () => {
    await kafka?.stop();
    rmSync(dir, { recursive: true });
  });
  badKafkaNetwork("Apache Kafka", { bootstrap: () => kafka.bootstrap });
  overlappingSends("Apache Kafka", () => kafka.bootstrap);
});

describe("the stand-in", () => {
  let kafka: KafkaProcess;
  beforeAll(async () => {
    kafka = await startKafkaProcess();
  });
  afterAll(() => kafka.remove());
  badKafkaNetwork("the stand-in", { bootstrap: () => kafka.bootstrap });
  overlappingSends("the stand-in", () => kafka.bootstrap);
});
