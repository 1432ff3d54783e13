// The box's meter as the firmware computes it, so that its errors are in the figures too.
//
// 1. The ammeter gives a figure per window of 32 samples, in steps of 220 mA; between the windows it is the old one.
// 2. Energy is current × a constant voltage × time, in steps of a little over 250 ms; what is left at opening is lost.
// 3. The session counter starts anew whenever the car seems to arrive; the lifetime counter takes whole Wh when it
//    seems to leave.
// Everything here is on the secondary side of the current transformer.

const windowMs = 768;
const stepMinMs = 255;
const adcStepMa = 220;
const adcGain = 0.995;

export interface Meter {
  atMs: number;
  /** Reported current; 0 with the relay open. */
  currentMa: number;
  /** The samples of the window under way; survives an open relay. */
  windowMs: number;
  windowMaMs: number;
  inSession: boolean;
  sessionWs: number;
  /** All that was ever added to the session counter; the simulation's own figure, not the firmware's. */
  countedWs: number;
  stepAtMs: number;
}

export function newMeter(nowMs: number): Meter {
  return {
    atMs: nowMs,
    currentMa: 0,
    windowMs: 0,
    windowMaMs: 0,
    inSession: false,
    sessionWs: 0,
    countedWs: 0,
    stepAtMs: nowMs,
  };
}

export interface Metering {
  relayClosed: boolean;
  /** The firmware samples the current in state C only, yet counts energy as long as the relay is closed. */
  sampling: boolean;
  loadMa: number;
  assumedMv: number;
  /** The old firmware computes energy with whole amps only. */
  wholeAmps: boolean;
}

/** Moves the meter to `toMs` while the given conditions hold. Changes the meter it is given. */
export function meterUntil(meter: Meter, toMs: number, how: Metering): void {
  if (!how.relayClosed) {
    meter.atMs = toMs;
    return;
  }
  while (meter.atMs < toMs) {
    const stepAt = meter.stepAtMs + stepMinMs + (meter.stepAtMs % 15);
    const windowAt = how.sampling ? meter.atMs + windowMs - meter.windowMs : Number.POSITIVE_INFINITY;
    const next = Math.min(toMs, Math.max(stepAt, meter.atMs), windowAt);
    if (how.sampling) sample(meter, next - meter.atMs, how.loadMa);
    meter.atMs = next;
    if (next >= stepAt) count(meter, how);
  }
}

function sample(meter: Meter, ms: number, loadMa: number): void {
  meter.windowMs += ms;
  meter.windowMaMs += ms * loadMa;
  if (meter.windowMs < windowMs) return;
  meter.currentMa = Math.floor((meter.windowMaMs / meter.windowMs) * (adcGain / adcStepMa)) * adcStepMa;
  meter.windowMs = 0;
  meter.windowMaMs = 0;
}

function count(meter: Meter, how: Metering): void {
  const ms = meter.atMs - meter.stepAtMs;
  meter.stepAtMs = meter.atMs;
  if (!meter.inSession) return;
  // The divisions lose their remainders in this order, as in the firmware's 32-bit arithmetic.
  const ma = how.wholeAmps ? meter.currentMa - (meter.currentMa % 1000) : meter.currentMa;
  const watts = Math.floor((Math.floor(how.assumedMv / 16) * Math.floor(ma / 4)) / 15_625);
  const ws = Math.floor((watts * ms) / 1000);
  meter.sessionWs += ws;
  meter.countedWs += ws;
}

export function meterRelayClosed(meter: Meter): void {
  meter.stepAtMs = meter.atMs;
}

export function meterRelayOpened(meter: Meter): void {
  meter.currentMa = 0;
}

/** A car seems to arrive: the session counter starts anew. */
export function meterSessionStart(meter: Meter): void {
  meter.inSession = true;
  meter.sessionWs = 0;
  meter.stepAtMs = meter.atMs;
}

/** The car seems to leave. @returns the whole Wh that go into the lifetime counter. */
export function meterSessionEnd(meter: Meter): number {
  if (!meter.inSession) return 0;
  meter.inSession = false;
  return Math.floor(meter.sessionWs / 3600);
}
