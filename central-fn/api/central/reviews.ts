// GET /reviews: what nobody can vouch for, waiting for an operator's decision; POST /reviews/{review_id}: the decision.
import { Hono } from "hono";
import * as z from "zod";
import { cdrIdOf } from "../../on-event/session-ended.ts";
import { operatorPartitions } from "../../tables/operator-rows.ts";
import { keys, type ReviewRow } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { figuresOf, instant } from "../charge-point.view.ts";
import { paged, pageOf, placeOfInstant } from "../paging.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { Cost, CpId, DriverId, Instant, Reason, SessionId } from "../schemas.ts";
import { OperationView } from "./operation.view.ts";
import { order } from "./operations.ts";
import { submit } from "./submit.ts";

const Decision = z.strictObject({ decision: z.enum(["bill", "waive"]), reason: Reason });
const Reviews = z.object({ ...paged, settled: z.enum(["true", "false"]).default("false") });
const ReviewView = z.object({
  review_id: z.string(),
  cp_id: CpId,
  session_id: SessionId.nullable(),
  driver_id: DriverId.nullable(),
  cause: z.string(),
  register_start_wh: z.int().nullable(),
  register_end_wh: z.int().nullable(),
  price_eur_per_kwh: z.number().nullable(),
  billable: z.boolean().describe("False: it can only be waived"),
  amount: Cost.nullable().describe("What a bill would come to"),
  opened_at: Instant.nullable(),
  settled: z
    .object({
      decision: z.enum(["bill", "waive", "ended-late"]),
      by: z.string(),
      reason: z.string(),
      at: Instant.nullable(),
      cdr_id: z.string().nullable().describe("The bill that came of it"),
    })
    .nullable(),
});
type ReviewView = z.infer<typeof ReviewView>;
const Decided = OperationView.extend({ review_id: z.string(), decision: z.enum(["bill", "waive"]) });

export function reviewRoutes(parts: Parts) {
  const { table } = parts;
  return new Hono<ApiEnv>()
    .get(
      "/reviews",
      route({
        summary: "Lists what nobody can vouch for: sessions and energy that wait for an operator's decision",
        detail: "Newest first; settled ones with settled=true.",
        query: Reviews,
        answers: { 200: z.array(ReviewView) },
        paged: true,
      }),
      async (c) => {
        const { settled, ...asked } = c.req.valid("query");
        const rows = await table.query<ReviewRow>(operatorPartitions.reviews);
        const reviews = rows
          .map(({ value }) => value)
          .filter((review) => (review.settled !== null) === (settled === "true"));
        const page = pageOf(c, reviews, ({ openedAtMs, id }) => placeOfInstant(openedAtMs, id), asked);
        return c.json(page.map(reviewView));
      },
    )
    .get(
      "/reviews/:review_id",
      route({ summary: "Shows a review", answers: { 200: ReviewView } }),
      async (c) => {
        const id = c.req.param("review_id");
        const review = (await table.get<ReviewRow>(keys.review(id)))?.value;
        if (!review) throw new Problem(404, `no review ${id}`);
        return c.json(reviewView(review));
      },
    )
    .post(
      "/reviews/:review_id",
      route({
        summary: "Settles a review: bills its figures, or waives them",
        json: Decision,
        ...order,
        answers: { 202: Decided },
        problems: [409],
      }),
      async (c) => {
        const id = c.req.param("review_id");
        const { decision, reason } = c.req.valid("json");
        const view = await submit(c, parts, async (fields) => {
          const review = (await table.get<ReviewRow>(keys.review(id)))?.value;
          if (!review) throw new Problem(404, `no review ${id}`);
          const obstacle = obstacleTo(decision, review);
          if (obstacle) throw new Problem(409, obstacle);
          const { cp, sid, driver } = review;
          const common = { ...fields, cp, reason };
          return sid !== null && driver !== null
            ? { ...common, type: "settle-review", sid, driver, decision }
            : { ...common, type: "close-review", review: id };
        });
        return c.json({ ...view, review_id: id, decision }, 202);
      },
    );
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

function reviewView(review: ReviewRow): ReviewView {
  const { settled, tariff, registerStartWh, registerEndWh } = review;
  const billable = obstacleTo("bill", { ...review, settled: null }) === undefined;
  return {
    review_id: review.id,
    cp_id: review.cp,
    session_id: review.sid,
    driver_id: review.driver,
    cause: review.cause,
    register_start_wh: registerStartWh,
    register_end_wh: registerEndWh,
    price_eur_per_kwh: tariff ? tariff.priceE5PerKwh / 100_000 : null,
    billable,
    amount: billable ? (figuresOf((registerEndWh ?? 0) - (registerStartWh ?? 0), tariff) ?? null) : null,
    opened_at: instant(review.openedAtMs),
    settled: settled && {
      decision: settled.decision,
      by: settled.by,
      reason: settled.reason,
      at: instant(settled.atMs),
      cdr_id: settled.decision === "waive" || review.sid === null ? null : cdrIdOf(review.sid),
    },
  };
}
