// What kafkajs says, at the level it deserves: it calls ordinary rebalances, races and outages errors. Outages are
// told once by the producer and consumer of this room, not once per connection attempt.
import { type logCreator, logLevel } from "kafkajs";
import type { Level, Log } from "../process/log.ts";

const ordinary = [
  /rebalanc/i,
  /not aware of this member/i,
  /already exists/i,
  /member needs to have a valid member id/i,
  /generation id/i,
  /specified group generation/i,
  /^Connection (error|timeout)/,
  /^Failed to (connect|send messages)/,
  /^(Crash|Restarting the consumer)/,
  /closed connection/i,
  /not (the )?coordinator|coordinator (is )?not available|coordinator is loading/i,
  /no leader|not the leader|does not host this topic-partition|leadership election/i,
  /^Response (without match|Heartbeat|JoinGroup|SyncGroup|OffsetCommit|CreateTopics|Metadata)/,
  /Caught error when (dis)?connecting/i,
];

/** The level at which a line of kafkajs is passed on. */
export function levelOf(level: logLevel, message: string, error: string): Level {
  if (level !== logLevel.ERROR && level !== logLevel.WARN) return "DEBUG";
  return ordinary.some((pattern) => pattern.test(message) || pattern.test(error)) ? "DEBUG" : "WARN";
}

export function logTo(log: Log): logCreator {
  return () => (entry) => {
    const { message, error } = entry.log;
    const why = typeof error === "string" ? error : "";
    const text = why
      ? `kafkajs ${entry.namespace}: ${message}: ${why}`
      : `kafkajs ${entry.namespace}: ${message}`;
    if (levelOf(entry.level, message, why) === "DEBUG") log.debug(text);
    else log.warn(text);
  };
}
