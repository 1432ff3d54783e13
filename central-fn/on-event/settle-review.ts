// An operator settles a review: bills the figures in it, or waives them. Either way once, with name and reason.
// Energy of no session has nobody to bill: its review is closed.
import type { OperatorRequest } from "../../wire/messages/index.ts";
import { type CdrRow, keys, type ReviewRow, type SessionRow } from "../tables/rows.ts";
import type { CpDraft } from "./draft.ts";
import { tell } from "./inbox.ts";
import { amountOf, cdrIdOf, writeBill } from "./session-ended.ts";
import { newSession } from "./session-row.ts";

type Settle = Extract<OperatorRequest, { type: "settle-review" }>;

/** Why it cannot be settled so; undefined: done. Needs the session's rows and its CDR's. */
export function settleReview(draft: CpDraft, request: Settle): string | undefined {
  const review = draft.review(request.sid);
  if (!review || review.driver !== request.driver || review.cp !== request.cp) return "no such review";
  if (review.settled) return `already settled: ${review.settled.decision}`;
  if (draft.get<CdrRow>(keys.cdr(request.driver, request.sid))) return "already billed";
  const refused = request.decision === "bill" ? billReview(draft, request, review) : waive(draft, request);
  if (refused) return refused;
  const { decision, operator, reason } = request;
  draft.put(keys.review(request.sid), {
    ...review,
    settled: { decision, by: operator, reason, atMs: draft.nowMs },
  });
  return undefined;
}

/** Why it cannot be closed; undefined: done. Needs the review's row. */
export function closeReview(
  draft: CpDraft,
  { review: id, cp, operator, reason }: Extract<OperatorRequest, { type: "close-review" }>,
): string | undefined {
  const review = draft.review(id);
  if (!review || review.cp !== cp) return "no such review";
  if (review.sid !== null) return "it is a session's: bill or waive it";
  if (review.settled) return `already settled: ${review.settled.decision}`;
  draft.put(keys.review(id), {
    ...review,
    settled: { decision: "waive", by: operator, reason, atMs: draft.nowMs },
  });
  return undefined;
}

function billReview(draft: CpDraft, request: Settle, review: ReviewRow): string | undefined {
  const { registerStartWh, registerEndWh, tariff } = review;
  if (registerStartWh === null || registerEndWh === null || !tariff) return "the figures are not complete";
  if (registerEndWh < registerStartWh) return "the register went back";
  const session = sessionOf(draft, request);
  writeBill(draft, session, {
    ...amountOf(registerStartWh, registerEndWh, tariff),
    cdrId: cdrIdOf(request.sid),
    sid: request.sid,
    driver: session.driver,
    cp: session.cp,
    vehicleId: session.vehicleId,
    startedAtMs: session.startedAtMs,
    endedAtMs: session.endedAtMs ?? review.openedAtMs,
    durationMs: null,
    stopReason: session.stopReason ?? "Other",
    event: { journal: `operator:${request.operator}`, epoch: 0, seq: 0 },
    createdAtMs: draft.nowMs,
  });
  return undefined;
}

function waive(draft: CpDraft, request: Settle): undefined {
  const session = draft.session(request.driver, request.sid);
  if (session) draft.changeSession(session, { waived: true });
  tell(draft, request.driver, {
    event: "waived",
    message: `Your session at ${request.cp} was looked into: you pay nothing for it.`,
    sid: request.sid,
    cp: request.cp,
  });
  return undefined;
}

/** A session that Central never granted gets its row with the bill. */
function sessionOf(draft: CpDraft, { sid, driver, cp }: Settle): SessionRow {
  return draft.session(driver, sid) ?? newSession({ sid, driver, cp, requestedAt: draft.nowMs });
}
