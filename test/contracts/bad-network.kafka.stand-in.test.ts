// The bad network before the Kafka stand-in, running as the process that the local default starts. The slow cases run
// with those of the real servers.
import { afterAll, beforeAll } from "vitest";
import { type KafkaProcess, startKafkaProcess } from "../simulator/brokers/kafka/process.ts";
import { badKafkaNetwork } from "./bad-network.kafka.ts";
import { overlappingSends } from "./bad-network.kafkajs.ts";

let kafka: KafkaProcess;

beforeAll(async () => {
  kafka = await startKafkaProcess();
});
afterAll(() => kafka.remove());

badKafkaNetwork("the stand-in", { bootstrap: () => kafka.bootstrap, quick: true });
overlappingSends("the stand-in", () => kafka.bootstrap);
