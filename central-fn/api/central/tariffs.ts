// GET /cp/{cp_id}/tariffs: a charge point's prices by version, newest first; POST /cp/{cp_id}/tariff: a new one.
// The newest word holds, an operator's or the charge point's own; sessions keep the price they were accepted at.
import { Hono } from "hono";
import * as z from "zod";
import { operatorPartitions, type TariffRow } from "../../tables/operator-rows.ts";
import { type CpRow, keys } from "../../tables/rows.ts";
import type { ApiEnv } from "../access.ts";
import { instant } from "../charge-point.view.ts";
import { linkNext, paged, placeOf } from "../paging.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { CpId, Instant, Reason } from "../schemas.ts";
import { order } from "./operations.ts";
import { submit } from "./submit.ts";

const TariffView = z.object({
  cp_id: CpId,
  version: z.int(),
  price_eur_per_kwh: z.number(),
  currency: z.literal("EUR"),
  current: z.boolean(),
  source: z.enum(["registration", "operator"]).describe("Whose word it was"),
  set_by: z.string().nullable(),
  reason: z.string().nullable(),
  from: Instant.nullable(),
});

const NewPrice = z.strictObject({
  price_eur_per_kwh: z
    .number()
    .min(0)
    .max(100)
    .refine(
      (price) => Math.abs(price * 100_000 - Math.round(price * 100_000)) < 1e-4,
      "at most five decimals",
    ),
  reason: Reason,
});

export function tariffRoutes(parts: Parts) {
  const { table } = parts;
  return new Hono<ApiEnv>()
    .get(
      "/cp/:cp_id/tariffs",
      route({
        summary: "Lists the prices of a charge point by version, newest first",
        query: z.object(paged),
        answers: { 200: z.array(TariffView) },
        paged: true,
      }),
      async (c) => {
        const cp = c.req.param("cp_id");
        const row = await table.get<CpRow>(keys.cp(cp));
        if (!row) throw new Problem(404, `no charge point ${cp}`);
        const asked = c.req.valid("query");
        const before = placeOf(asked);
        const rows = await table.query<TariffRow>(operatorPartitions.tariffs(cp), {
          ...(before === undefined ? {} : { to: before }),
          newestFirst: true,
          limit: asked.limit + 2,
        });
        const versions = rows.filter(({ sk }) => sk !== before);
        const page = versions.slice(0, asked.limit);
        const last = page.at(-1);
        if (last && versions.length > page.length) linkNext(c, last.sk);
        return c.json(page.map(({ value }) => tariffView(value, row.value.tariff?.version)));
      },
    )
    .post(
      "/cp/:cp_id/tariff",
      route({
        summary: "Sets a new price for sessions that are accepted from then on",
        detail:
          "It holds until another is set, or until the charge point's own file names another price than it named before.",
        json: NewPrice,
        ...order,
      }),
      async (c) => {
        const cp = c.req.param("cp_id");
        const { price_eur_per_kwh, reason } = c.req.valid("json");
        const view = await submit(c, parts, async (fields) => {
          if (!(await table.get(keys.cp(cp)))) throw new Problem(404, `no charge point ${cp}`);
          const priceE5PerKwh = Math.round(price_eur_per_kwh * 100_000);
          return { ...fields, type: "tariff", cp, priceE5PerKwh, reason };
        });
        return c.json(view, 202);
      },
    );
}

function tariffView(row: TariffRow, current: number | undefined): z.infer<typeof TariffView> {
  return {
    cp_id: row.cp,
    version: row.version,
    price_eur_per_kwh: row.priceE5PerKwh / 100_000,
    currency: row.currency,
    current: row.version === current,
    source: row.source,
    set_by: row.by,
    reason: row.reason,
    from: instant(row.fromMs),
  };
}
