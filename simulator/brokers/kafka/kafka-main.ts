// ev-kafka: a broker that speaks the Kafka protocol to kafkajs and kcat, so that a laptop needs neither a JVM nor
// Docker. It is a part of the simulator and never deployed; one contract suite holds it equal to Apache Kafka.
//
// It keeps what it acknowledged through a crash of the process, not of the machine (no fsync before the answer), like
// a single Apache broker with its default flush settings. What it does not do: replication, transactions, access
// control, TLS, SASL, compaction, re-compression or conversion of old message formats, topics made by asking for them,
// static group membership, quotas, fetch sessions, time stamps given by the broker.
import * as z from "zod";
import { port, positive, readEnvironment, whole } from "../../../wire/process/environment.ts";
import { endWith } from "../../../wire/process/lifetime.ts";
import { errorText, openLog } from "../../../wire/process/log.ts";
import { type Kafka, openKafka } from "./broker.ts";

const address = z
  .string()
  .regex(/^[^:]+:\d{1,5}$/, "must be host:port")
  .transform((text) => ({ host: text.replace(/:\d+$/, ""), port: Number(text.replace(/^.*:/, "")) }));

const env = readEnvironment(
  z.object({
    KAFKA_HOST: z.string().default("127.0.0.1"),
    KAFKA_PORT: port.default(9092),
    KAFKA_DATA: z.string(),
    KAFKA_ADVERTISED: address.optional(),
    KAFKA_LEAST_SESSION_MS: whole.default(6_000),
    KAFKA_RETENTION_CHECK_MS: positive.default(60_000),
  }),
);
const log = openLog("Kafka");

const kafka = await open();
endWith(log, () => kafka.close());
log.info(`started successfully on ${env.KAFKA_HOST}:${kafka.port}`);

async function open(): Promise<Kafka> {
  const options = {
    host: env.KAFKA_HOST,
    port: env.KAFKA_PORT,
    dataPath: env.KAFKA_DATA,
    leastSessionMs: env.KAFKA_LEAST_SESSION_MS,
    retentionCheckMs: env.KAFKA_RETENTION_CHECK_MS,
    ...(env.KAFKA_ADVERTISED ? { advertised: env.KAFKA_ADVERTISED } : {}),
  };
  try {
    return await openKafka(options, log);
  } catch (error) {
    log.error(whyNot(error));
    process.exit(1);
  }
}

function whyNot(error: unknown): string {
  const what = errorText(error);
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
    return `port ${env.KAFKA_PORT} on ${env.KAFKA_HOST} is taken: stop what listens there, or set KAFKA_PORT (or start everything with --port-offset N)`;
  if (what.includes("database is locked"))
    return `the folder ${env.KAFKA_DATA} is in use by another broker: stop that one, or set KAFKA_DATA`;
  return `cannot start on ${env.KAFKA_HOST}:${env.KAFKA_PORT} with ${env.KAFKA_DATA}: ${what}`;
}
