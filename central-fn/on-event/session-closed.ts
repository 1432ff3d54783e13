// session.aborted, session.review and orphan: sessions without a bill, and energy without a session.
import { type Envelope, Orphan, SessionAborted, SessionReview } from "../../wire/messages/index.ts";
import { placeOf } from "../rules/engine-facts.ts";
import { isOver, stopRequested } from "../rules/session.ts";
import { type CdrRow, type CpRow, keys, type ReviewRow, type SessionRow } from "../tables/rows.ts";
import { closeClaim, closeSession, dropCommandsOf, openReview } from "./closing.ts";
import { type DeviceEvent, eventRoute } from "./device-event.ts";
import { type CpDraft, sessionKeys } from "./draft.ts";
import { grantedSession } from "./session-started.ts";

export const sessionAborted = eventRoute<SessionAborted>({
  schema: SessionAborted,
  watermark: true,
  sid: (body) => body.sid,
  keys: ({ body }) => sessionKeys(body.driver, body.sid),
  apply: abort,
  // Its mark may have been given up over a hole, as with an end.
  closes: true,
  again: abort,
});

function abort({ event, body }: DeviceEvent<SessionAborted>, draft: CpDraft): void {
  const { claim } = draft.row;
  const session = grantedSession(draft, body, event.type);
  closeClaim(draft, body, body.plugged, placeOf(event));
  dropCommandsOf(draft, body.sid);
  if (!session || isOver(session.rank)) return;
  closeSession(draft, session, rankOfAbort(body, session, claim), abortReasons[body.reason], {
    energyWh: 0,
    costMinor: 0,
  });
}

const abortReasons: Record<SessionAborted["reason"], string> = {
  "plug-in-timeout": "no car was plugged in",
  "stopped-before-start": "stopped before the start",
  expired: "the charging point could not start in time",
  "engine-restart": "the charging point restarted",
  "charger-fault": "the charger has a fault",
};

function rankOfAbort(body: SessionAborted, session: SessionRow, claim: CpRow["claim"]) {
  if (session.command.reason === stopRequested) return "CANCELLED";
  const unheard = claim?.sid === body.sid && claim.state === "unknown";
  if (body.reason === "expired" || unheard) return "EXPIRED";
  return "ABORTED";
}

export const sessionReview = eventRoute<SessionReview>({
  schema: SessionReview,
  watermark: true,
  sid: (body) => body.sid,
  keys: ({ body }) => [...sessionKeys(body.driver, body.sid), keys.cdr(body.driver, body.sid)],
  apply: review,
  closes: true,
  again: review,
});

function review({ event, body }: DeviceEvent<SessionReview>, draft: CpDraft): void {
  closeClaim(draft, body, body.plugged, placeOf(event));
  dropCommandsOf(draft, body.sid);
  if (draft.get<CdrRow>(keys.cdr(body.driver, body.sid))) return;
  const session = grantedSession(draft, body, event.type);
  openReview(draft, body.sid, body.cause, {
    driver: body.driver,
    registerStartWh: body.registerStartWh,
    registerEndWh: body.registerEndWh,
    tariff: session?.tariff ?? body.tariff,
  });
  if (session)
    closeSession(draft, session, "NEEDS_REVIEW", body.cause, {
      registerStartWh: body.registerStartWh ?? session.registerStartWh,
      registerEndWh: body.registerEndWh,
    });
}

export const orphan = eventRoute<Orphan>({
  schema: Orphan,
  keys: ({ event }) => [keys.review(orphanId(event))],
  apply: reviewOrphan,
  // Its mark may have been given up over a hole, as with an end.
  again: reviewOrphan,
});

function orphanId({ cp, journal, epoch, seq }: Envelope): string {
  return `orphan-${cp}-${journal}-${epoch}-${seq}`;
}

function reviewOrphan({ event, body }: DeviceEvent<Orphan>, draft: CpDraft): void {
  const { cp } = event;
  const id = orphanId(event);
  // It may be settled by now.
  if (draft.get<ReviewRow>(keys.review(id))) return;
  const review: ReviewRow = {
    id,
    cp,
    sid: null,
    driver: null,
    cause: `energy outside any session: ${body.cause}`,
    registerStartWh: body.registerFromWh,
    registerEndWh: body.registerToWh,
    tariff: null,
    openedAtMs: draft.nowMs,
    settled: null,
  };
  draft.create(keys.review(id), review);
  draft.error(
    `CP ${cp} supplied ${body.registerToWh - body.registerFromWh} Wh to nobody's session (${body.cause})`,
  );
}
