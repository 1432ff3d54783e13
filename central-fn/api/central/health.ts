// GET /health: is the table reachable, and how old is what the feeds brought.
import { Hono } from "hono";
import * as z from "zod";
import { feedStaleSince } from "../../rules/status.ts";
import type { ApiEnv } from "../access.ts";
import { instant } from "../charge-point.view.ts";
import type { FleetReading } from "../fleet.ts";
import type { Parts } from "../parts.ts";
import { route } from "../route.ts";
import { Instant } from "../schemas.ts";

const Health = z.object({
  status: z.enum(["ok", "degraded", "down"]),
  table: z.enum(["reachable", "unreachable"]),
  feed: z.object({
    age_ms: z.int().nullable(),
    canary_at: Instant.nullable(),
    stale_since: Instant.nullable(),
  }),
});

/** Since when the stalest feed brings nothing (ISO 8601); null while all are fresh. */
export function staleSince(
  { feeds }: Pick<FleetReading, "feeds">,
  parts: Pick<Parts, "now" | "staleFeedMs">,
): string | null {
  const nowMs = parts.now();
  const since = feeds
    .map((feed) => feedStaleSince(feed, nowMs, parts.staleFeedMs))
    .filter((atMs) => atMs !== null);
  // A feed that never brought anything has no instant of its own: "since always" is 1970.
  return since.length === 0 ? null : new Date(Math.min(...since)).toISOString();
}

export function healthRoutes(parts: Parts) {
  return new Hono<ApiEnv>().get(
    "/health",
    route({
      summary: "Tells whether the table can be read, and how old what the feeds brought is",
      answers: { 200: Health, 503: Health },
      cost: "free",
    }),
    async (c) => {
      let reading: FleetReading | undefined;
      try {
        reading = await parts.fleet.all();
      } catch (error) {
        parts.log.warn(`health: ${error instanceof Error ? error.message : String(error)}`);
      }
      const canaries = reading?.feeds.map((feed) => feed?.canaryMs ?? null) ?? [];
      const oldestMs =
        canaries.includes(null) || canaries.length === 0 ? null : Math.min(...(canaries as number[]));
      const since = reading ? staleSince(reading, parts) : null;
      return c.json(
        {
          status: !reading ? "down" : since ? "degraded" : "ok",
          table: reading ? "reachable" : "unreachable",
          feed: {
            age_ms: oldestMs === null ? null : Math.max(0, parts.now() - oldestMs),
            canary_at: instant(oldestMs),
            stale_since: since,
          },
        },
        reading ? 200 : 503,
      );
    },
  );
}
