// The only error a producer gives back while it is open.
import type { OutRecord } from "./port.ts";

export interface Refusal {
  record: OutRecord;
  reason: string;
}

/**
 * These records of the call will never be in the log; all others of the same call are (unless the producer was
 * closed first, which names every record it could not vouch for).
 */
export class SendRefused extends Error {
  readonly retriable = false;
  readonly refused: readonly Refusal[];

  constructor(refused: readonly Refusal[]) {
    super(`${refused.length} refused by Kafka: ${refused[0]?.reason ?? ""}`);
    this.name = "SendRefused";
    this.refused = refused;
  }
}
