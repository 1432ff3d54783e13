// What the routes are given: where they read, and the one way by which they change something.
import type { DriverRequest, KafkaTopicName, OperatorRequest } from "../../wire/messages/index.ts";
import type { Log } from "../../wire/process/log.ts";
import type { BuiltPage } from "../pages/built-pages.ts";
import type { Table } from "../tables/port.ts";
import type { Fleet } from "./fleet.ts";
import type { Live } from "./live/live.ts";
import { Problem } from "./problem.ts";
import type { RateOptions } from "./rate-limit.ts";
import type { SessionIds } from "./session-id.ts";
import type { Tokens } from "./tokens.ts";

export interface Appended {
  topic: KafkaTopicName;
  key: string;
  partition: number;
  value: string;
}

export interface AppOptions {
  table: Table;
  /** Resolves when the record is durable in Kafka. */
  append(record: Appended): Promise<void>;
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** Kafka partitions per topic. */
  partitions: number;
  tokens: Tokens;
  sessionIds: SessionIds;
  log: Log;
  /** A feed whose canary is older is stale; default 5 s. */
  staleFeedMs?: number;
  /** A reading of the fleet is shared for so long; default 250 ms. */
  fleetFreshMs?: number;
  /** Patience with Kafka before 503; default 5 s. */
  appendWithinMs?: number;
  /** The operator's page; undefined: it comes from elsewhere. */
  page?: BuiltPage | undefined;
  /** Without: no event streams, callers poll. */
  live?: Live | undefined;
  /** How often whom; default: `defaultRateOptions`. */
  rate?: RateOptions | undefined;
}

export interface Parts extends Required<Omit<AppOptions, "page" | "live" | "rate">> {
  fleet: Fleet;
  live: Live | undefined;
}

/** Appends a request; 503 when it is not durable in time. It may still arrive: repeating it has one effect. */
export async function appendRequest(
  parts: Parts,
  topic: KafkaTopicName,
  key: string,
  partition: number,
  request: DriverRequest | OperatorRequest,
): Promise<void> {
  const { append, appendWithinMs, log } = parts;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${appendWithinMs} ms`)), appendWithinMs);
  });
  try {
    await Promise.race([append({ topic, key, partition, value: JSON.stringify(request) }), tooLong]);
  } catch (error) {
    log.warn(`${topic} not appended: ${error instanceof Error ? error.message : String(error)}`);
    throw new Problem(503, "the request could not be stored just now; running sessions go on, try again", {
      "retry-after": "5",
    });
  } finally {
    clearTimeout(timer);
  }
}
