// A driver's limit as the device understands it: energy and time. Money is turned into energy at the present price.
import * as z from "zod";
import type { Limit } from "../../../wire/messages/index.ts";
import { energyWithinCost } from "../../rules/cost.ts";
import { Problem } from "../problem.ts";

const longestMinutes = 7 * 24 * 60;
const largestEnergyWh = 10_000_000;

export const LimitWish = z.strictObject({
  energy_kwh: z.number().min(0.001).max(10_000).nullish(),
  cost_eur: z.number().min(0.01).max(100_000).nullish(),
  duration_minutes: z.number().positive().max(longestMinutes).nullish(),
  duration_s: z
    .number()
    .int()
    .min(1)
    .max(longestMinutes * 60)
    .nullish(),
});
export type LimitWish = z.infer<typeof LimitWish>;

/** The tightest of each kind; undefined when nothing limits. Throws 422 when the money buys no energy. */
export function limitOf(wish: LimitWish, priceE5PerKwh: number | undefined): Limit | undefined {
  const energyWh = least(
    wish.energy_kwh == null ? undefined : Math.max(1, Math.round(wish.energy_kwh * 1_000)),
    wish.cost_eur == null ? undefined : energyFor(wish.cost_eur, priceE5PerKwh),
  );
  const durationS = least(
    wish.duration_minutes == null ? undefined : Math.max(1, Math.round(wish.duration_minutes * 60)),
    wish.duration_s ?? undefined,
  );
  if (energyWh === undefined && durationS === undefined) return undefined;
  return { ...(energyWh !== undefined && { energyWh }), ...(durationS !== undefined && { durationS }) };
}

function energyFor(costEur: number, priceE5PerKwh: number | undefined): number | undefined {
  if (priceE5PerKwh === undefined)
    throw new Problem(422, "limit.cost_eur: this charging point has no price yet");
  // A cent is the smallest money: 4.999 € never becomes 5.00 €; the tiny term undoes binary fractions (0.29 · 100).
  const energyWh = energyWithinCost(Math.floor(costEur * 100 + 1e-6), priceE5PerKwh);
  if (energyWh === 0) throw new Problem(422, "limit.cost_eur buys less than 1 Wh at this charging point");
  return energyWh === undefined ? undefined : Math.min(energyWh, largestEnergyWh);
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
