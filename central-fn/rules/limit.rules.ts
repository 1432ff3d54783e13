// A session's limits as the device understands them: energy and time. Money becomes energy under the granted tariff.
import type { Limit } from "../../wire/messages/index.ts";
import { energyWithinCost } from "./cost.ts";

const largestEnergyWh = 10_000_000;

/** `costLimitMinor` in cents; undefined: nothing limits. "buys nothing": the money is not worth 1 Wh. */
export function limitUnder(
  limit: Limit | null | undefined,
  costLimitMinor: number | undefined,
  priceE5PerKwh: number,
): Limit | undefined | "buys nothing" {
  const boughtWh = costLimitMinor === undefined ? undefined : energyWithinCost(costLimitMinor, priceE5PerKwh);
  if (boughtWh === 0) return "buys nothing";
  if (boughtWh === undefined) return limit ?? undefined;
  const energyWh = Math.min(boughtWh, limit?.energyWh ?? boughtWh, largestEnergyWh);
  return { ...limit, energyWh };
}
