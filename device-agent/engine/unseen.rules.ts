// What changed while nobody looked, between the last reading and the first one after a start, a silence of the charger
// or a standstill of our own: another charger, another transformer ratio, a counter that went back, another car.
//
// 1. No figure of such a gap is trusted with a session: power falls, and what was seen of it goes to a review.
// 2. The charger's lifetime counter moves when a car leaves and at no other time: over a gap it is the only witness
//    of another car. While readings are continuous the plug itself is seen, and a pilot glitch moves the same counter.
import type { SessionReview } from "../../wire/messages/index.ts";
import type { ChargerEvent, ChargerReading } from "../charger/port.ts";
import { registerWh } from "../charger/register.rules.ts";
import { isOff } from "./session.rules.ts";
import type { OpenSession } from "./state.ts";
import { flushSamples, grantOf } from "./tell.ts";
import { log, supplyOff, type Turn, tell } from "./turn.ts";

/** A counter that rounds down to whole Wh may differ by this much, times the ratio, without having gone back. */
const lifetimeToleranceWh = 1;

/** The charger has said who it is. */
export function onIdentity(turn: Turn, identity: Extract<ChargerEvent, { is: "identity" }>): void {
  const { now } = turn.state;
  const { firmware, serial, ctRatio = 1 } = identity;
  now.reachable = true;
  now.firmware = firmware;
  log(turn, `Charger answers: firmware ${firmware}${serial ? `, serial ${serial}` : ""}`);
  const known = turn.state.durable.charger;
  if (known?.serial && serial && known.serial !== serial) quarantine(turn, null, "charger-replaced");
  const ratio = known?.ctRatio ?? ctRatio;
  if (ratio !== ctRatio) {
    // Both counters are told times the ratio: what they showed before means nothing now.
    log(turn, `CT ratio changed from ${ratio} to ${ctRatio}`, "warn");
    quarantine(turn, null, "ratio-changed");
  }
  if (known && known.serial === serial && known.ctRatio === ctRatio) return;
  turn.state.durable.charger = {
    serial: serial ?? known?.serial ?? null,
    lifetimeWh: Math.floor((known?.lifetimeWh ?? 0) / ratio) * ctRatio,
    ctRatio,
  };
  turn.mustPersist = true;
}

/** Looks at the first reading after a gap; true when it shows a change, which is then dealt with. */
export function isChangedUnseen(turn: Turn, reading: ChargerReading): boolean {
  const { charger } = turn.state.durable;
  turn.state.now.unseen = false;
  if (!charger) return false;
  const toleranceWh = lifetimeToleranceWh * (charger.ctRatio ?? 1);
  const grownWh = reading.lifetimeWh - charger.lifetimeWh;
  if (grownWh < -toleranceWh) {
    quarantine(turn, reading, "register-went-back");
    return true;
  }
  const { session } = turn.state.durable;
  if (!session || !isCarChanged(session, reading, grownWh, toleranceWh)) return false;
  onCarChanged(turn, reading, session, grownWh);
  return true;
}

function isCarChanged(
  session: OpenSession,
  reading: ChargerReading,
  grownWh: number,
  toleranceWh: number,
): boolean {
  // That the charger cannot tell the plug is no sign of a car; the counter is, and so is its next word.
  if (session.carLeft) return reading.plugged === true || grownWh > toleranceWh;
  if (grownWh <= 0) return false;
  // A car that has left and whose counter explains the growth was the session's own.
  return reading.plugged !== false || grownWh > Math.floor(reading.sessionWs / 3600) + toleranceWh;
}

/**
 * One car left unseen and perhaps more than one: how much of the growth is the session's nobody knows. It goes to
 * review at what was seen of it; the rest is an orphan, up to the last unplug and into the car that is there now.
 */
function onCarChanged(turn: Turn, reading: ChargerReading, session: OpenSession, grownWh: number): void {
  const { durable } = turn.state;
  const seen = durable.register;
  // Of a car that came after its own part may have been seen: its counter begins where the plug was last seen free.
  const ofSession = { ...seen, registerWs: session.leftAtWs ?? seen.registerWs };
  durable.register = ofSession;
  quarantine(turn, reading, "car-changed");
  const countedWs = session.carLeft ? 0 : (seen.lastSessionWs ?? 0);
  const unseenWs = Math.max(0, grownWh * 3600 - countedWs);
  const presentWs = reading.plugged === true ? reading.sessionWs : 0;
  const registerWs = Math.max(seen.registerWs, ofSession.registerWs + unseenWs + presentWs);
  durable.register = { registerWs, lastSessionWs: reading.sessionWs };
  const wh = registerWh(durable.register);
  if (wh > registerWh(ofSession))
    tell(turn, "orphan", {
      registerFromWh: registerWh(ofSession),
      registerToWh: wh,
      cause: "cars changed while nobody looked",
    });
  if (durable.orphanFromWh !== null) durable.orphanFromWh = wh;
}

/** The charger or its car is not the one the journal knows: no figure is trusted, an operator decides. */
export function quarantine(turn: Turn, reading: ChargerReading | null, cause: SessionReview["cause"]): void {
  const { durable, now } = turn.state;
  supplyOff(turn);
  flushSamples(turn);
  if (reading) now.reading = reading;
  const session = durable.session;
  if (session) {
    // Who cannot tell is taken for plugged: the next word of the connector frees the point.
    const plugged = reading?.plugged !== false;
    durable.finishing = plugged ? session.sid : null;
    durable.session = null;
    // The connector's next word must follow, whatever it was told before the session.
    now.told = null;
    tell(turn, "session.review", {
      ...grantOf(session),
      registerStartWh: session.registerStartWh,
      registerEndWh: registerWh(durable.register),
      cause,
      plugged,
    });
    log(turn, `Session ${session.sid} needs review: ${cause}`, "warn");
  }
  if (reading && durable.charger) durable.charger = { ...durable.charger, lifetimeWh: reading.lifetimeWh };
  durable.register = { ...durable.register, lastSessionWs: reading?.sessionWs ?? null };
  // Until it is seen at rest the charger may still let current flow, to nobody.
  if (!reading || !isOff(reading)) durable.orphanFromWh ??= registerWh(durable.register);
  turn.mustPersist = true;
}
