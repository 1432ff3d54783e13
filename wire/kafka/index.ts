// The Kafka room: what others import.
export { brokerList, dialAt, type KafkaAddress } from "./client.ts";
export { allOf, type DoneUpTo, doneBefore } from "./consumer.rules.ts";
export { type ConsumerOptions, openConsumer } from "./consumer.ts";
export { kafkaTls, kafkaTlsVariables } from "./environment.ts";
export type * from "./port.ts";
export { openProducer, type ProducerOptions } from "./producer.ts";
export { openProgress, type ProgressReader, type TopicProgress } from "./progress.ts";
export { type Refusal, SendRefused } from "./refused.ts";
export { ensureTopics, TopicsDiffer, type TopicsOptions } from "./topics.ts";
