// What a session costs: integer Wh times an integer price, rounded half up once.

/** Cents for `energyWh` at `priceE5PerKwh` (10⁻⁵ € per kWh); exact for every input, rounded half up once. */
export function costMinor(energyWh: number, priceE5PerKwh: number): number {
  if (!Number.isSafeInteger(energyWh) || energyWh < 0)
    throw new RangeError(`energyWh ${energyWh} is no energy`);
  if (!Number.isSafeInteger(priceE5PerKwh) || priceE5PerKwh < 0)
    throw new RangeError(`priceE5PerKwh ${priceE5PerKwh} is no price`);
  // 10⁻⁵ €/kWh × Wh = 10⁻⁸ €; a cent is 10⁶ of those.
  return Number((BigInt(energyWh) * BigInt(priceE5PerKwh) + 500_000n) / 1_000_000n);
}

/** The most energy that stays at or below `limitMinor` cents when billed; undefined when the price is zero. */
export function energyWithinCost(limitMinor: number, priceE5PerKwh: number): number | undefined {
  if (priceE5PerKwh === 0) return undefined;
  return Number((BigInt(limitMinor) * 1_000_000n + 499_999n) / BigInt(priceE5PerKwh));
}
