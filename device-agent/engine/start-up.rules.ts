// The start-up table: what the first reading after a start means for what the journal says was going on.
//
//   journal            charger         do
//   any                unreachable     stay KO, try on, refuse START
//   any                other serial,   relay off, needs review
//                      lifetime fell
//   INTENT, no STARTED relay open      ABORTED when the register has not moved, else ended at it
//   INTENT or STARTED  relay closed    policy close: stop, ended (Reboot); policy resume: go on
//   STARTED            relay open      ended at the register
//   no open session    relay closed    off; the interval is an orphan (session.rules)

import type { StopReason } from "../../wire/messages/index.ts";
import type { ChargerReading } from "../charger/port.ts";
import { registerWh } from "../charger/register.rules.ts";
import { beginEnding, onReading, takeReading } from "./session.rules.ts";
import { flushSamples, grantOf, isPlugged, tellStarted } from "./tell.ts";
import { log, supplyOff, type Turn, tell } from "./turn.ts";

/** A counter that rounds down to whole Wh may differ by this much without having gone back. */
const lifetimeToleranceWh = 1;

export function onFirstReading(turn: Turn, reading: ChargerReading): void {
  const { durable, now } = turn.state;
  now.starting = false;
  const before = durable.register.lastSessionWs;
  if (durable.charger && reading.lifetimeWh < durable.charger.lifetimeWh - lifetimeToleranceWh)
    return quarantine(turn, reading, "register-went-back");
  const session = durable.session;
  if (!session) return onReading(turn, reading);
  takeReading(turn, reading);
  if (session.phase === "ending") {
    supplyOff(turn);
    return;
  }
  if (reading.relayClosed) {
    if (turn.state.config.rebootPolicy === "resume") return resume(turn, reading);
    log(turn, `Session ${session.sid} was running when the engine stopped: ending it`);
    return beginEnding(turn, { reason: "Reboot", abort: "engine-restart" });
  }
  log(turn, `Session ${session.sid} was open when the engine stopped: closing it at the register`);
  beginEnding(turn, { reason: reasonFromCharger(reading, before), abort: "engine-restart" });
}

function reasonFromCharger(reading: ChargerReading, lastSessionWs: number | null): StopReason {
  if (reading.plugged === false) return "EVDisconnected";
  if (lastSessionWs !== null && reading.sessionWs < lastSessionWs) return "PowerLoss";
  return "Other";
}

/** The session goes on as if the engine had not been away; its limits are checked with the next reading. */
function resume(turn: Turn, reading: ChargerReading): void {
  const { durable, config } = turn.state;
  if (!durable.session) return;
  const session = { ...durable.session };
  durable.session = session;
  if (session.startedAt === null) tellStarted(turn, session);
  session.phase = "charging";
  session.suspendedAt = null;
  turn.rises.push({
    do: "supply",
    supply: { on: true, amps: config.maxAmps, permit: session.cmdId, notAfterMono: null },
  });
  turn.mustPersist = true;
  log(turn, `Session ${session.sid} goes on after the engine's restart`);
  onReading(turn, reading);
}

/** The charger is not the one the journal knows: no figure is trusted, an operator decides. */
export function quarantine(
  turn: Turn,
  reading: ChargerReading | null,
  cause: "charger-replaced" | "register-went-back",
): void {
  const { durable, now } = turn.state;
  supplyOff(turn);
  flushSamples(turn);
  const session = durable.session;
  if (session) {
    tell(turn, "session.review", {
      ...grantOf(session),
      registerStartWh: session.registerStartWh,
      registerEndWh: registerWh(durable.register),
      cause,
      plugged: isPlugged(turn),
    });
    durable.finishing = reading?.plugged === false ? null : session.sid;
    durable.session = null;
    log(turn, `Session ${session.sid} needs review: ${cause}`, "warn");
  }
  if (reading) {
    durable.register = { ...durable.register, lastSessionWs: reading.sessionWs };
    if (durable.charger) durable.charger = { ...durable.charger, lifetimeWh: reading.lifetimeWh };
    now.reading = reading;
  } else durable.register = { ...durable.register, lastSessionWs: null };
  turn.mustPersist = true;
}
