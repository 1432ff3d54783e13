// The safe consumer: commits only what the handler says is done, reads the rest again, and is built anew when
// kafkajs gives up.
//
// 1. Nothing is skipped: a handler that fails, or finishes a part, sees the remaining records again after a pause.
// 2. One topic-partition, one handler call at a time, also across a rebuild.
// 3. Heartbeats go on while a handler runs, however long.
import type { Consumer, EachBatchPayload } from "kafkajs";
import { errorText } from "../process/log.ts";
import { type Client, type KafkaAddress, openClient } from "./client.ts";
import { afterBatch, type DoneUpTo, rereadPauseMs } from "./consumer.rules.ts";
import { retryPauseMs } from "./failure.ts";
import { askOutGhosts } from "./ghosts.ts";
import type { ConsumerHandle, InRecord } from "./port.ts";

export interface ConsumerOptions extends KafkaAddress {
  groupId: string;
  topics: readonly string[];
  /**
   * Handles records of one topic-partition, in order; others run beside it. Resolves with the offset of the last
   * record done (null: none). A rejection counts as null. The rest is given again after a pause.
   */
  onBatch(records: readonly InRecord[]): Promise<DoneUpTo>;
  /** Topic-partitions handled at the same time. Default 8. */
  concurrency?: number;
  /** How long `close` waits for running handlers. Default 5 s. */
  closeWithinMs?: number;
  /**
   * Attempts in which kafkajs keeps its place in the group, default 16: about 25 s. A consumer built anew is a new
   * member, and the group first waits for the old one.
   */
  reconnects?: number;
  /**
   * No other living process has this client id (it names a port or an identity that only one can hold): what a killed
   * one left in the group is asked out before joining, so that the group need not wait for it.
   */
  soleClientId?: boolean;
  /** A member silent for so long is dead to the group. Default 10 s; Kafka wants at least 6 s. */
  sessionTimeoutMs?: number;
}

const heartbeatMs = 2_000;
/**
 * How long the group waits for a member that was killed before its partitions are given to the others. A living one
 * that needs longer to finish its batch joins again later, and some records are handled twice.
 */
const rebalanceTimeoutMs = 4_000;
/** Below 5 s: so long a black hole may last on for the reader after the network is back. */
const patience = { ordinaryMs: 4_000, joinMs: rebalanceTimeoutMs + 5_000 };
/** No answer of the group or a fetch for so long: whatever kafkajs believes, it is stuck. */
const stuckAfterMs = 30_000;
const leaveWithinMs = 2_000;
const signsOfLife = new Set(["Fetch", "Heartbeat", "JoinGroup", "SyncGroup", "OffsetCommit"]);

/** Returns at once; joins the group when Kafka is there and stays in it for ever. */
export function openConsumer(options: ConsumerOptions): ConsumerHandle {
  const { log, groupId, closeWithinMs = 5_000, reconnects = 16 } = options;
  const handling = new Map<string, Promise<unknown>>();
  const failures = new Map<string, number>();
  const rereads = new Set<NodeJS.Timeout>();
  let answeredAt = performance.now();
  let closed = false;
  let endBuild: (why: string) => void = () => {};

  /** Runs one kafkajs consumer to its end; resolves with the reason. */
  async function live(attempt: number): Promise<{ why: string; joined: boolean }> {
    const brokers = options.brokers.map((_, i, all) => all[(i + attempt) % all.length] ?? "");
    const client = openClient({ ...options, brokers }, patience, reconnects);
    const consumer = client.kafka.consumer({
      groupId,
      sessionTimeout: options.sessionTimeoutMs ?? 10_000,
      heartbeatInterval: heartbeatMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      // A rest that is read again, and the end, wait for the fetch under way.
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
      // Every crash ends here, so that there is one way back: a fresh client.
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5, restartOnFailure: async () => false },
    });
    let joined = false;
    let ended = false;
    const builtAt = performance.now();
    const end = new Promise<string>((resolve) => {
      endBuild = resolve;
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(`crashed: ${payload.error.message}`));
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      joined = true;
      log.debug(`joined group ${groupId}: ${JSON.stringify(payload.memberAssignment)}`);
    });
    consumer.on(consumer.events.REQUEST, ({ payload }) => {
      if (signsOfLife.has(payload.apiName)) answeredAt = performance.now();
    });
    const watch = setInterval(() => {
      const silent = performance.now() - Math.max(answeredAt, builtAt);
      if (silent > stuckAfterMs) endBuild(`silent for ${Math.round(silent)} ms`);
    }, 1_000);
    const start = async (): Promise<string> => {
      if (options.soleClientId) await askOut(client);
      await consumer.connect();
      await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
      await consumer.run({
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: options.concurrency ?? 8,
        eachBatch: (payload) => (ended ? Promise.resolve() : eachBatch(payload)),
      });
      return end;
    };
    try {
      // The end may come first: joining a group takes as long as its slowest member.
      return { why: await Promise.race([end, start().catch(errorText)]), joined };
    } finally {
      ended = true;
      clearInterval(watch);
      await leave(consumer, client);
    }
  }

  /** A help only: without it the join takes longer. */
  async function askOut(client: Client): Promise<void> {
    try {
      const left = await askOutGhosts(client.kafka, groupId, options.clientId);
      if (left > 0) log.debug(`asked ${left} dead members out of group ${groupId}`);
    } catch (error) {
      log.debug(`dead members of group ${groupId}: ${errorText(error)}`);
    }
  }

  async function leave(consumer: Consumer, client: Client): Promise<void> {
    // Without a running handler there is only the current fetch, or a join, to wait for.
    const withinMs = handling.size > 0 ? closeWithinMs : Math.min(closeWithinMs, leaveWithinMs);
    const late = setTimeout(() => client.destroy("not left within the bound"), withinMs);
    const bound = new Promise<void>((resolve) => setTimeout(resolve, withinMs + 500).unref());
    const left = consumer.disconnect().catch((error: unknown) => log.debug(`leaving: ${errorText(error)}`));
    await Promise.race([left, bound]);
    clearTimeout(late);
    client.destroy("left the group");
  }

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const place = `${payload.batch.topic}/${payload.batch.partition}`;
    // A handler of the build before this one may still be at it.
    await handling.get(place);
    if (closed || !payload.isRunning() || payload.isStale()) return;
    const run = handleBatch(place, payload);
    const settled = run.catch(() => {});
    handling.set(place, settled);
    try {
      await run;
    } finally {
      if (handling.get(place) === settled) handling.delete(place);
    }
  }

  async function handleBatch(place: string, payload: EachBatchPayload): Promise<void> {
    const records = payload.batch.messages.map((message) => toRecord(payload, message));
    let lost: unknown;
    const beat = setInterval(() => {
      payload.heartbeat().catch((error: unknown) => {
        lost = error;
      });
    }, heartbeatMs / 2);
    let done: DoneUpTo = null;
    try {
      done = await options.onBatch(records);
    } catch (error) {
      log.error(`${place} at ${records[0]?.offset}: handler failed: ${errorText(error)}`);
    } finally {
      clearInterval(beat);
    }
    const { commit, retry } = afterBatch(records, done);
    if (commit !== null) payload.resolveOffset(commit);
    if (retry) reread(place, payload, commit !== null);
    else failures.delete(place);
    // Told to kafkajs only now: it rejoins the group, after it has committed what is done.
    if (lost !== undefined) throw lost;
  }

  /** The partition rests while the others go on; kafkajs then fetches from what is resolved. */
  function reread(place: string, payload: EachBatchPayload, progress: boolean): void {
    const count = progress ? 1 : (failures.get(place) ?? 0) + 1;
    failures.set(place, count);
    const resume = payload.pause();
    const timer = setTimeout(() => {
      rereads.delete(timer);
      resume();
    }, rereadPauseMs(count));
    rereads.add(timer);
  }

  async function run(): Promise<void> {
    let fruitless = 0;
    for (let attempt = 0; !closed; attempt++) {
      const { why, joined } = await live(attempt);
      if (closed) return;
      fruitless = joined ? 1 : fruitless + 1;
      if (joined || fruitless % 15 === 1) log.warn(`consumer ${groupId}: ${why}; building it anew`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, retryPauseMs(fruitless, Math.random()));
        endBuild = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  const running = run();
  return {
    get silentMs() {
      return performance.now() - answeredAt;
    },
    async close() {
      closed = true;
      endBuild("closed");
      await running;
      for (const timer of rereads) clearTimeout(timer);
    },
  };
}

function toRecord(
  { batch }: EachBatchPayload,
  message: EachBatchPayload["batch"]["messages"][number],
): InRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {}))
    if (value !== undefined) headers[name] = String(Array.isArray(value) ? value.at(-1) : value);
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset: message.offset,
    timestampMs: Number(message.timestamp),
    key: message.key === null ? null : message.key.toString(),
    value: message.value ?? new Uint8Array(0),
    headers,
  };
}
