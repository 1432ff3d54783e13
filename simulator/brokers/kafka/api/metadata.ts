// Metadata: the one node, and the topics with their partitions. Topics are never made by asking for them.
import { errors } from "../codec/errors.ts";
import { Topics } from "../topics.ts";
import { type Api, nodeId } from "./api.ts";

export const metadata: Api = {
  key: 3,
  name: "Metadata",
  least: 0,
  most: 6,
  handle(reader, { version, host, port }, { topics, store }) {
    const named = reader.nullableArray((r) => r.string());
    const wantsAll = named === null || (version === 0 && named.length === 0);
    const names = wantsAll ? topics.all().map(({ name }) => name) : [...new Set(named)];
    return (writer) => {
      if (version >= 3) writer.int32(0);
      writer.array([nodeId], (id) => {
        writer.int32(id).string(host).int32(port);
        if (version >= 1) writer.string(null);
      });
      if (version >= 2) writer.string(store.clusterId);
      if (version >= 1) writer.int32(nodeId);
      writer.array(names, (name) => {
        const topic = topics.get(name);
        const missing = Topics.isName(name) ? errors.unknownTopicOrPartition : errors.invalidTopic;
        writer.int16(topic ? errors.none : missing).string(name);
        if (version >= 1) writer.boolean(false);
        writer.array([...(topic?.partitions.keys() ?? [])], (partition) => {
          writer.int16(errors.none).int32(partition).int32(nodeId);
          writer.array([nodeId], (replica) => writer.int32(replica));
          writer.array([nodeId], (inSync) => writer.int32(inSync));
          if (version >= 5) writer.int32(0);
        });
      });
    };
  },
};
