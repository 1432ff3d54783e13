// What may be done with a session: pure.
import type { SessionRecord } from "./api-types.ts";

/** A charge point has it, or is about to get it; what waits for its hour or its turn runs nowhere yet. */
export function mayBeStopped({ status }: Pick<SessionRecord, "status">): boolean {
  return status === "APPROVED" || status === "CHARGING";
}
