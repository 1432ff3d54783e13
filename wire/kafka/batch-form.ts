// The form kafkajs takes a batch in, and the check that its answer covers all of it.
import type { Message, RecordMetadata, TopicMessages } from "kafkajs";
import type { Waiting } from "./batching.ts";
import type { Failure } from "./failure.ts";

export function toTopicMessages(batch: readonly Waiting[]): TopicMessages[] {
  const byTopic = new Map<string, Message[]>();
  for (const { record } of batch) {
    const messages = byTopic.get(record.topic) ?? [];
    if (messages.length === 0) byTopic.set(record.topic, messages);
    const { value, timestampMs, headers } = record;
    messages.push({
      key: record.key,
      partition: record.partition,
      value: typeof value === "string" || Buffer.isBuffer(value) ? value : Buffer.from(value),
      ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
      ...(headers === undefined ? {} : { headers }),
    });
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }));
}

/**
 * A partition of the batch that the answer does not name: kafkajs drops records of partitions it does not know, and
 * forgets those whose leader moved between its own retries, both without an error.
 */
export function unanswered(
  batch: readonly Waiting[],
  answer: readonly RecordMetadata[],
): Failure | undefined {
  const named = new Set(answer.map(({ topicName, partition }) => `${topicName}/${partition}`));
  for (const { record } of batch)
    if (!named.has(`${record.topic}/${record.partition}`))
      return { is: "place", text: `no answer for partition ${record.partition} of ${record.topic}` };
  return undefined;
}
