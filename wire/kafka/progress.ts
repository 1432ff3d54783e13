// How far topics have grown and how far a group has read them: for figures, never for decisions.
import { type KafkaAddress, openClient } from "./client.ts";

export interface TopicProgress {
  group: string;
  topic: string;
  /** Records ever written to it, all partitions together. */
  written: number;
  /** Records that the group has not done yet. */
  lag: number;
}

export interface ProgressReader {
  /** Rejects when Kafka does not answer. */
  read(groups: readonly { group: string; topics: readonly string[] }[]): Promise<TopicProgress[]>;
  close(): Promise<void>;
}

const patience = { ordinaryMs: 5_000, joinMs: 5_000 };

/** Resolves when Kafka is reached. */
export async function openProgress(address: KafkaAddress): Promise<ProgressReader> {
  const client = openClient(address, patience);
  const admin = client.kafka.admin();
  await admin.connect();
  const readTopic = async (group: string, topic: string, committed: ReadonlyMap<number, number>) => {
    const ends = await admin.fetchTopicOffsets(topic);
    const written = ends.reduce((sum, { high }) => sum + Number(high), 0);
    const lag = ends.reduce(
      (sum, { partition, high, low }) =>
        sum + Math.max(0, Number(high) - Math.max(Number(low), committed.get(partition) ?? 0)),
      0,
    );
    return { group, topic, written, lag };
  };
  return {
    async read(groups) {
      const read = groups.map(async ({ group, topics }) => {
        const offsets = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
        return Promise.all(
          offsets.map(({ topic, partitions }) =>
            readTopic(group, topic, new Map(partitions.map((one) => [one.partition, Number(one.offset)]))),
          ),
        );
      });
      return (await Promise.all(read)).flat();
    },
    async close() {
      await admin.disconnect();
      client.destroy("closed");
    },
  };
}
