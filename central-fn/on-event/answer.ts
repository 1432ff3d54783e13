// answer: the device's word on a command. It takes the command out of the row, and where no energy can follow it
// ends the session and releases the claim.
import { Answer } from "../../wire/messages/index.ts";
import { isOver, mayBecome } from "../rules/session.ts";
import { operatorKeys } from "../tables/operator-rows.ts";
import type { CpRow, SessionRow } from "../tables/rows.ts";
import { closeSession, releaseClaim } from "./closing.ts";
import { causeOfStop, dropCommands } from "./commands.ts";
import { type DeviceEvent, eventRoute } from "./device-event.ts";
import { type CpDraft, sessionKeys } from "./draft.ts";
import { noteAnswer } from "./operator-requests.ts";

export const answer = eventRoute<Answer>({
  schema: Answer,
  sid: (body) => body.sid,
  keys: ({ body }, row) => {
    const driver = driverOfAnswer(body, row);
    const operation = operationOf(body, row);
    return [
      ...(body.sid && driver ? sessionKeys(driver, body.sid) : []),
      ...(operation ? [operatorKeys.operation(operation)] : []),
    ];
  },
  apply(of, draft) {
    const { body } = of;
    const driver = driverOfAnswer(body, draft.row);
    const session = body.sid && driver ? draft.session(driver, body.sid) : undefined;
    if (body.op === "stop-supply" && body.result !== "applied") return draft.warn(refusedStop(body));
    const operation = operationOf(body, draft.row);
    if (operation) noteAnswer(draft, operation, body);
    dropCommands(draft, (open) => open.cmdId === body.cmdId);
    if (body.op === "stop-cp" && body.result === "applied") draft.info(`CP ${draft.cp} is out of service`);
    if (body.op === "resume-cp" && body.result === "applied") draft.info(`CP ${draft.cp} is back in service`);
    if (!session) return;
    if (body.op === "start-supply") onStartAnswer(of, draft, session);
    if (body.op === "stop-supply") onStopAnswer(of, draft, session);
  },
});

/** A stop is given again until the device has obeyed: it stays in the row, and the sweeper sends it. */
function refusedStop(body: Answer): string {
  return `stop of ${body.sid} was answered ${body.result}${body.reason ? ` (${body.reason})` : ""}, it is sent again`;
}

/** The operator's request that the command followed from. */
function operationOf(body: Answer, row: CpRow): string | undefined {
  return row.commands.find((open) => open.cmdId === body.cmdId)?.operation;
}

function driverOfAnswer(body: Answer, row: CpRow): string | undefined {
  if (row.claim && row.claim.sid === body.sid) return row.claim.driver;
  return row.commands.find((open) => open.cmdId === body.cmdId)?.driver ?? undefined;
}

function onStartAnswer({ body }: DeviceEvent<Answer>, draft: CpDraft, session: SessionRow): void {
  const { claim } = draft.row;
  if (session.cmdId !== body.cmdId) return;
  if (body.result === "applied") {
    if (claim?.cmdId === body.cmdId && claim.state === "claimed")
      draft.change({ claim: { ...claim, state: "applied", sinceMs: draft.nowMs } });
    const stopping = session.command.reason;
    const command = { state: "applied", reason: stopping } as const;
    if (mayBecome(session.rank, "INTENT")) draft.changeSession(session, { rank: "INTENT", command });
    return;
  }
  // Energy flowed already: the refusal answers a copy that came after the session.
  if (isOver(session.rank) || session.startedAtMs !== null) return;
  const reason = body.reason ?? refusals[body.result];
  const rank = body.result === "expired" ? "EXPIRED" : body.result === "cancelled" ? "CANCELLED" : "REJECTED";
  releaseClaim(draft, session.sid);
  closeSession(draft, session, rank, reason, { command: { state: "refused", reason } });
  draft.info(`START_SUPPLY for ${session.driver} at ${draft.cp} answered ${body.result}: ${reason}`);
}

const refusals: Record<Exclude<Answer["result"], "applied">, string> = {
  stale: "a newer command was given",
  cancelled: "it was cancelled",
  expired: "the charging point got it too late",
  busy: "the charging point is occupied",
  refused: "the charging point refused",
};

function onStopAnswer({ body }: DeviceEvent<Answer>, draft: CpDraft, session: SessionRow): void {
  // Found running or ended: the end or abort that closes it is in the device's journal; that of a session which
  // Central gave up may have been buried.
  const gaveUp = causeOfStop(body.cmdId) === "lost" && isOver(session.rank);
  if (body.found === "session" || (body.found === "ended" && !gaveUp)) return;
  // The device will never start it now; a start still under way meets the tombstone.
  dropCommands(draft, (open) => open.sid === session.sid && open.op === "start-supply");
  // A claim whose journal is lost waits for the connector's word: the relay may still be closed.
  if (draft.row.claim?.lostJournal) return;
  if (session.rank === "CHARGING" || session.rank === "SUSPENDED") return;
  releaseClaim(draft, session.sid);
  if (isOver(session.rank)) return;
  const unheard = causeOfStop(body.cmdId) === "unknown";
  closeSession(
    draft,
    session,
    unheard ? "EXPIRED" : "CANCELLED",
    unheard ? "the charging point did not answer in time" : "cancelled by the driver",
  );
}
