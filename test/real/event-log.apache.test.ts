// The event-log contract on Apache Kafka: what the stand-in is held equal to.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { authorityIn } from "../../simulator/servers/certificates.ts";
import { type ApacheKafka, brokersSeenBy, startApacheKafka } from "../../simulator/servers/kafka.ts";
import {
  ensureTopics,
  type InRecord,
  type KafkaAddress,
  kafkaTls,
  openConsumer,
  openProducer,
} from "../../wire/kafka/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { eventLogContract } from "../contracts/event-log.contract.ts";
import { numbered, until } from "../wire/kafka/stand-in.ts";

const shortestSessionMs = 1_000;
const dir = mkdtempSync(join(tmpdir(), "ev-apache-kafka-"));
let kafka: ApacheKafka;

beforeAll(async () => {
  kafka = await startApacheKafka({
    dir,
    isBrief: true,
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

describe("Apache Kafka over TLS", () => {
  const brokers = () => kafka.tlsBootstrap.split(",");

  test("is spoken to with a certificate, by what the environment says alone", async () => {
    const tls = kafkaTls({
      KAFKA_TLS: true,
      KAFKA_CA_PATH: kafka.tls.ca,
      KAFKA_CERT_PATH: kafka.tls.cert,
      KAFKA_KEY_PATH: kafka.tls.key,
    });
    const address: KafkaAddress = { brokers: brokers(), clientId: "tls", log: silentLog, ...tls };
    await ensureTopics({ ...address, partitions: 1, replication: 1 });
    const producer = openProducer(address);
    await producer.send([1, 2, 3].map((n) => numbered(n, 0)));
    const seen: InRecord[] = [];
    const consumer = openConsumer({
      ...address,
      groupId: "tls",
      topics: ["cp.events"],
      onBatch: (records) => {
        seen.push(...records);
        return Promise.resolve(records.at(-1)?.offset ?? null);
      },
    });
    await until(() => seen.length === 3, 20_000);
    expect(seen.map(({ value }) => Buffer.from(value).toString())).toEqual(["1", "2", "3"]);
    await consumer.close();
    await producer.close();
  });

  test("is not spoken to without a certificate, nor believed when its authority is unknown", async () => {
    const { ca, cert, key } = kafka.tls;
    expect(await brokersSeenBy(brokers(), { ca, cert, key })).toEqual([1]);
    expect(await brokersSeenBy(brokers(), { ca })).toEqual([]);
    const other = authorityIn(join(dir, "other"));
    expect(await brokersSeenBy(brokers(), { ca: other.ca, cert, key })).toEqual([]);
    expect(await brokersSeenBy(brokers(), { ca, ...other.client("ev-services") })).toEqual([]);
    const nowhere = await brokersSeenBy(brokers(), { ca: join(dir, "none.pem"), cert, key });
    expect(nowhere).toEqual([]);
  });
});
