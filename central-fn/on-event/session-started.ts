// session.started, .suspended and .resumed: what runs. They never lower a rank, and the older of two that arrive
// in the wrong order does not undo the newer.
import type * as z from "zod";
import {
  type Envelope,
  type Grant,
  SessionResumed,
  SessionStarted,
  SessionSuspended,
} from "../../wire/messages/index.ts";
import { instantOf, placeOf } from "../rules/engine-facts.ts";
import { isOver, mayBecome } from "../rules/session.ts";
import type { EventPlace, SessionRow } from "../tables/rows.ts";
import { type DeviceEvent, eventRoute } from "./device-event.ts";
import { type CpDraft, sessionKeys } from "./draft.ts";
import { tell } from "./inbox.ts";

/** A car that takes energy in bursts pauses often; after so many its driver knows, and the session itself shows it. */
const pausesTold = 3;

const common = {
  keys: ({ body }: DeviceEvent<Grant>) => sessionKeys(body.driver, body.sid),
  sid: (body: Grant) => body.sid,
};

export const sessionStarted = eventRoute<SessionStarted>({
  ...common,
  schema: SessionStarted,
  says: (body) => ({ plugged: true, relayClosed: true, registerWh: body.registerStartWh }),
  apply({ event, body, ingestMs }, draft) {
    claimCharges(draft, body);
    const session = grantedSession(draft, body, event.type);
    if (!session) return;
    const startedAtMs = session.startedAtMs ?? instantOf(body.startedAt, event, ingestMs);
    const learnt: Partial<SessionRow> = {
      startedAtMs,
      registerStartWh: session.registerStartWh ?? body.registerStartWh,
    };
    const first = session.startedAtMs === null && !isOver(session.rank);
    draft.changeSession(session, { ...learnt, ...rise(session, "CHARGING", event) });
    if (first)
      tell(draft, session.driver, {
        event: "started",
        message: `Charging at ${draft.cp} has started.`,
        sid: session.sid,
        cp: draft.cp,
      });
  },
});

export const sessionSuspended = eventRoute<z.infer<typeof SessionSuspended>>({
  ...common,
  schema: SessionSuspended,
  says: (body) => ({ plugged: true, relayClosed: false, registerWh: body.registerWh }),
  apply({ event, body }, draft) {
    claimCharges(draft, body);
    const session = grantedSession(draft, body, event.type);
    if (!session) return;
    const change = rise(session, "SUSPENDED", event);
    if (!change) return;
    draft.changeSession(session, change);
    const { claim } = draft.row;
    if (claim?.sid === session.sid) {
      if (claim.pauses === pausesTold) return;
      draft.change({ claim: { ...claim, pauses: (claim.pauses ?? 0) + 1 } });
    }
    tell(draft, session.driver, {
      event: "suspended",
      message: `Charging at ${draft.cp} pauses: ${body.by === "EV" ? "the car takes no more" : "the charging point holds it"}.`,
      sid: session.sid,
      cp: draft.cp,
    });
  },
});

export const sessionResumed = eventRoute<z.infer<typeof SessionResumed>>({
  ...common,
  schema: SessionResumed,
  says: (body) => ({ plugged: true, relayClosed: true, registerWh: body.registerWh }),
  apply({ event, body }, draft) {
    claimCharges(draft, body);
    const session = grantedSession(draft, body, event.type);
    const change = session && rise(session, "CHARGING", event);
    if (session && change) draft.changeSession(session, change);
  },
});

/** The rank this event brings, unless it may not rise there or a newer event spoke already. */
function rise(
  session: SessionRow,
  rank: "CHARGING" | "SUSPENDED",
  event: Envelope,
): Partial<SessionRow> | undefined {
  if (session.by && !isNewer(event, session.by)) return undefined;
  if (session.rank !== rank && !mayBecome(session.rank, rank)) return undefined;
  return {
    rank,
    by: placeOf(event),
    command: session.command.state === "applied" ? session.command : { state: "applied", reason: null },
  };
}

function isNewer(event: Envelope, than: EventPlace): boolean {
  if (event.journal !== than.journal) return true;
  return event.epoch === than.epoch ? event.seq > than.seq : event.epoch > than.epoch;
}

/** The session as granted; an event that disagrees with the grant changes nothing but is said aloud. */
export function grantedSession(draft: CpDraft, grant: Grant, type: string): SessionRow | undefined {
  const session = draft.session(grant.driver, grant.sid);
  if (session && session.cp === draft.cp && session.fence === grant.fence) return session;
  draft.error(`${type} for ${grant.sid} of ${grant.driver} agrees with no grant`);
  return undefined;
}

function claimCharges(draft: CpDraft, grant: Grant): void {
  const { claim } = draft.row;
  if (claim?.sid !== grant.sid || claim.fence !== grant.fence) return;
  // An unknown start stays unknown: its stop is under way and closes it.
  if (claim.state === "claimed" || claim.state === "applied")
    draft.change({ claim: { ...claim, state: "charging", sinceMs: draft.nowMs } });
}
