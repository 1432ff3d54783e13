// What a function needs beside its event, opened once per process and kept warm: table, producer, log.
import * as z from "zod";
import {
  brokerList,
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
});

export interface FunctionParts extends HandlerParts {
  producer: Producer;
}

/** From KAFKA_BOOTSTRAP, TABLE_URL and PARTITIONS. */
export async function openFunctionParts(clientId: string): Promise<FunctionParts> {
  const env = readEnvironment(centralEnvironment);
  const log = openLog("Central");
  return {
    table: await openTable(env.TABLE_URL),
    producer: openProducer({ brokers: env.KAFKA_BOOTSTRAP, ...kafkaTls(env), clientId, log }),
    partitions: env.PARTITIONS,
    log,
    nowMs: () => Date.now(),
  };
}
