// The register in the units that leave the device.
import type { Durable } from "./state.ts";

/** Whole watt-hours, floored: start and end of consecutive sessions then telescope without a gap. */
export function registerWh(durable: Durable): number {
  return Math.floor(durable.register.registerWs / 3600);
}
