// What a function needs beside its event, opened once per process and kept warm: table, producer, log.
import * as z from "zod";
import {
  brokerList,
  dialAt,
  type KafkaAddress,
  kafkaTls,
  kafkaTlsVariables,
  openProducer,
  type Producer,
} from "../../wire/kafka/index.ts";
import { localPartitions } from "../../wire/messages/index.ts";
import { readEnvironment, whole } from "../../wire/process/environment.ts";
import { openLog } from "../../wire/process/log.ts";
import { openTable } from "../tables/open.ts";
import type { HandlerParts } from "./batch.ts";

export const centralEnvironment = z.object({
  KAFKA_BOOTSTRAP: z.string().min(1).transform(brokerList),
  ...kafkaTlsVariables,
  TABLE_URL: z.string().min(1),
  PARTITIONS: whole.default(localPartitions),
  /** Where to dial whatever address the broker names: a tunnel. */
  KAFKA_DIAL: z
    .string()
    .regex(/^[^:\s]+:\d{1,5}$/, "must be host:port")
    .transform(dialAt)
    .optional(),
});

/** Where Kafka is, and how it is reached. */
export function kafkaAddressOf(
  env: z.infer<typeof centralEnvironment>,
): Pick<KafkaAddress, "brokers" | "tls" | "dial"> {
  return { brokers: env.KAFKA_BOOTSTRAP, ...kafkaTls(env), ...(env.KAFKA_DIAL && { dial: env.KAFKA_DIAL }) };
}

export interface FunctionParts extends HandlerParts {
  producer: Producer;
}

/** From KAFKA_BOOTSTRAP, TABLE_URL and PARTITIONS. */
export async function openFunctionParts(clientId: string): Promise<FunctionParts> {
  const env = readEnvironment(centralEnvironment);
  const log = openLog("Central");
  return {
    table: await openTable(env.TABLE_URL),
    producer: openProducer({ ...kafkaAddressOf(env), clientId, log }),
    partitions: env.PARTITIONS,
    log,
    nowMs: () => Date.now(),
  };
}
