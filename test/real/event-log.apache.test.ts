// The event-log contract on Apache Kafka: what the stand-in is held equal to.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type ApacheKafka, startApacheKafka } from "../../simulator/servers/kafka.ts";
import { eventLogContract } from "../contracts/event-log.contract.ts";

const shortestSessionMs = 1_000;
const dir = mkdtempSync(join(tmpdir(), "ev-apache-kafka-"));
let kafka: ApacheKafka;

beforeAll(async () => {
  kafka = await startApacheKafka({
    dir,
    settings: {
      "group.min.session.timeout.ms": String(shortestSessionMs),
      "log.retention.check.interval.ms": "500",
      "log.initial.task.delay.ms": "500",
    },
    say: (line) => process.stderr.write(`${line}\n`),
  });
}, 600_000);
afterAll(async () => {
  await kafka?.stop();
  rmSync(dir, { recursive: true });
});

eventLogContract("Apache Kafka", {
  bootstrap: () => kafka.bootstrap,
  shortestSessionMs,
  kill9: () => kafka.kill(),
  restart: () => kafka.start(),
});
