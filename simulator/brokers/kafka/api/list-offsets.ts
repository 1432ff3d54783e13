// ListOffsets: the first offset, the next one, or the first at or after a time.
import { type ErrorCode, errors } from "../codec/errors.ts";
import type { PartitionLog } from "../log/partition-log.ts";
import type { Api } from "./api.ts";

const latest = -1;
const earliest = -2;

interface Answer {
  partition: number;
  error: ErrorCode;
  timestampMs: number;
  offset: number;
}

export const listOffsets: Api = {
  key: 2,
  name: "ListOffsets",
  least: 1,
  most: 3,
  handle(reader, { version }, { topics }) {
    reader.int32(); // replica id
    if (version >= 2) reader.int8(); // isolation level
    const answers = reader.array((r) => {
      const name = r.string();
      return {
        name,
        partitions: r.array((p) => {
          const partition = p.int32();
          return answerOf(topics.log(name, partition), partition, p.int64());
        }),
      };
    });
    return (writer) => {
      if (version >= 2) writer.int32(0);
      writer.array(answers, ({ name, partitions }) => {
        writer.string(name).array(partitions, ({ partition, error, timestampMs, offset }) => {
          writer.int32(partition).int16(error).int64(timestampMs).int64(offset);
        });
      });
    };
  },
};

function answerOf(log: PartitionLog | undefined, partition: number, timestampMs: number): Answer {
  const none = { partition, error: errors.none, timestampMs: -1, offset: -1 };
  if (!log) return { ...none, error: errors.unknownTopicOrPartition };
  if (timestampMs === latest) return { ...none, offset: log.nextOffset };
  if (timestampMs === earliest) return { ...none, offset: log.startOffset };
  if (timestampMs < 0) return { ...none, error: errors.invalidRequest };
  return { ...none, ...log.firstAt(timestampMs) };
}
