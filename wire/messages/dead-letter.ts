// A message that could not be used, kept with the reason until an operator resolves it (Kafka dead-letters).
import * as z from "zod";

export const DeadLetter = z.object({
  v: z.literal(1),
  /** `<topic>/<what names it there>`; the same bytes at the same place get the same id. */
  id: z.string().min(1).max(256),
  where: z.enum(["bridge", "central"]),
  /** The MQTT or Kafka topic it came from. */
  topic: z.string().max(200),
  reason: z.string().max(1_000),
  /** The offending bytes. */
  payloadBase64: z.string().max(100_000),
  /** The identity, where the envelope could be read. */
  event: z.string().max(200).optional(),
  atMs: z.number().int().min(0),
  /** When the record reached Kafka, where Central buried it: a replay keeps that time stamp. */
  ingestMs: z.number().int().min(0).optional(),
});

/** The header of a replayed record: the dead letter it comes from, and becomes again if it is still of no use. */
export const replayHeader = "dead-letter";
export type DeadLetter = z.infer<typeof DeadLetter>;
