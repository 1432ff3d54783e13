// What CP Monitor and CP Engine say over their local socket: one JSON line each way. Neither imports the other.
//
// 1. A request is at most 1 KB and carries a number; the reply repeats it, so that a late reply is told apart.
// 2. A reply proves progress, not only life: ages and states, judged by the monitor alone.
import * as z from "zod";

export const maxRequestBytes = 1_024;
export const maxReplyBytes = 4_096;

const Count = z.number().int().min(0);

export const HealthRequest = z.object({ v: z.literal(1), n: Count });
export type HealthRequest = z.infer<typeof HealthRequest>;

export const HealthReply = z.object({
  /** The engine's journal epoch: rises with each start. */
  epoch: Count,
  /** Milliseconds since the engine's loop last came round. */
  tickAgeMs: z.number().min(0),
  journalWritable: z.boolean(),
  /** Milliseconds since the charger's last valid answer; null: none since the engine started. */
  chargerHeardMs: z.number().min(0).nullable(),
  /** False while an operator's stop-cp holds. */
  operative: z.boolean(),
  sid: z.string().max(96).nullable(),
});
export type HealthReply = z.infer<typeof HealthReply>;

export const NumberedReply = HealthReply.extend({ n: Count });
export type NumberedReply = z.infer<typeof NumberedReply>;

/** Cuts a byte stream into lines; answers null once a line is longer than `maxBytes`. */
export function lineCutter(maxBytes: number): (chunk: Buffer) => string[] | null {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const lines: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      if (end - from > maxBytes) return null;
      lines.push(bytes.toString("utf8", from, end));
      from = end + 1;
    }
    rest = bytes.subarray(from);
    return rest.length > maxBytes ? null : lines;
  };
}
