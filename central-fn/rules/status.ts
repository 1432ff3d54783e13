// The four-row table: what Central shows of a charge point, decided when somebody reads, from the monitor's last
// report and the age of the feed that carries it. The monitor is the only reporter.
//
//   monitor heard, engine OK  → ON            monitor not heard (ttl, or its last will) → DISCONNECTED,
//   monitor heard, engine KO  → BROKEN        whatever the engine does
import type { CpRow, FeedRow, ShownState } from "../tables/rows.ts";

export interface Shown {
  state: ShownState;
  /** For the history: "status report", "last will", "no report for 6 s" … */
  cause: string;
  /** Until when this holds if nothing more is heard, on the bridge's clock; null: does not run out. */
  validUntilMs: number | null;
}

/**
 * Age is measured on the bridge's clock alone: the newest canary of the feed against the report's ingest time,
 * so that a dead broker, bridge or Kafka makes the feed stale and not the fleet dead. Nor is it dead when the road is
 * there again: whoever was heard before the road broke has one ttl from then on to be heard.
 */
export function shownState({ cp, health }: Pick<CpRow, "cp" | "health">, feed: FeedRow | undefined): Shown {
  if (!health) return { state: "DISCONNECTED", cause: "never heard", validUntilMs: null };
  if (health.willConn !== null && health.willConn >= health.conn)
    return { state: "DISCONNECTED", cause: "last will", validUntilMs: null };
  const heard = Math.max(feed?.heard[cp] ?? 0, health.sinceMs);
  const broken = feed?.broken;
  const wasHeard = broken && heard <= broken.untilMs && heard + health.ttlMs >= broken.fromMs;
  const validUntilMs = (wasHeard ? broken.untilMs : heard) + health.ttlMs;
  const canaryMs = feed?.canaryMs ?? null;
  if (canaryMs !== null && canaryMs > validUntilMs)
    return {
      state: "DISCONNECTED",
      cause: `no report for ${Math.round(health.ttlMs / 1000)} s`,
      validUntilMs,
    };
  if (health.engine === "KO") return { state: "BROKEN", cause: health.reason ?? "engine KO", validUntilMs };
  return { state: "ON", cause: "status report", validUntilMs };
}

/** The feed is stale when its canary is older than this on the reader's clock. */
export const staleFeedMs = 5_000;

/** Since when the feed carries nothing; null while it is fresh. `staleMs` in the cloud is longer than locally. */
export function feedStaleSince(
  feed: FeedRow | undefined,
  nowMs: number,
  staleMs = staleFeedMs,
): number | null {
  if (!feed || feed.canaryMs === null) return 0;
  return nowMs - feed.canaryMs > staleMs ? feed.canaryMs : null;
}
