// Every session is billed exactly once and every Wh is somebody's: devices' words against tables and chargers.
import {
  accountedWh,
  billFaults,
  commandFaults,
  inboxFaults,
  isClosing,
  sessionFaults,
} from "../support/invariants.ts";
import type { Evidence, TimedEvent } from "./evidence.ts";

/** Current for so little is noticed by no meter that counts whole Wh. */
const unseenWs = 2 * 3_600;
/** What the meter's steps may hide around the end of a session at a box that nothing happened to. */
const hiddenWh = 20;

export function sessionsFaults(evidence: Evidence): string[] {
  const { tables, kafka } = evidence.history;
  const wrong: string[] = [];
  const cdrs = new Map(tables.cdrs.map((cdr) => [cdr.sid, cdr]));
  if (cdrs.size < tables.cdrs.length) wrong.push("3 two bills for one session");
  const reviews = new Map(tables.reviews.map((review) => [review.sid ?? review.id, review]));
  const sessions = new Map(tables.sessions.map((session) => [session.sid, session]));
  const ended = new Set<string>();
  for (const [cp, events] of evidence.events) {
    for (const event of events.filter(({ type }) => type === "session.ended")) {
      const sid = String(event.body.sid);
      if (ended.has(sid)) wrong.push(`3 ${sid} ended twice`);
      ended.add(sid);
      wrong.push(...billFaults(event, true, cdrs.get(sid), reviews.get(sid)));
    }
    wrong.push(...commandFaults(events), ...neverClosed(events));
    wrong.push(...energyFaults(evidence, cp, events), ...relayFaults(evidence, cp, events));
  }
  wrong.push(...sessionFaults(sessions, cdrs, ended));
  for (const { value } of kafka["driver.requests"] ?? []) {
    const request = JSON.parse(value) as { type: string; sid?: string };
    if (request.type === "start" && !sessions.has(request.sid ?? ""))
      wrong.push(`13 request ${request.sid} has no effect`);
  }
  for (const driver of tables.drivers)
    wrong.push(...inboxFaults(driver, tables.inboxes[driver.driver] ?? [], sessions));
  for (const { cp, claim, commands } of tables.cps) {
    if (claim) wrong.push(`21 ${cp}: claim of ${claim.sid} is never released (${claim.state})`);
    for (const { cmdId } of commands) wrong.push(`17 ${cp}: ${cmdId} never answered`);
  }
  return wrong;
}

function neverClosed(events: readonly TimedEvent[]): string[] {
  const closed = new Set(events.filter(isClosing).map(({ body }) => body.sid));
  return begins(events).flatMap(({ body }) =>
    closed.has(body.sid) ? [] : [`3 ${body.sid} was begun and never closed`],
  );
}

/** The first answers by which sessions began (a command told again is answered again): their intent was durable with them. */
function begins(events: readonly TimedEvent[]): TimedEvent[] {
  const bySid = new Map<unknown, TimedEvent>();
  for (const event of events) {
    const { type, body } = event;
    const isBegin = type === "answer" && body.op === "start-supply" && body.result === "applied";
    if (isBegin && !bySid.has(body.sid)) bySid.set(body.sid, event);
  }
  return [...bySid.values()];
}

/** Invariants 1 and 2: sessions, reviews and orphans make up the register, which never exceeds the charger's meter. */
function energyFaults({ history }: Evidence, cp: string, events: readonly TimedEvent[]): string[] {
  const wrong: string[] = [];
  const state = history.journals.findLast((one) => one.cp === cp && one.killedAtMs === null)?.state;
  const charger = history.chargers.find((one) => one.cp === cp);
  if (!state || !charger) return [`2 ${cp}: no journal or charger to compare`];
  if (state.session) wrong.push(`21 ${cp}: ${state.session.sid} is still open on the device`);
  const { registerWs } = state.register;
  const registerWh = state.orphanFromWh ?? Math.floor(registerWs / 3_600);
  const counted = accountedWh(events);
  if (counted !== registerWh)
    wrong.push(
      `2 ${cp}: sessions, reviews and orphans are ${counted} Wh, the register grew ${registerWh} Wh`,
    );
  const billed = history.tables.cdrs
    .filter((cdr) => cdr.cp === cp)
    .reduce((sum, { energyWh }) => sum + energyWh, 0);
  const reviewed = history.tables.reviews
    .filter((review) => review.cp === cp && !(review.sid && billedSids(history).has(review.sid)))
    .reduce((sum, review) => sum + ((review.registerEndWh ?? 0) - (review.registerStartWh ?? 0)), 0);
  if (billed + reviewed !== counted)
    wrong.push(
      `2 ${cp}: ${billed} Wh billed and ${reviewed} Wh under review, the device counted ${counted} Wh`,
    );
  const meteredWs = charger.meteredRegisterWs;
  if (registerWs > meteredWs)
    wrong.push(`2 ${cp}: the register says ${registerWs} Ws, the charger metered ${meteredWs} Ws`);
  const struck = history.faults.some((fault) => fault.cp === cp && !fault.target.includes("→"));
  if (!struck && meteredWs - registerWs > hiddenWh * 3_600)
    wrong.push(`1 ${cp}: the charger metered ${meteredWs} Ws, the untouched engine saw ${registerWs} Ws`);
  return wrong;
}

function billedSids({ tables }: Evidence["history"]): Set<string> {
  return new Set(tables.cdrs.map(({ sid }) => sid));
}

/** Invariants 1 and 5: each energised interval began inside a session, or is an orphan that was told. */
function relayFaults({ history }: Evidence, cp: string, events: readonly TimedEvent[]): string[] {
  const spans = begins(events).map((begin) => {
    const end = events.find((event) => isClosing(event) && event.body.sid === begin.body.sid);
    return { from: begin.at.mono, to: end?.at.mono ?? Number.POSITIVE_INFINITY };
  });
  const orphans = events.filter(({ type }) => type === "orphan");
  const intervals = history.chargers.find((one) => one.cp === cp)?.intervals ?? [];
  return intervals.flatMap(({ startMono, meteredWs }) => {
    const owners = spans.filter(({ from, to }) => startMono >= from && startMono <= to).length;
    if (owners === 1 || meteredWs < unseenWs) return [];
    if (owners === 0 && orphans.some(({ at }) => at.mono >= startMono)) return [];
    return [`5 ${cp}: the relay closed at ${startMono} for ${meteredWs} Ws inside ${owners} sessions`];
  });
}
