// The start-up table: what the first reading after a start means for what the journal says was going on.
//
//   journal            charger         do
//   any                unreachable     stay KO, try on, refuse START
//   any                other serial,   relay off, needs review (unseen.rules)
//                      lifetime fell,
//                      a car left and
//                      is plugged
//   INTENT, no STARTED relay open      ABORTED when the register has not moved, else ended at it
//   INTENT or STARTED  relay closed    policy close: stop, ended (Reboot); policy resume: go on
//   STARTED            relay open      ended at the register
//   no open session    relay closed    off; the interval is an orphan (session.rules)

import type { StopReason } from "../../wire/messages/index.ts";
import type { ChargerReading } from "../charger/port.ts";
import { beginEnding, noteDeparture, onReading, takeReading } from "./session.rules.ts";
import { tellStarted } from "./tell.ts";
import { log, supplyOff, type Turn } from "./turn.ts";
import { isChangedUnseen } from "./unseen.rules.ts";

export function onFirstReading(turn: Turn, reading: ChargerReading): void {
  const { durable, now } = turn.state;
  now.starting = false;
  const before = durable.register.lastSessionWs;
  if (isChangedUnseen(turn, reading)) return;
  if (!durable.session) return onReading(turn, reading);
  takeReading(turn, reading);
  const session = { ...durable.session };
  durable.session = session;
  noteDeparture(turn, session, reading);
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
  // How long it has lasted nobody knows: the clock that counted it ended with the boot.
  if (
    session.limit?.durationS !== undefined &&
    session.startedAt &&
    session.startedAt.boot !== turn.now.boot
  ) {
    log(turn, `Session ${session.sid} has a time limit that began before a reboot: ending it`);
    return beginEnding(turn, { reason: "Reboot", abort: "engine-restart" });
  }
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
