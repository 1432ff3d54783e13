// Where no cloud polls Kafka for us: the consumer's batches take the shape of the managed source, go through the
// same handler, and its answer says what may be committed.
import { allOf, type DoneUpTo, doneBefore, type InRecord } from "../../wire/kafka/index.ts";
import { kafkaTopics } from "../../wire/messages/index.ts";
import type { Handler, MskEvent, MskRecord } from "./batch.ts";

/** The consumer group of everything that Central learns from. */
export const centralGroup = "central";

export const centralTopics = [
  kafkaTopics.events.name,
  kafkaTopics.telemetry.name,
  kafkaTopics.status.name,
  kafkaTopics.driverRequests.name,
  kafkaTopics.operatorRequests.name,
  kafkaTopics.deadLetters.name,
] as const;

/** Handles the records of one topic-partition; answers with the offset up to which all is done. */
export async function handleRecords(handler: Handler, records: readonly InRecord[]): Promise<DoneUpTo> {
  const first = records[0];
  if (!first) return null;
  const partition = `${first.topic}-${first.partition}`;
  const event: MskEvent = {
    eventSource: "SelfManagedKafka",
    records: { [partition]: records.map(mskRecord) },
  };
  const { batchItemFailures } = await handler(event);
  const failed = batchItemFailures.find(({ itemIdentifier }) => itemIdentifier.partition === partition);
  if (!failed) return allOf(records);
  const index = records.findIndex((record) => Number(record.offset) === failed.itemIdentifier.offset);
  // An offset that is not of this batch: nothing is known to be done.
  return doneBefore(records, [Math.max(0, index)]);
}

function mskRecord(record: InRecord): MskRecord {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: Number(record.offset),
    timestamp: record.timestampMs,
    timestampType: "CREATE_TIME",
    ...(record.key === null ? {} : { key: Buffer.from(record.key).toString("base64") }),
    value: Buffer.from(record.value).toString("base64"),
    headers: Object.entries(record.headers).map(([name, value]) => ({ [name]: [...Buffer.from(value)] })),
  };
}
