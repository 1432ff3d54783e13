// The engine's messages, built from its state.
import type { Answer, Connector, Grant } from "../../wire/messages/index.ts";
import { packReadings } from "../../wire/messages/index.ts";
import { registerWh } from "../charger/register.rules.ts";
import { maxAnswers, type OpenSession } from "./state.ts";
import { elapsedMs, log, type Turn, tell } from "./turn.ts";

export function grantOf(session: OpenSession): Grant {
  const { sid, driver, vehicleId, cmdId, fence, tariff } = session;
  return { sid, driver, ...(vehicleId === undefined ? {} : { vehicleId }), cmdId, fence, tariff };
}

/** The last thing the charger said about the plug; a charger that cannot tell keeps what it said before. */
export function isPlugged(turn: Turn): boolean {
  return turn.state.now.reading?.plugged ?? turn.state.now.told?.plugged ?? false;
}

export function connectorOf(turn: Turn): Connector {
  const { durable, now } = turn.state;
  return {
    plugged: isPlugged(turn),
    relayClosed: now.reading?.relayClosed ?? false,
    operative: durable.operative,
    finishing: durable.finishing,
    registerWh: registerWh(durable.register),
  };
}

/** Tells the connector's state when it differs from what was told last. */
export function tellConnector(turn: Turn): void {
  const connector = connectorOf(turn);
  const { plugged, relayClosed, operative, finishing } = connector;
  const { told } = turn.state.now;
  const isSame = told?.plugged === plugged && told.relayClosed === relayClosed;
  if (isSame && told.operative === operative && told.finishing === finishing) return;
  turn.state.now.told = { plugged, relayClosed, operative, finishing };
  tell(turn, "connector", connector);
}

/** Started and ended carry the plug's state and imply the relay's: no connector message need follow. */
function toldWithSession(turn: Turn, plugged: boolean, relayClosed: boolean): void {
  const { operative, finishing } = turn.state.durable;
  turn.state.now.told = { plugged, relayClosed, operative, finishing };
}

export function tellAnswer(turn: Turn, answer: Answer): void {
  turn.state.durable.answers = [...turn.state.durable.answers, answer].slice(-maxAnswers);
  tell(turn, "answer", answer);
}

/** Readings gathered since the last flush, as one message. */
export function flushSamples(turn: Turn): void {
  const { now, durable } = turn.state;
  now.flushedMono = turn.now.mono;
  if (now.samples.length === 0) return;
  const session = durable.session;
  tell(turn, "meter", packReadings(session?.sid ?? null, session?.registerStartWh ?? null, now.samples));
  now.samples = [];
}

export function tellStarted(turn: Turn, session: OpenSession): void {
  session.phase = "charging";
  session.startedAt = turn.now;
  tell(turn, "session.started", {
    ...grantOf(session),
    registerStartWh: session.registerStartWh,
    startedAt: turn.now,
  });
  toldWithSession(turn, true, true);
  log(turn, `Session ${session.sid} started for ${session.driver} at ${session.registerStartWh} Wh`);
}

/** Closes the session at the register: ended when energy flowed or the relay was seen closed, else aborted. */
export function closeSession(
  turn: Turn,
  session: OpenSession,
  ending: NonNullable<OpenSession["ending"]>,
): void {
  const { durable } = turn.state;
  const endWh = registerWh(durable.register);
  const plugged = isPlugged(turn);
  flushSamples(turn);
  if (session.startedAt === null && endWh > session.registerStartWh) tellStarted(turn, session);
  durable.session = null;
  durable.finishing = plugged ? session.sid : null;
  if (session.startedAt === null) {
    tell(turn, "session.aborted", { ...grantOf(session), registerWh: endWh, reason: ending.abort, plugged });
    log(turn, `Session ${session.sid} aborted (${ending.abort}): 0 kWh`);
  } else {
    tell(turn, "session.ended", {
      ...grantOf(session),
      registerStartWh: session.registerStartWh,
      registerEndWh: endWh,
      startedAt: session.startedAt,
      endedAt: turn.now,
      durationMs: elapsedMs(session.startedAt, turn.now),
      reason: ending.reason,
      plugged,
    });
    const kwh = ((endWh - session.registerStartWh) / 1000).toFixed(3);
    log(turn, `Session ${session.sid} completed: ${kwh} kWh (${ending.reason})`);
    toldWithSession(turn, plugged, false);
  }
}
