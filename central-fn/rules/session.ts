// The life of a session: ranks that only rise, and the words a driver sees.
//
//   REQUESTED → ACCEPTED → INTENT → CHARGING ⇄ SUSPENDED → ENDED → BILLED
//   before ACCEPTED it may wait: SCHEDULED → QUEUED ⇄ OFFERED
//   or REJECTED, EXPIRED, CANCELLED, ABORTED, NEEDS_REVIEW. Only the device closes a session that got energy: a
//   late ENDED outranks everything but a bill.
import type { SessionRank } from "../tables/rows.ts";

const order: Record<SessionRank, number> = {
  REQUESTED: 0,
  SCHEDULED: 1,
  QUEUED: 2,
  OFFERED: 2,
  ACCEPTED: 3,
  INTENT: 4,
  CHARGING: 5,
  SUSPENDED: 5,
  REJECTED: 6,
  EXPIRED: 6,
  CANCELLED: 6,
  ABORTED: 6,
  NEEDS_REVIEW: 7,
  ENDED: 8,
  BILLED: 9,
};

/** True when a session may go from `from` to `to`: the rank rises, or two that are one another's pause alternate. */
export function mayBecome(from: SessionRank, to: SessionRank): boolean {
  if (order[to] > order[from]) return true;
  const alternating = order[from] === order.CHARGING || order[from] === order.QUEUED;
  return alternating && order[from] === order[to] && from !== to;
}

/** Word in the session's command state while a stop is under way. */
export const stopRequested = "stop requested";

/** It waits for its hour or its turn; the device has not heard of it. */
export function isWaiting(rank: SessionRank): boolean {
  return order[rank] >= order.SCHEDULED && order[rank] < order.ACCEPTED;
}

/** Nothing more is expected of the session. */
export function isOver(rank: SessionRank): boolean {
  return order[rank] >= order.REJECTED;
}

export type SessionStatus =
  | "PENDING"
  | "APPROVED"
  | "CHARGING"
  | "COMPLETED"
  | "DENIED"
  | "FAILED"
  | "STOPPED"
  | "CANCELLED";

/** The word that a driver is shown. */
export function statusOf(rank: SessionRank): SessionStatus {
  switch (rank) {
    case "REQUESTED":
    case "SCHEDULED":
    case "QUEUED":
    case "OFFERED":
      return "PENDING";
    case "ACCEPTED":
    case "INTENT":
      return "APPROVED";
    case "CHARGING":
    case "SUSPENDED":
      return "CHARGING";
    case "REJECTED":
      return "DENIED";
    case "CANCELLED":
      return "CANCELLED";
    case "EXPIRED":
    case "ABORTED":
    case "NEEDS_REVIEW":
      return "FAILED";
    case "ENDED":
    case "BILLED":
      return "COMPLETED";
  }
}
