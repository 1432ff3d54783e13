// GET /reviews: sessions whose figures nobody can vouch for, waiting for an operator's decision.
import { Hono } from "hono";
import { z } from "zod";
import type { ReviewRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { Count, query } from "../body.ts";
import { instant } from "../charge-point.view.ts";
import type { Parts } from "../parts.ts";

const Reviews = z.object({ limit: Count, settled: z.enum(["true", "false"]).default("false") });

export function reviewRoutes({ table }: Parts) {
  return new Hono<ApiEnv>().get("/reviews", async (c) => {
    const { limit, settled } = query(c, Reviews);
    const rows = await table.query<ReviewRow>("reviews");
    return c.json(
      rows
        .map(({ value }) => value)
        .filter((review) => (review.settled !== null) === (settled === "true"))
        .sort((a, b) => b.openedAtMs - a.openedAtMs)
        .slice(0, limit)
        .map(reviewView),
    );
  });
}

function reviewView(review: ReviewRow) {
  return {
    review_id: review.id,
    cp_id: review.cp,
    session_id: review.sid,
    driver_id: review.driver,
    cause: review.cause,
    register_start_wh: review.registerStartWh,
    register_end_wh: review.registerEndWh,
    price_eur_per_kwh: review.tariff ? review.tariff.priceE5PerKwh / 100_000 : null,
    opened_at: instant(review.openedAtMs),
    settled: review.settled,
  };
}
