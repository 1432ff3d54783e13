// The life of a session: ranks that only rise, and the words a driver sees.
//
//   REQUESTED → ACCEPTED → INTENT → CHARGING ⇄ SUSPENDED → ENDED → BILLED
//   or REJECTED, EXPIRED, CANCELLED, ABORTED, NEEDS_REVIEW. Only the device closes a session that got energy: a
//   late ENDED outranks everything but a bill.
import type { SessionRank } from "../tables/rows.ts";

const order: Record<SessionRank, number> = {
  REQUESTED: 0,
  ACCEPTED: 1,
  INTENT: 2,
  CHARGING: 3,
  SUSPENDED: 3,
  REJECTED: 4,
  EXPIRED: 4,
  CANCELLED: 4,
  ABORTED: 4,
  NEEDS_REVIEW: 5,
  ENDED: 6,
  BILLED: 7,
};

/** True when a session may go from `from` to `to`: the rank rises, or CHARGING and SUSPENDED alternate. */
export function mayBecome(from: SessionRank, to: SessionRank): boolean {
  if (order[to] > order[from]) return true;
  return order[from] === order.CHARGING && order[to] === order.CHARGING && from !== to;
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
