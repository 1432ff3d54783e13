// The topics of this broker and their logs: made, grown, deleted, kept across restarts, checkpointed while in use.
import { existsSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { type ErrorCode, errors } from "./codec/errors.ts";
import { PartitionLog } from "./log/partition-log.ts";
import type { Store } from "./store.ts";
import { problemOf, settingsOf, type TopicConfigs, type TopicSettings } from "./topic-configs.ts";

export interface Topic {
  readonly name: string;
  readonly configs: TopicConfigs;
  readonly settings: TopicSettings;
  readonly partitions: PartitionLog[];
}

/** Why a topic is not made, deleted or grown; `why` is for the reader of the client's log. */
export interface Refusal {
  error: ErrorCode;
  why: string;
}

const mostPartitions = 1_000;

export class Topics {
  readonly #folder: string;
  readonly #store: Store;
  readonly #warn: (what: string) => void;
  readonly #topics = new Map<string, Topic>();

  constructor(folder: string, store: Store, warn: (what: string) => void) {
    this.#folder = folder;
    this.#store = store;
    this.#warn = warn;
    for (const { name, partitions, configs, deleting } of store.topics()) {
      if (deleting) this.#erase(name);
      else this.#open(name, partitions, configs);
    }
  }

  all(): Topic[] {
    return [...this.#topics.values()];
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  log(name: string, partition: number): PartitionLog | undefined {
    return this.#topics.get(name)?.partitions[partition];
  }

  static isName(name: string): boolean {
    return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== "." && name !== "..";
  }

  create(
    name: string,
    partitions: number,
    configs: TopicConfigs,
    validateOnly: boolean,
  ): Refusal | undefined {
    if (!Topics.isName(name)) return { error: errors.invalidTopic, why: `"${name}" is not a topic name` };
    if (this.#topics.has(name))
      return { error: errors.topicAlreadyExists, why: `topic ${name} exists already` };
    if (partitions < 1 || partitions > mostPartitions)
      return { error: errors.invalidPartitions, why: `1 to ${mostPartitions} partitions, not ${partitions}` };
    const problem = problemOf(configs);
    if (problem) return { error: errors.invalidConfig, why: problem };
    if (validateOnly) return undefined;
    this.#store.putTopic({ name, partitions, configs, deleting: false });
    this.#open(name, partitions, configs);
    return undefined;
  }

  grow(name: string, partitions: number, validateOnly: boolean): Refusal | undefined {
    const topic = this.#topics.get(name);
    if (!topic) return { error: errors.unknownTopicOrPartition, why: `no topic ${name}` };
    const now = topic.partitions.length;
    if (partitions <= now || partitions > mostPartitions)
      return {
        error: errors.invalidPartitions,
        why: `${name} has ${now} partitions, asked for ${partitions}`,
      };
    if (validateOnly) return undefined;
    this.#store.putTopic({ name, partitions, configs: topic.configs, deleting: false });
    for (let partition = now; partition < partitions; partition++)
      topic.partitions.push(this.#openLog(topic, partition));
    return undefined;
  }

  delete(name: string): Refusal | undefined {
    const topic = this.#topics.get(name);
    if (!topic) return { error: errors.unknownTopicOrPartition, why: `no topic ${name}` };
    this.#store.putTopic({
      name,
      partitions: topic.partitions.length,
      configs: topic.configs,
      deleting: true,
    });
    this.#topics.delete(name);
    for (const log of topic.partitions) log.close();
    this.#erase(name);
    return undefined;
  }

  retain(nowMs: number): void {
    for (const topic of this.#topics.values()) for (const log of topic.partitions) log.retain(nowMs);
  }

  /** Shortens the next recovery to what is written after this. */
  async checkpoint(): Promise<void> {
    for (const topic of this.#topics.values())
      for (const [partition, log] of topic.partitions.entries()) {
        if (!log.dirty) continue;
        const { state, files } = log.checkpoint();
        const onDisk = await forced(files);
        if (onDisk && this.#topics.get(topic.name) === topic)
          this.#store.putCheckpoint(topic.name, partition, state);
      }
  }

  close(): void {
    for (const topic of this.#topics.values()) for (const log of topic.partitions) log.close();
  }

  #open(name: string, partitions: number, configs: TopicConfigs): void {
    const topic: Topic = { name, configs, settings: settingsOf(configs), partitions: [] };
    for (let partition = 0; partition < partitions; partition++)
      topic.partitions.push(this.#openLog(topic, partition));
    this.#topics.set(name, topic);
  }

  #openLog(topic: Topic, partition: number): PartitionLog {
    const folder = join(this.#folder, topic.name, String(partition));
    const checkpoint = this.#store.checkpoint(topic.name, partition);
    return new PartitionLog(folder, topic.settings, checkpoint, this.#warn);
  }

  /** Marked first, erased second, forgotten last: a crash in between is finished at the next start. */
  #erase(name: string): void {
    rmSync(join(this.#folder, name), { recursive: true, force: true });
    this.#store.forgetTopic(name);
  }
}

/** Forces files to disk without stopping the event loop; false when one is gone (retention, a deleted topic). */
async function forced(files: readonly string[]): Promise<boolean> {
  for (const path of files) {
    if (!existsSync(path)) return false;
    const file = await open(path, "r");
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }
  return true;
}
