// GET /reviews: what nobody can vouch for, waiting for an operator's decision; POST /reviews/{review_id}: the decision.
import { Hono } from "hono";
import * as z from "zod";
import { keys, type ReviewRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { Count, json, query } from "../body.ts";
import { instant } from "../charge-point.view.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { operatorFields, sendOperatorRequest } from "./operations.ts";

const Decision = z.strictObject({
  decision: z.enum(["bill", "waive"]),
  reason: z.string().trim().min(1).max(200),
});
const Reviews = z.object({ limit: Count, settled: z.enum(["true", "false"]).default("false") });

export function reviewRoutes(parts: Parts) {
  const { table } = parts;
  return new Hono<ApiEnv>()
    .get("/reviews", async (c) => {
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
    })
    .post("/reviews/:review_id", json(Decision), async (c) => {
      const id = c.req.param("review_id");
      const { decision, reason } = c.req.valid("json");
      const review = (await table.get<ReviewRow>(keys.review(id)))?.value;
      if (!review) throw new Problem(404, `no review ${id}`);
      const obstacle = obstacleTo(decision, review);
      if (obstacle) throw new Problem(409, obstacle);
      const { cp, sid, driver } = review;
      const common = { ...operatorFields(c, parts), cp, reason };
      const sent = await sendOperatorRequest(
        parts,
        sid !== null && driver !== null
          ? { ...common, type: "settle-review", sid, driver, decision }
          : { ...common, type: "close-review", review: id },
      );
      return c.json({ ...sent, review_id: id, decision }, 202);
    });
}

/** What the handler would refuse for certain, told at once; it decides on its own all the same. */
function obstacleTo(decision: "bill" | "waive", review: ReviewRow): string | undefined {
  const { settled, driver, sid, registerStartWh, registerEndWh, tariff } = review;
  if (settled) return `it was settled before: ${settled.decision} by ${settled.by}`;
  if (decision === "waive") return undefined;
  if (sid === null || driver === null) return "this energy is nobody's: it can only be waived";
  if (registerStartWh === null || registerEndWh === null || !tariff)
    return "its figures are not complete: it can only be waived";
  return registerEndWh < registerStartWh ? "its register went back: it can only be waived" : undefined;
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
