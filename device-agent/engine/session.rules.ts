// What a reading of the charger means for the session: started, suspended, resumed, limits, the end, orphans.
//
//   intent ──relay seen closed──▶ charging ⇄ suspended ──▶ ending ──relay open, meter settled──▶ ended | aborted
import type { ChargerReading } from "../charger/port.ts";
import { advance, registerWh } from "../charger/register.rules.ts";
import type { Ending, OpenSession } from "./state.ts";
import { closeSession, flushSamples, grantOf, tellConnector, tellStarted } from "./tell.ts";
import { elapsedMs, log, supplyOff, type Turn, tell } from "./turn.ts";

/** Power falls, the wish to end is durable; the figures follow when the relay is seen open. */
export function beginEnding(turn: Turn, ending: Ending): void {
  const session = turn.state.durable.session;
  if (!session || session.phase === "ending") return;
  supplyOff(turn);
  turn.state.durable.session = { ...session, phase: "ending", ending };
  turn.mustPersist = true;
}

/** Applies a reading after the start-up table is through. */
export function onReading(turn: Turn, reading: ChargerReading): void {
  takeReading(turn, reading);
  const session = turn.state.durable.session;
  if (session) onSessionReading(turn, { ...session }, reading);
  else onIdleReading(turn, reading);
  if (turn.state.durable.finishing !== null && reading.plugged === false) {
    turn.state.durable.finishing = null;
    turn.mustPersist = true;
  }
  if (!turn.state.durable.session) tellConnector(turn);
  keepSamples(turn, reading);
}

/** Register and lifetime counter; the session counter may fall, our register never does. */
export function takeReading(turn: Turn, reading: ChargerReading): void {
  const { durable, now } = turn.state;
  durable.register = advance(durable.register, reading.sessionWs);
  if (durable.charger && reading.lifetimeWh !== durable.charger.lifetimeWh) {
    durable.charger = { ...durable.charger, lifetimeWh: reading.lifetimeWh };
    // What was seen to move must not seem to have moved unseen after a restart.
    turn.saveRegister = true;
  }
  now.reading = reading;
  now.openReadings = isOff(reading) ? now.openReadings + 1 : 0;
}

/** Open, and not about to close: a charger that has not taken the wish to sleep may close its relay any moment. */
export function isOff(reading: ChargerReading): boolean {
  const resting = reading.state === "sleeping" || reading.state === "disabled" || reading.state === "fault";
  return resting && !reading.relayClosed;
}

function onSessionReading(turn: Turn, session: OpenSession, reading: ChargerReading): void {
  turn.state.durable.session = session;
  noteDeparture(turn, session, reading);
  switch (session.phase) {
    case "intent":
      return onIntentReading(turn, session, reading);
    case "charging":
      return onChargingReading(turn, session, reading);
    case "suspended":
      return onSuspendedReading(turn, session, reading);
    case "ending":
      return settle(turn, session, session.ending);
  }
}

/**
 * Durable together with the counters that tell of it: a later start must not take the next car for this session's own.
 * Changes `session`, a copy of this turn.
 */
export function noteDeparture(turn: Turn, session: OpenSession, reading: ChargerReading): void {
  const wasThere =
    session.startedAt !== null || registerWh(turn.state.durable.register) > session.registerStartWh;
  if (reading.plugged !== false || reading.relayClosed || !wasThere) return;
  session.leftAtWs = turn.state.durable.register.registerWs;
  if (session.carLeft) return;
  session.carLeft = true;
  turn.mustPersist = true;
}

function onIntentReading(turn: Turn, session: OpenSession, reading: ChargerReading): void {
  // Current that came and went between two readings was its car's: with that car gone, the next one is another's.
  if (reading.relayClosed || registerWh(turn.state.durable.register) > session.registerStartWh) {
    tellStarted(turn, session);
    return onChargingReading(turn, session, reading);
  }
  if (reading.fault) return beginEnding(turn, { reason: "Other", abort: "charger-fault" });
  const waitedMs = elapsedMs(session.intentAt, turn.now);
  if (waitedMs === null || waitedMs > session.plugInTimeoutS * 1000)
    beginEnding(turn, { reason: "Other", abort: "plug-in-timeout" });
}

function onChargingReading(turn: Turn, session: OpenSession, reading: ChargerReading): void {
  if (reading.relayClosed) return checkLimits(turn, session);
  if (reading.plugged === false)
    return beginEnding(turn, { reason: "EVDisconnected", abort: "charger-fault" });
  if (reading.fault === "ground-fault")
    return beginEnding(turn, { reason: "GroundFault", abort: "charger-fault" });
  if (reading.fault === "over-current")
    return beginEnding(turn, { reason: "OvercurrentFault", abort: "charger-fault" });
  session.phase = "suspended";
  session.suspendedAt = turn.now;
  const by = reading.fault || reading.carReady || reading.state === "starting" ? "EVSE" : "EV";
  tell(turn, "session.suspended", {
    ...grantOf(session),
    registerWh: registerWh(turn.state.durable.register),
    by,
  });
  log(turn, `Session ${session.sid} suspended (${by})`);
}

function onSuspendedReading(turn: Turn, session: OpenSession, reading: ChargerReading): void {
  if (reading.relayClosed) {
    session.phase = "charging";
    session.suspendedAt = null;
    tell(turn, "session.resumed", {
      ...grantOf(session),
      registerWh: registerWh(turn.state.durable.register),
    });
    log(turn, `Session ${session.sid} resumed`);
    return checkLimits(turn, session);
  }
  if (reading.plugged === false)
    return beginEnding(turn, { reason: "EVDisconnected", abort: "charger-fault" });
  const idleMs = session.suspendedAt ? elapsedMs(session.suspendedAt, turn.now) : null;
  if (idleMs === null || idleMs > turn.state.config.idleLimitS * 1000)
    return beginEnding(turn, { reason: reading.fault ? "Other" : "StoppedByEV", abort: "charger-fault" });
  checkLimits(turn, session);
}

function checkLimits(turn: Turn, session: OpenSession): void {
  const usedWh = registerWh(turn.state.durable.register) - session.registerStartWh;
  if (session.limit?.energyWh !== undefined && usedWh >= session.limit.energyWh)
    return beginEnding(turn, { reason: "EnergyLimitReached", abort: "charger-fault" });
  const chargedMs = session.startedAt ? elapsedMs(session.startedAt, turn.now) : null;
  if (
    session.limit?.durationS !== undefined &&
    chargedMs !== null &&
    chargedMs >= session.limit.durationS * 1000
  )
    beginEnding(turn, { reason: "TimeLimitReached", abort: "charger-fault" });
}

/** Two readings in a row with an open relay: the meter integrates in steps, and the last step has then been counted. */
export function settle(turn: Turn, session: OpenSession, ending: Ending | null): void {
  if (turn.state.now.openReadings < 2) return;
  closeSession(turn, session, ending ?? { reason: "Other", abort: "engine-restart" });
}

/** Current without a session: the driver holds the relay open; what flowed all the same is nobody's. */
function onIdleReading(turn: Turn, reading: ChargerReading): void {
  const { durable, now } = turn.state;
  const wh = registerWh(durable.register);
  if (reading.relayClosed && durable.orphanFromWh === null) {
    durable.orphanFromWh = Math.floor(now.persistedWs / 3600);
    supplyOff(turn);
    turn.mustPersist = true;
    log(turn, "Relay closed without a session: switched off", "warn");
  }
  if (durable.orphanFromWh === null && wh > Math.floor(now.persistedWs / 3600))
    durable.orphanFromWh = Math.floor(now.persistedWs / 3600);
  if (durable.orphanFromWh !== null && now.openReadings >= 2) {
    if (wh > durable.orphanFromWh)
      tell(turn, "orphan", {
        registerFromWh: durable.orphanFromWh,
        registerToWh: wh,
        cause: "current without a session",
      });
    durable.orphanFromWh = null;
    turn.mustPersist = true;
  }
}

/** One sample a second while charging; the register is durable at least every 60 s or 100 Wh besides. */
function keepSamples(turn: Turn, reading: ChargerReading): void {
  const { durable, now, config } = turn.state;
  const phase = durable.session?.phase;
  if (phase === "charging" || (phase === "ending" && reading.relayClosed))
    now.samples = [
      ...now.samples,
      { mono: reading.mono, registerWh: registerWh(durable.register), powerW: reading.powerW },
    ];
  const watched = now.watchEveryMs !== null && turn.now.mono < now.watchUntilMono ? now.watchEveryMs : null;
  const everyMs = Math.min(watched ?? Number.POSITIVE_INFINITY, config.sampleFlushS * 1000);
  if (
    now.samples.length >= 60 ||
    (now.samples.length > 0 && turn.now.mono - now.flushedMono >= everyMs - 200)
  )
    flushSamples(turn);
  const unsavedWs = durable.register.registerWs - now.persistedWs;
  if (unsavedWs >= 360_000 || (unsavedWs > 0 && turn.now.mono - now.persistedMono >= 60_000))
    turn.saveRegister = true;
}
