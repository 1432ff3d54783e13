// Produce: one verified batch per partition goes to its log; the answer comes after the write has returned.
import { errorText } from "../../../../wire/process/log.ts";
import { type ErrorCode, errors } from "../codec/errors.ts";
import { type BatchHead, isIntact, isTransactional, magicOf, readHead } from "../log/batch.ts";
import type { Topic } from "../topics.ts";
import type { Api, Broker } from "./api.ts";

interface Result {
  partition: number;
  error: ErrorCode;
  baseOffset: number;
  startOffset: number;
}

export const produce: Api = {
  key: 0,
  name: "Produce",
  least: 3,
  most: 7,
  handle(reader, { version }, broker) {
    const transactionalId = reader.nullableString();
    const acks = reader.int16();
    reader.int32(); // time for replication: there is none to wait for
    const refusal =
      transactionalId !== null
        ? errors.invalidRequest
        : acks < -1 || acks > 1
          ? errors.invalidRequiredAcks
          : undefined;
    const results = reader.array((r) => {
      const name = r.string();
      const topic = broker.topics.get(name);
      const partitions = r.array((p): Result => {
        const partition = p.int32();
        const records = p.bytes();
        return refusal === undefined
          ? append(broker, topic, partition, records)
          : { partition, error: refusal, baseOffset: -1, startOffset: -1 };
      });
      return { name, partitions };
    });
    if (acks === 0) return undefined;
    return (writer) => {
      writer.array(results, ({ name, partitions }) => {
        writer.string(name).array(partitions, ({ partition, error, baseOffset, startOffset }) => {
          writer.int32(partition).int16(error).int64(baseOffset).int64(-1);
          if (version >= 5) writer.int64(startOffset);
        });
      });
      writer.int32(0);
    };
  },
};

function append(broker: Broker, topic: Topic | undefined, partition: number, records: Buffer): Result {
  const log = topic?.partitions[partition];
  const refused = (error: ErrorCode): Result => ({ partition, error, baseOffset: -1, startOffset: -1 });
  if (!topic || !log) return refused(errors.unknownTopicOrPartition);
  const head = verified(records, topic.settings.maxMessageBytes);
  if (typeof head === "number") return refused(head);
  try {
    const appended = log.append(records, head);
    if (appended.is === "refused") return refused(appended.error);
    return { partition, error: errors.none, baseOffset: appended.baseOffset, startOffset: log.startOffset };
  } catch (error) {
    broker.warn(`${topic.name}-${partition} cannot be written: ${errorText(error)}`);
    return refused(errors.storageError);
  }
}

/** The head of what must be exactly one sound batch; or why it is not. */
function verified(records: Buffer, maxBytes: number): BatchHead | ErrorCode {
  const magic = magicOf(records);
  if (magic === 0 || magic === 1) return errors.unsupportedForMessageFormat;
  const head = readHead(records, 0);
  if (!head || head.sizeBytes > records.length) return errors.corruptMessage;
  if (head.sizeBytes < records.length) return errors.invalidRecord;
  if (head.sizeBytes > maxBytes) return errors.messageTooLarge;
  if (!isIntact(records)) return errors.corruptMessage;
  if (head.records !== head.lastOffsetDelta + 1 || isTransactional(head)) return errors.invalidRecord;
  return head;
}
