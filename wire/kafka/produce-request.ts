// Lets kafkajs send a produce request whose bytes are made here (record-batch.ts): it finds the leaders, frames the
// request and reads the answer as ever, and only its encoding of the records is left out.
//
// 1. What stands for the records on the way through kafkajs is no value that it could encode: without the correction
//    it throws, and nothing is written.
import type { Message, TopicMessages } from "kafkajs";
import Broker from "kafkajs/src/broker/index.js";
import type { OutRecord } from "./port.ts";
import { encodeProduce, type TopicRecords, topicBytes } from "./record-batch.ts";

/** Stands where kafkajs has the value of a message: all records of one partition, as one message of its own. */
class RecordsOfPartition {
  readonly records: OutRecord[] = [];
  /** Upper bound of what they take on the wire. */
  bytes = 0;
}

/** The form kafkajs takes a batch in: a message per partition, that is all it looks at. */
export function toTopicMessages(batch: readonly { record: OutRecord; bytes: number }[]): TopicMessages[] {
  const topics = new Map<string, Map<number, RecordsOfPartition>>();
  for (const { record, bytes } of batch) {
    const partitions = topics.get(record.topic) ?? new Map<number, RecordsOfPartition>();
    if (partitions.size === 0) topics.set(record.topic, partitions);
    const place = partitions.get(record.partition) ?? new RecordsOfPartition();
    if (place.records.length === 0) partitions.set(record.partition, place);
    place.records.push(record);
    place.bytes += bytes;
  }
  return [...topics].map(([topic, partitions]) => ({
    topic,
    messages: [...partitions].map(([partition, records]) => ({
      partition,
      value: records as unknown as NonNullable<Message["value"]>,
    })),
  }));
}

const bodyBytes = 64;
/** The body is the same from version 3 on, until compact arrays came with 9. */
const versions = { least: 3, most: 8 };
let corrected = false;

/** Idempotent. Requests of others, with messages as kafkajs knows them, go the way they went. */
export function encodeProducesHere(): void {
  if (corrected) return;
  const { produce } = Broker.prototype;
  if (typeof produce !== "function")
    throw new Error("kafkajs changed: Broker.produce is gone, see produce-request.ts");
  Broker.prototype.produce = function produceOwn(request) {
    const topics = ownRecords(request.topicData);
    if (!topics) return produce.call(this, request);
    const lookupRequest: typeof this.lookupRequest = (apiKey, definitions) => {
      const make = this.lookupRequest(apiKey, definitions);
      return (asked) => {
        const made = make(asked);
        const { apiVersion } = made.request;
        if (apiVersion < versions.least || apiVersion > versions.most)
          throw new Error(`Produce version ${apiVersion} is not known here`);
        return { ...made, request: { ...made.request, encode: () => Promise.resolve(body(asked, topics)) } };
      };
    };
    return produce.call(Object.create(this, { lookupRequest: { value: lookupRequest } }), request);
  };
  corrected = true;
}

type TopicData = Parameters<typeof Broker.prototype.produce>[0]["topicData"];

/** Undefined when they are messages of kafkajs. */
function ownRecords(topicData: TopicData): (TopicRecords & { bytes: number })[] | undefined {
  const topics: (TopicRecords & { bytes: number })[] = [];
  for (const { topic, partitions } of topicData) {
    const own = partitions.flatMap(({ partition, messages }) =>
      messages.flatMap(({ value }) =>
        value instanceof RecordsOfPartition
          ? [{ partition, records: value.records, bytes: value.bytes }]
          : [],
      ),
    );
    if (own.length !== partitions.length) return undefined;
    topics.push({ topic, partitions: own, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) });
  }
  return topics;
}

type Asked = Pick<Parameters<typeof Broker.prototype.produce>[0], "acks" | "timeout">;

/** What kafkajs takes for one of its encoders: it reads `buf` and `buffer`. */
function body({ acks, timeout }: Asked, topics: readonly (TopicRecords & { bytes: number })[]) {
  const atMostBytes = topics.reduce((sum, topic) => sum + topicBytes(topic) + topic.bytes, bodyBytes);
  const buf = encodeProduce({ acks, timeoutMs: timeout, topics, nowMs: Date.now(), atMostBytes });
  return { buf, buffer: buf };
}
