// The bridge's own heartbeat: through the MQTT broker, back through its own uplink, into each Kafka partition
// of cp.status. Its age tells "the feed is stale" from "the charge points are gone".
import * as z from "zod";

export const Canary = z.object({
  v: z.literal(1),
  type: z.literal("canary"),
  /** The Kafka partition it proves. */
  feed: z.number().int().min(0),
  bridge: z.string().max(64),
  n: z.number().int().min(0),
  /** When the next one comes: a longer pause was a broken road. */
  everyMs: z.number().int().positive().optional(),
});
export type Canary = z.infer<typeof Canary>;
