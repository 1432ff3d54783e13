// OffsetCommit and OffsetFetch: how far a group has read. Whatever number a member commits is kept: clients use -1 and
// -2 to say "from the end" and "from the beginning".
import { type ErrorCode, errors } from "../codec/errors.ts";
import type { CommittedOffset } from "../store.ts";
import type { Api } from "./api.ts";

const longestMetadata = 4096;

export const offsetCommit: Api = {
  key: 8,
  name: "OffsetCommit",
  least: 2,
  most: 5,
  async handle(reader, { version }, { topics, coordinator, store }) {
    const group = reader.string();
    const generation = reader.int32();
    const memberId = reader.string();
    if (version <= 4) reader.int64(); // retention: offsets are kept for as long as their topic
    const wanted = reader.array((r) => {
      const topic = r.string();
      return {
        topic,
        offsets: r.array((p): CommittedOffset => {
          const partition = p.int32();
          return { topic, partition, offset: p.int64(), metadata: p.nullableString() };
        }),
      };
    });
    const { error: refusal } = await coordinator.ask(group, { is: "commit", generation, memberId });
    const errorOf = ({ topic, partition, metadata }: CommittedOffset): ErrorCode => {
      if (refusal !== errors.none) return refusal;
      if (!topics.log(topic, partition)) return errors.unknownTopicOrPartition;
      return (metadata?.length ?? 0) > longestMetadata ? errors.offsetMetadataTooLarge : errors.none;
    };
    const all = wanted.flatMap(({ offsets }) => offsets);
    const errorsOf = new Map(all.map((one) => [one, errorOf(one)]));
    const accepted = all.filter((one) => errorsOf.get(one) === errors.none);
    if (accepted.length > 0) store.putOffsets(group, accepted);
    return (writer) => {
      if (version >= 3) writer.int32(0);
      writer.array(wanted, ({ topic, offsets }) => {
        writer.string(topic).array(offsets, (one) => {
          writer.int32(one.partition).int16(errorsOf.get(one) ?? errors.none);
        });
      });
    };
  },
};

export const offsetFetch: Api = {
  key: 9,
  name: "OffsetFetch",
  least: 1,
  most: 4,
  handle(reader, { version }, { store }) {
    const group = reader.string();
    const wanted = reader.nullableArray((r) => ({
      topic: r.string(),
      partitions: r.array((p) => p.int32()),
    }));
    const found = wanted
      ? wanted.map(({ topic, partitions }) => ({
          topic,
          offsets: partitions.map(
            (partition): CommittedOffset =>
              store.offset(group, topic, partition) ?? { topic, partition, offset: -1, metadata: "" },
          ),
        }))
      : byTopic(store.offsets(group));
    return (writer) => {
      if (version >= 3) writer.int32(0);
      writer.array(found, ({ topic, offsets }) => {
        writer.string(topic).array(offsets, ({ partition, offset, metadata }) => {
          writer.int32(partition).int64(offset).string(metadata).int16(errors.none);
        });
      });
      if (version >= 2) writer.int16(errors.none);
    };
  },
};

function byTopic(offsets: readonly CommittedOffset[]): { topic: string; offsets: CommittedOffset[] }[] {
  const topics = new Map<string, CommittedOffset[]>();
  for (const one of offsets) topics.set(one.topic, [...(topics.get(one.topic) ?? []), one]);
  return [...topics].map(([topic, all]) => ({ topic, offsets: all }));
}
