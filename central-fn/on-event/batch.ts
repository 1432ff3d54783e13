// The entry of every record: a batch in the shape that Lambda gets from a managed-Kafka source.
//
// 1. What concerns one charge point (one key) is worked off in order; partitions, and keys within one, side by side.
// 2. A failure stops its key there. The first one of a partition is reported: that record and all after it come again,
//    those too that were done, which then have no second effect.
import type { OutRecord, Producer } from "../../wire/kafka/port.ts";
import { assertPartitions, kafkaTopics, partitionOf, replayHeader } from "../../wire/messages/index.ts";
import { errorText, type Log } from "../../wire/process/log.ts";
import type { Table } from "../tables/port.ts";
import type { KafkaRecord } from "./dead-letters.ts";
import { type Hands, isRetriable, perform } from "./execute.ts";
import type { HeardMemory } from "./heard.ts";
import type { Send } from "./plan.ts";
import { burial, type Work, worksOf } from "./works.ts";

export interface MskRecord {
  topic: string;
  partition: number;
  offset: number;
  timestamp: number;
  timestampType: string;
  /** Base64. */
  key?: string;
  value?: string;
  headers: Record<string, number[]>[];
}

export interface MskEvent {
  eventSource: string;
  /** By `topic-partition`. */
  records: Record<string, MskRecord[]>;
}

/** The first record of each partition that is not done: it and all after it come again. */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: { partition: string; offset: number } }[];
}

export interface HandlerParts {
  table: Table;
  producer: Pick<Producer, "send">;
  partitions: number;
  log: Log;
  nowMs(): number;
  /** Of a process that lives on after the batch; without, nothing outlives it. */
  heard?: HeardMemory;
}

export type Handler = (event: MskEvent) => Promise<BatchResponse>;

export function createHandler(parts: HandlerParts): Handler {
  const hands = handsOf(parts);
  assertPartitions(parts.partitions);
  return async (event) => {
    const failures = await Promise.all(
      Object.entries(event.records).map(async ([partition, records]) => {
        const offset = await handlePartition(records.map(decode), parts, hands);
        return offset === undefined ? [] : [{ itemIdentifier: { partition, offset } }];
      }),
    );
    return { batchItemFailures: failures.flat() };
  };
}

/** What plans are carried out with. */
export function handsOf({ table, producer, partitions, log }: Omit<HandlerParts, "nowMs">): Hands {
  return {
    table,
    log,
    async send(sends) {
      try {
        await producer.send(sends.map((send) => outRecord(send, partitions)));
      } catch (error) {
        throw new NotSent(errorText(error));
      }
    },
  };
}

/** Committed and not sent: the record comes again and publishes what is unpublished. */
export class NotSent extends Error {
  readonly retriable = true;
}

function decode({ topic, partition, offset, timestamp, key, value, headers }: MskRecord): KafkaRecord {
  const letter = headers?.find((header) => replayHeader in header)?.[replayHeader];
  return {
    topic,
    partition,
    offset,
    timestampMs: timestamp,
    value: Buffer.from(value ?? "", "base64"),
    ...(key === undefined ? {} : { key }),
    ...(letter ? { replayOf: Buffer.from(letter).toString() } : {}),
  };
}

/** The offset from which on nothing is done; undefined: all is done. */
async function handlePartition(
  records: readonly KafkaRecord[],
  parts: HandlerParts,
  hands: Hands,
): Promise<number | undefined> {
  const chains = chainsOf(worksOf(records, parts));
  const next = chains.values();
  const failures: Failure[] = [];
  const workOff = async () => {
    // Most often the table or Kafka is away then: what was not begun waits with what failed.
    while (failures.length === 0) {
      const { done, value: chain } = next.next();
      if (done) return;
      const failure = await handleChain(chain, parts, hands);
      if (failure) failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: Math.min(chainsAtOnce, chains.length) }, workOff));
  const [failure] = failures;
  if (!failure) return undefined;
  // Chains are in the order of their first records: of those not begun the next one begins first.
  const waiting = next.next().value?.[0]?.firstOffset ?? Number.POSITIVE_INFINITY;
  const offset = Math.min(waiting, ...failures.map((one) => one.offset));
  parts.log.warn(`${records[0]?.topic} from offset ${offset} on is retried: ${errorText(failure.error)}`);
  return offset;
}

interface Failure {
  /** Of the first work that is not done. */
  offset: number;
  error: unknown;
}

/** So many keys of a partition: their commits share what a commit costs. */
const chainsAtOnce = 16;

/** Works that must follow one another, by the record's key; those without one are a chain too. */
export function chainsOf(works: readonly Work[]): Work[][] {
  const chains = new Map<string | undefined, Work[]>();
  for (const work of works) {
    const chain = chains.get(work.key);
    if (chain) chain.push(work);
    else chains.set(work.key, [work]);
  }
  return [...chains.values()];
}

/** Undefined: all are done. */
async function handleChain(
  works: readonly Work[],
  parts: HandlerParts,
  hands: Hands,
): Promise<Failure | undefined> {
  for (const work of works) {
    try {
      await perform(work.steps(parts.nowMs()), hands);
    } catch (error) {
      if (isRetriable(error) || !(await buryBroken(work, error, parts, hands)))
        return { offset: work.firstOffset, error };
    }
  }
  return undefined;
}

/** A handler that breaks on a record must not hold up the bills behind it: the record is kept for a repaired one. */
async function buryBroken(work: Work, error: unknown, parts: HandlerParts, hands: Hands): Promise<boolean> {
  parts.log.error(`a handler broke: ${error instanceof Error ? error.stack : String(error)}`);
  try {
    const reason = `the handler broke: ${errorText(error)}`;
    await perform(burial(work.records, reason, parts.nowMs()), hands);
    return true;
  } catch (burying) {
    parts.log.error(`and its record could not be buried: ${errorText(burying)}`);
    return false;
  }
}

/** Where a send goes in Kafka. */
export function outRecord(send: Send, partitions: number): OutRecord {
  const value = "message" in send ? JSON.stringify(send.message) : send.value;
  switch (send.to) {
    case "cp":
      return {
        topic: kafkaTopics.commands.name,
        key: send.cp,
        partition: partitionOf(send.cp, partitions),
        value,
      };
    case "driver": {
      const { driver } = send.message;
      return {
        topic: kafkaTopics.driverUpdates.name,
        key: driver,
        partition: partitionOf(driver, partitions),
        value,
      };
    }
    case "dead-letters":
      return { topic: kafkaTopics.deadLetters.name, key: send.message.id, partition: 0, value };
    case "topic": {
      const { topic, key, partition, timestampMs, deadLetter } = send;
      return {
        topic,
        key,
        partition:
          partition !== undefined && partition < partitions ? partition : partitionOf(key, partitions),
        value,
        timestampMs,
        headers: { [replayHeader]: deadLetter },
      };
    }
  }
}
