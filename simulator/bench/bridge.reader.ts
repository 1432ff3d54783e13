// Reads what a run left in a Kafka topic, from where the topic ended before.
import { openClient } from "../../wire/kafka/client.ts";
import { silentLog } from "../../wire/process/log.ts";

export interface Reader {
  /** The next offset of each partition. */
  ends(topic: string): Promise<number[]>;
  /** Calls `onRecord` with all records from `from` up to `to`, each partition in order; then resolves. */
  read(topic: string, from: readonly number[], to: readonly number[], onRecord: OnRecord): Promise<void>;
  /** The same from `from` on as they come, until the returned function is called. */
  follow(topic: string, from: readonly number[], onRecord: OnRecord): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export type OnRecord = (value: Buffer, partition: number) => void;

export async function openReader(bootstrap: string): Promise<Reader> {
  const address = { brokers: [bootstrap], clientId: "bench-reader", log: silentLog };
  const client = openClient(address, { ordinaryMs: 10_000, joinMs: 20_000 });
  const admin = client.kafka.admin();
  await admin.connect();
  let groups = 0;

  async function ends(topic: string): Promise<number[]> {
    const found = await admin.fetchTopicOffsets(topic);
    return found.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
  }

  async function follow(
    topic: string,
    from: readonly number[],
    onRecord: OnRecord,
    onProgress: (partition: number, next: number) => void = () => {},
  ): Promise<() => Promise<void>> {
    const groupId = `bench-${process.pid}-${groups++}`;
    await admin.setOffsets({
      groupId,
      topic,
      partitions: from.map((offset, partition) => ({ partition, offset: String(offset) })),
    });
    const consumer = client.kafka.consumer({
      groupId,
      maxWaitTimeInMs: 100,
      retry: { retries: 2 },
    });
    await consumer.connect();
    await consumer.subscribe({ topic });
    const next = [...from];
    const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 8,
      eachBatch: async ({ batch: { partition, messages } }) => {
        for (const { offset, value } of messages) {
          if (Number(offset) < (next[partition] ?? 0)) continue;
          next[partition] = Number(offset) + 1;
          if (value) onRecord(value, partition);
        }
        onProgress(partition, next[partition] ?? 0);
      },
    });
    await joined;
    return () => consumer.disconnect();
  }

  return {
    ends,
    follow,
    async read(topic, from, to, onRecord) {
      const open = new Set(to.flatMap((end, partition) => (end > (from[partition] ?? 0) ? [partition] : [])));
      if (open.size === 0) return;
      const all = Promise.withResolvers<void>();
      const stop = await follow(topic, from, onRecord, (partition, next) => {
        if (next >= (to[partition] ?? 0)) open.delete(partition);
        if (open.size === 0) all.resolve();
      });
      await all.promise;
      await stop();
    },
    close: () => admin.disconnect(),
  };
}
