// What changed for a driver (Kafka driver.updates, key driver): a hint to look, never the truth. The inbox row
// was committed before it is sent; when it is lost the next look finds the row.
import * as z from "zod";
import { Id, Sid } from "./ids.ts";

export const DriverUpdate = z.object({
  v: z.literal(1),
  driver: Id,
  /** Sequence of the inbox entry. */
  sequence: z.number().int().min(1),
  /** As in the inbox entry: accepted, rejected, started, completed … */
  event: z.string().max(40),
  sid: Sid.nullable(),
  cp: Id.nullable(),
  message: z.string().max(300),
  atMs: z.number().int().min(0),
});
export type DriverUpdate = z.infer<typeof DriverUpdate>;
