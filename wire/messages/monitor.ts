// What the CP Monitor says: who this charge point is, how it is, and (by last will) that the monitor is gone.
import * as z from "zod";

/** 10⁻⁵ € per kWh: 0.30 €/kWh = 30000. */
export const PriceE5 = z.number().int().min(0).max(10_000_000);

export const ConnectorType = z.enum(["TYPE2", "CCS2", "CHADEMO", "TYPE1", "SCHUKO"]);

/** Event `registration` (cp.events): repeated until acknowledged, and sent again when the file changes. */
export const Registration = z.object({
  name: z.string().min(1).max(80),
  address: z.string().max(120),
  city: z.string().max(60),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  connectorType: ConnectorType,
  amenities: z.array(z.string().min(1).max(40)).max(16),
  powerW: z.number().int().min(100).max(1_000_000),
  priceE5PerKwh: PriceE5,
  currency: z.literal("EUR"),
});
export type Registration = z.infer<typeof Registration>;

/** Counts the connections of one monitor epoch, so that a late will is told from the living connection. */
const Connection = z.number().int().min(0);

/** Event `status` (cp.status): on change, and every `intervalMs`; void `ttlMs` after it was heard. */
export const StatusReport = z.object({
  engine: z.enum(["OK", "KO"]),
  /** Why the engine is KO, in words for an operator: "no answer", "charger unreachable" … */
  reason: z.string().max(120).optional(),
  conn: Connection,
  intervalMs: z.number().int().min(100),
  ttlMs: z.number().int().min(100),
});
export type StatusReport = z.infer<typeof StatusReport>;

/** Event `will` (cp.status): published by the broker when the monitor's connection number `conn` broke. */
export const Will = z.object({ conn: Connection });
export type Will = z.infer<typeof Will>;
