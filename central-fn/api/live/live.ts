// Live updates of this process: what its event streams are fed from. Where a process may not keep connections open (a
// function), there is none, and callers poll.
import type { Log } from "../../../wire/process/log.ts";
import type { WatchedTable } from "../../tables/watched.ts";
import { type FleetLive, openFleetLive } from "./fleet-live.ts";
import { type InboxLive, openInboxLive } from "./inbox-live.ts";
import { openStreams, type StreamLimits, type Streams } from "./streams.ts";

export interface LiveOptions {
  table: WatchedTable;
  /** Kafka partitions of cp.status, one feed each. */
  partitions: number;
  now(): number;
  log: Log;
  staleFeedMs: number;
  limits?: StreamLimits;
  /** Between two readings: changes are gathered for so long. Default 100 ms. */
  tickMs?: number;
  /** Readings until everything was read, whoever changed it. Default 10: once per second. */
  round?: number;
}

export type LiveParts = Required<Omit<LiveOptions, "limits">>;

export interface Live {
  streams: Streams;
  fleet: FleetLive;
  inbox: InboxLive;
  /** Ends every stream. */
  close(): void;
}

export function openLive({ limits, ...options }: LiveOptions): Live {
  const parts: LiveParts = { tickMs: 100, round: 10, ...options };
  const streams = openStreams(parts.now, limits);
  const fleet = openFleetLive(parts);
  const inbox = openInboxLive(parts);
  parts.table.onCommit((keys) => {
    fleet.notice(keys);
    inbox.notice(keys);
  });
  return {
    streams,
    fleet,
    inbox,
    close() {
      streams.close();
      fleet.close();
      inbox.close();
    },
  };
}
