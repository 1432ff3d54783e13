// The event-log contract on the Kafka stand-in, running as the process that the local default starts.
import { afterAll, beforeAll } from "vitest";
import { type KafkaProcess, startKafkaProcess } from "../simulator/brokers/kafka/process.ts";
import { eventLogContract } from "./event-log.contract.ts";

const shortestSessionMs = 1_000;
let kafka: KafkaProcess;

beforeAll(async () => {
  kafka = await startKafkaProcess({
    KAFKA_LEAST_SESSION_MS: String(shortestSessionMs),
    KAFKA_RETENTION_CHECK_MS: "300",
  });
});
afterAll(() => kafka.remove());

eventLogContract("the stand-in", {
  bootstrap: () => kafka.bootstrap,
  shortestSessionMs,
  kill9: () => kafka.kill9(),
  restart: () => kafka.restart(),
});
