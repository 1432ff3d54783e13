// ev-central-events-N: the events function as the cloud runs it, on this machine: a consumer of the group in place of
// the managed event source, which hands each batch to the handler and commits what its answer says. Several of these
// share the partitions.
import * as z from "zod";
import { handler } from "../../central-fn/events-main.ts";
import { centralGroup, centralTopics, handleRecords } from "../../central-fn/on-event/consume.ts";
import { centralEnvironment, kafkaAddressOf } from "../../central-fn/on-event/parts.ts";
import { ensureTopics, openConsumer } from "../../wire/kafka/index.ts";
import { readEnvironment, whole } from "../../wire/process/environment.ts";
import { endWith } from "../../wire/process/lifetime.ts";
import { openLog } from "../../wire/process/log.ts";

const env = readEnvironment(
  centralEnvironment.extend({
    /** Of no other living process. */
    INSTANCE: z.string().min(1),
    REPLICATION: whole.min(1).default(1),
  }),
);
const log = openLog("Central");
const address = { ...kafkaAddressOf(env), log };
await ensureTopics({
  ...address,
  clientId: `${env.INSTANCE}-topics`,
  partitions: env.PARTITIONS,
  replication: env.REPLICATION,
});
const consumer = openConsumer({
  ...address,
  clientId: env.INSTANCE,
  soleClientId: true,
  groupId: centralGroup,
  topics: centralTopics,
  closeWithinMs: 2_500,
  concurrency: centralTopics.length * env.PARTITIONS,
  onBatch: (records) => handleRecords(handler, records),
});
endWith(log, () => consumer.close());
log.info(`${env.INSTANCE} started successfully: ${centralTopics.join(", ")}`);
