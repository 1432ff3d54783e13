// Topic configurations: the names of Apache Kafka, which values this broker accepts, and the four that it obeys.
import type { LogSettings } from "./log/partition-log.ts";

export interface TopicSettings extends LogSettings {
  maxMessageBytes: number;
}

interface Known {
  byDefault: string;
  /** What a value must be, in words; checked by `accepts`. */
  wants: string;
  accepts(value: string): boolean;
}

const number = (byDefault: number, least: number): Known => ({
  byDefault: String(byDefault),
  wants: `a whole number from ${least}`,
  accepts: (value) => /^-?\d{1,16}$/.test(value) && Number(value) >= least,
});
const only = (value: string): Known => ({
  byDefault: value,
  wants: `"${value}" on this broker`,
  accepts: (given) => given === value,
});

/** Those without effect here are accepted when they ask for what one node without compaction does anyway. */
const known: Record<string, Known> = {
  "retention.ms": number(7 * 86_400_000, -1),
  "retention.bytes": number(-1, -1),
  "segment.bytes": number(16 * 1024 * 1024, 14),
  "max.message.bytes": number(1_048_588, 0),
  "segment.ms": number(7 * 86_400_000, 1),
  "delete.retention.ms": number(86_400_000, 0),
  "file.delete.delay.ms": number(60_000, 0),
  "min.insync.replicas": number(1, 1),
  "cleanup.policy": only("delete"),
  "compression.type": only("producer"),
  "message.timestamp.type": only("CreateTime"),
  "unclean.leader.election.enable": only("false"),
};

export type TopicConfigs = Readonly<Record<string, string>>;

/** One sentence on the first configuration that cannot be accepted. */
export function problemOf(configs: TopicConfigs): string | undefined {
  for (const [name, value] of Object.entries(configs)) {
    const rule = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!rule) return `unknown topic configuration ${name}`;
    if (!rule.accepts(value)) return `${name}=${value}: must be ${rule.wants}`;
  }
  return undefined;
}

export function settingsOf(configs: TopicConfigs): TopicSettings {
  const value = (name: string) => Number(configs[name] ?? known[name]?.byDefault);
  return {
    retentionMs: value("retention.ms"),
    retentionBytes: value("retention.bytes"),
    segmentBytes: value("segment.bytes"),
    maxMessageBytes: value("max.message.bytes"),
  };
}

export interface ConfigEntry {
  name: string;
  value: string;
  isDefault: boolean;
}

/** Every configuration of a topic, defaults included. */
export function describe(configs: TopicConfigs): ConfigEntry[] {
  return Object.entries(known).map(([name, rule]) => ({
    name,
    value: configs[name] ?? rule.byDefault,
    isDefault: configs[name] === undefined,
  }));
}
