// A driver's limits as he says them: energy, time, money. Money stays money until a tariff is granted.
import * as z from "zod";
import type { Limit } from "../../../wire/messages/index.ts";
import { limitUnder } from "../../rules/limit.rules.ts";
import { Problem } from "../problem.ts";

const longestMinutes = 7 * 24 * 60;

export const LimitWish = z.strictObject({
  energy_kwh: z.number().min(0.001).max(10_000).nullish(),
  cost_eur: z
    .number()
    .min(0.01)
    .max(100_000)
    .nullish()
    .describe("Turned into energy under the tariff granted"),
  duration_minutes: z.number().positive().max(longestMinutes).nullish(),
  duration_s: z
    .number()
    .int()
    .min(1)
    .max(longestMinutes * 60)
    .nullish(),
});
export type LimitWish = z.infer<typeof LimitWish>;

export interface Limits {
  limit?: Limit;
  costLimitMinor?: number;
}

/** The tightest of each kind. Throws 422 when the money buys nothing at the present price. */
export function limitsOf(wish: LimitWish, priceE5PerKwh: number | undefined): Limits {
  const energyWh = wish.energy_kwh == null ? undefined : Math.max(1, Math.round(wish.energy_kwh * 1_000));
  const durationS = least(
    wish.duration_minutes == null ? undefined : Math.max(1, Math.round(wish.duration_minutes * 60)),
    wish.duration_s ?? undefined,
  );
  const limit: Limit = {
    ...(energyWh !== undefined && { energyWh }),
    ...(durationS !== undefined && { durationS }),
  };
  return {
    ...(Object.keys(limit).length > 0 && { limit }),
    ...(wish.cost_eur != null && { costLimitMinor: centsOf(wish.cost_eur, priceE5PerKwh) }),
  };
}

function centsOf(costEur: number, priceE5PerKwh: number | undefined): number {
  if (priceE5PerKwh === undefined)
    throw new Problem(422, "limit.cost_eur: this charging point has no price yet");
  // A cent is the smallest money: 4.999 € never becomes 5.00 €; the tiny term undoes binary fractions (0.29 · 100).
  const minor = Math.floor(costEur * 100 + 1e-6);
  if (limitUnder(undefined, minor, priceE5PerKwh) === "buys nothing")
    throw new Problem(422, "limit.cost_eur buys less than 1 Wh at this charging point");
  return minor;
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
