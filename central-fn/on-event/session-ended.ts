// session.ended: the bill. One commit holds the mark, the session, its only CDR, the driver's word and the claim.
//
// 1. At most one CDR per session: written under the condition that it is absent.
// 2. What no grant of ours covers is never billed in silence: it goes to a review.
// 3. However late: an end bills after a review nobody settled, and settles it.
import { type SessionEnded, SessionEnded as SessionEndedBody } from "../../wire/messages/index.ts";
import { costMinor } from "../rules/cost.ts";
import { instantOf, placeOf } from "../rules/engine-facts.ts";
import { paceAfter } from "../rules/wait.rules.ts";
import { type CdrRow, type IndexRow, keys, type SessionRow } from "../tables/rows.ts";
import { closeClaim, closeSession, dropCommandsOf, openReview } from "./closing.ts";
import { type DeviceEvent, eventRoute } from "./device-event.ts";
import { type CpDraft, sessionKeys } from "./draft.ts";
import { freeDriver, tell } from "./inbox.ts";

type Ended = DeviceEvent<SessionEnded>;

export const sessionEnded = eventRoute<SessionEnded>({
  schema: SessionEndedBody,
  watermark: true,
  sid: (body) => body.sid,
  says: (body) => ({ plugged: body.plugged, relayClosed: false, registerWh: body.registerEndWh }),
  keys: ({ body }) => [...sessionKeys(body.driver, body.sid), keys.cdr(body.driver, body.sid)],
  apply: close,
  // The mark may have been given up over a hole; claim, bill and review tell whether there is something to do.
  closes: true,
  again: close,
});

function close(of: Ended, draft: CpDraft): void {
  const { event, body } = of;
  closeClaim(draft, body, body.plugged, placeOf(event));
  dropCommandsOf(draft, body.sid);
  settle(of, draft);
}

function settle(of: Ended, draft: CpDraft): void {
  const { body } = of;
  if (draft.get<CdrRow>(keys.cdr(body.driver, body.sid))) return;
  const review = draft.review(body.sid);
  if (review?.settled) return;
  const session = draft.session(body.driver, body.sid);
  const doubt = doubtOf(draft.cp, session, body);
  if (doubt !== undefined) return doubted(of, draft, session, doubt);
  if (session) bill(of, draft, session);
}

function doubtOf(cp: string, session: SessionRow | undefined, body: SessionEnded): string | undefined {
  if (!session) return "ended, but never requested";
  if (session.cp !== cp) return `granted at ${session.cp}, ended at ${cp}`;
  if (session.fence !== body.fence) return "ended under another grant";
  if (body.registerEndWh < body.registerStartWh) return "register went back";
  return undefined;
}

function doubted({ body }: Ended, draft: CpDraft, session: SessionRow | undefined, doubt: string): void {
  openReview(draft, body.sid, doubt, {
    driver: body.driver,
    registerStartWh: body.registerStartWh,
    registerEndWh: body.registerEndWh,
    tariff: session?.tariff ?? body.tariff,
  });
  if (!session) return;
  closeSession(draft, session, "NEEDS_REVIEW", doubt, {
    registerStartWh: body.registerStartWh,
    registerEndWh: body.registerEndWh,
    stopReason: body.reason,
  });
}

function bill(of: Ended, draft: CpDraft, session: SessionRow): void {
  const { event, body, ingestMs } = of;
  const tariff = session.tariff ?? body.tariff;
  if (tariff.priceE5PerKwh !== body.tariff.priceE5PerKwh)
    draft.error(`${body.sid}: billed at the granted price, the device named another`);
  const cdr: CdrRow = {
    ...amountOf(body.registerStartWh, body.registerEndWh, tariff),
    cdrId: cdrIdOf(body.sid),
    sid: body.sid,
    driver: session.driver,
    cp: session.cp,
    vehicleId: session.vehicleId,
    startedAtMs: body.startedAt ? instantOf(body.startedAt, event, ingestMs) : session.startedAtMs,
    endedAtMs: instantOf(body.endedAt, event, ingestMs),
    durationMs: body.durationMs,
    stopReason: body.reason,
    event: placeOf(event),
    createdAtMs: draft.nowMs,
  };
  writeBill(draft, session, cdr);
  if (cdr.durationMs !== null) draft.change({ pace: paceAfter(draft.row.pace, cdr.durationMs) });
  const review = draft.review(body.sid);
  if (review)
    draft.put(keys.review(body.sid), {
      ...review,
      registerStartWh: body.registerStartWh,
      registerEndWh: body.registerEndWh,
      settled: { decision: "ended-late", by: draft.cp, reason: "the device ended it", atMs: draft.nowMs },
    });
  draft.info(
    `session ${body.sid} of ${session.driver} completed: ${kwh(cdr.energyWh)}, ${euros(cdr.amountMinor)} (${body.reason})`,
  );
}

/** The only place where a bill is written: the CDR if absent, its index, the session and the driver's word. */
export function writeBill(draft: CpDraft, session: SessionRow, cdr: CdrRow): void {
  draft.create(keys.cdr(session.driver, session.sid), cdr);
  const index: IndexRow = { sid: session.sid, driver: session.driver, cp: session.cp };
  draft.overwrite(keys.cdrOfDay(cdr.endedAtMs, session.sid), index);
  draft.changeSession(session, {
    rank: "BILLED",
    interrupted: false,
    overdue: false,
    startedAtMs: cdr.startedAtMs,
    endedAtMs: cdr.endedAtMs,
    registerStartWh: cdr.registerStartWh,
    registerEndWh: cdr.registerEndWh,
    energyWh: cdr.energyWh,
    costMinor: cdr.amountMinor,
    stopReason: cdr.stopReason,
    tariff: cdr.tariff,
    cdrId: cdr.cdrId,
  });
  freeDriver(draft, session.driver, session.sid);
  tell(draft, session.driver, {
    event: "completed",
    message: `Charging at ${session.cp} is completed: ${kwh(cdr.energyWh)}, ${euros(cdr.amountMinor)}.`,
    sid: session.sid,
    cp: session.cp,
  });
}

/** The figures of the formula; registers in Wh, the amount in cents. */
export function amountOf(registerStartWh: number, registerEndWh: number, tariff: CdrRow["tariff"]) {
  const energyWh = registerEndWh - registerStartWh;
  return {
    registerStartWh,
    registerEndWh,
    energyWh,
    tariff,
    amountMinor: costMinor(energyWh, tariff.priceE5PerKwh),
    currency: tariff.currency,
  };
}

export function cdrIdOf(sid: string): string {
  return `CDR-${sid.slice(2)}`;
}

function kwh(wh: number): string {
  return `${Math.floor(wh / 1000)}.${String(wh % 1000).padStart(3, "0")} kWh`;
}

function euros(minor: number): string {
  return `€${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, "0")}`;
}
