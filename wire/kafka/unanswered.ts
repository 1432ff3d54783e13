// The check that the answer to a batch covers all of it.
import type { RecordMetadata, TopicMessages } from "kafkajs";
import type { Failure } from "./failure.ts";

/**
 * A partition of the batch that the answer does not name: kafkajs drops records of partitions it does not know, and
 * forgets those whose leader moved between its own retries, both without an error.
 */
export function unanswered(
  batch: readonly TopicMessages[],
  answer: readonly RecordMetadata[],
): Failure | undefined {
  const named = new Set(answer.map(({ topicName, partition }) => `${topicName}/${partition}`));
  for (const { topic, messages } of batch)
    for (const { partition } of messages)
      if (!named.has(`${topic}/${partition}`))
        return { is: "place", text: `no answer for partition ${partition} of ${topic}` };
  return undefined;
}
