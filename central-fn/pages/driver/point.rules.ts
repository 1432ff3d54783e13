// What a driver is shown of a charging point, and what he may ask for there: pure.
import type { ChargingPointView } from "../../api/charging-point.view.ts";
import type { OwnSession } from "../../api/driver/own-session.view.ts";
import { occupying, ownAt } from "./now.rules.ts";

export type Offer =
  /** It may start now. */
  | { may: "start" }
  /** Somebody has it: a place in line may be had. */
  | { may: "wait" }
  /** Nothing now; it may be asked for at an hour. Who charges elsewhere cannot start, nor wait where it is free. */
  | { may: "schedule"; because: "offline" | "stopped" | "own-session" }
  /** There is something of this driver's already. */
  | { may: "show"; sid: string };

/** `sessions` are the driver's own that are not over. */
export function offerOf(
  point: Pick<ChargingPointView, "cp_id" | "status">,
  sessions: readonly OwnSession[],
): Offer {
  const own = ownAt(sessions, point.cp_id);
  if (own) return { may: "show", sid: own.session_id };
  switch (point.status) {
    case "FREE":
      return occupying(sessions) ? { may: "schedule", because: "own-session" } : { may: "start" };
    case "OCCUPIED":
      return { may: "wait" };
    case "STOPPED":
      return { may: "schedule", because: "stopped" };
    case "OFFLINE":
      return { may: "schedule", because: "offline" };
  }
}
