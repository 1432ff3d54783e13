// GET /dead-letters: messages that could not be used, with the reason, newest first.
import { Hono } from "hono";
import * as z from "zod";
import type { DeadLetterRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { Count, query } from "../body.ts";
import { instant } from "../charge-point.view.ts";
import type { Parts } from "../parts.ts";

const Newest = z.object({ limit: Count });

export function deadLetterRoutes({ table }: Parts) {
  return new Hono<ApiEnv>().get("/dead-letters", async (c) => {
    const { limit } = query(c, Newest);
    const rows = await table.query<DeadLetterRow>("dead-letters");
    const letters = rows.map(({ value }) => value).sort((a, b) => b.atMs - a.atMs);
    return c.json(
      letters.slice(0, limit).map(({ id, where, topic, reason, event, atMs, resolved }) => ({
        id,
        where,
        topic,
        reason,
        event,
        at: instant(atMs),
        resolved: resolved !== null,
      })),
    );
  });
}
