// CreateTopics, DeleteTopics, CreatePartitions, DescribeConfigs.
import { errors } from "../codec/errors.ts";
import type { Reader } from "../codec/reader.ts";
import { describe } from "../topic-configs.ts";
import type { Refusal, Topics } from "../topics.ts";
import { type Api, nodeId } from "./api.ts";

interface Wanted {
  name: string;
  partitions: number;
  replicas: number;
  assignments: { partition: number; replicas: number[] }[];
  configs: Record<string, string>;
}

const defaultPartitions = 1;

export const createTopics: Api = {
  key: 19,
  name: "CreateTopics",
  least: 0,
  most: 3,
  handle(reader, { version }, { topics }) {
    const wanted = reader.array(readWanted);
    reader.int32(); // time-out
    const validateOnly = version >= 1 && reader.boolean();
    const results = wanted.map((one) => {
      const isTwice = wanted.filter(({ name }) => name === one.name).length > 1;
      const twice: Refusal = { error: errors.invalidRequest, why: `${one.name} is named twice` };
      return { name: one.name, refusal: isTwice ? twice : create(topics, one, validateOnly) };
    });
    return (writer) => {
      if (version >= 2) writer.int32(0);
      writer.array(results, ({ name, refusal }) => {
        writer.string(name).int16(refusal?.error ?? errors.none);
        if (version >= 1) writer.string(refusal?.why ?? null);
      });
    };
  },
};

function readWanted(reader: Reader): Wanted {
  return {
    name: reader.string(),
    partitions: reader.int32(),
    replicas: reader.int16(),
    assignments: reader.array((r) => ({ partition: r.int32(), replicas: r.array((one) => one.int32()) })),
    configs: Object.fromEntries(reader.array((r) => [r.string(), r.nullableString() ?? ""])),
  };
}

function create(topics: Topics, wanted: Wanted, validateOnly: boolean): Refusal | undefined {
  const { name, configs, assignments } = wanted;
  if (assignments.length > 0) {
    const fits = assignments.every(
      ({ partition, replicas }) =>
        partition >= 0 && partition < assignments.length && replicas.length === 1 && replicas[0] === nodeId,
    );
    if (!fits) return { error: errors.invalidReplicaAssignment, why: `node ${nodeId} is the only one` };
    return topics.create(name, assignments.length, configs, validateOnly);
  }
  if (wanted.replicas !== -1 && wanted.replicas !== 1)
    return {
      error: errors.invalidReplicationFactor,
      why: `one node cannot keep ${wanted.replicas} replicas`,
    };
  const partitions = wanted.partitions === -1 ? defaultPartitions : wanted.partitions;
  return topics.create(name, partitions, configs, validateOnly);
}

export const deleteTopics: Api = {
  key: 20,
  name: "DeleteTopics",
  least: 0,
  most: 1,
  handle(reader, { version }, { topics }) {
    const results = reader.array((r) => r.string()).map((name) => ({ name, refusal: topics.delete(name) }));
    return (writer) => {
      if (version >= 1) writer.int32(0);
      writer.array(results, ({ name, refusal }) => {
        writer.string(name).int16(refusal?.error ?? errors.none);
      });
    };
  },
};

export const createPartitions: Api = {
  key: 37,
  name: "CreatePartitions",
  least: 0,
  most: 1,
  handle(reader, _call, { topics }) {
    const wanted = reader.array((r) => ({
      name: r.string(),
      count: r.int32(),
      assignment: r.nullableArray((replicas) => replicas.array((one) => one.int32())),
    }));
    reader.int32(); // time-out
    const validateOnly = reader.boolean();
    const results = wanted.map(({ name, count }) => ({
      name,
      refusal: topics.grow(name, count, validateOnly),
    }));
    return (writer) => {
      writer.int32(0).array(results, ({ name, refusal }) => {
        writer
          .string(name)
          .int16(refusal?.error ?? errors.none)
          .string(refusal?.why ?? null);
      });
    };
  },
};

const topicResource = 2;
const setOnTopic = 1;
const setByDefault = 5;

export const describeConfigs: Api = {
  key: 32,
  name: "DescribeConfigs",
  least: 0,
  most: 2,
  handle(reader, { version }, { topics }) {
    const wanted = reader.array((r) => ({
      type: r.int8(),
      name: r.string(),
      only: r.nullableArray((names) => names.string()),
    }));
    return (writer) => {
      writer.int32(0).array(wanted, ({ type, name, only }) => {
        const topic = type === topicResource ? topics.get(name) : undefined;
        // The node's own configuration is not kept here: such a question gets an empty list.
        const isMissing = type === topicResource && !topic;
        writer.int16(isMissing ? errors.unknownTopicOrPartition : errors.none);
        writer
          .string(isMissing ? `no topic ${name}` : null)
          .int8(type)
          .string(name);
        const entries = topic ? describe(topic.configs) : [];
        const asked = entries.filter(
          (entry) => only === null || only.length === 0 || only.includes(entry.name),
        );
        writer.array(asked, (entry) => {
          writer.string(entry.name).string(entry.value).boolean(false);
          if (version === 0) writer.boolean(entry.isDefault);
          else writer.int8(entry.isDefault ? setByDefault : setOnTopic);
          writer.boolean(false);
          if (version >= 1) writer.int32(0);
        });
      });
    };
  },
};
