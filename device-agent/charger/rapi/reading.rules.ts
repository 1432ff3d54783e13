// A round of questions, `GS` to `GU`, and the reading that comes of it. Pure.
//
// An 8-bit checksum lets one damaged frame in 256 through. A surprising answer is therefore asked for again and
// counts when told twice in a row (`$AT` counts as telling): a counter that fell, leapt or moved its lifetime
// total, and any change of state, relay or plug.
import type { ChargerReading } from "../port.ts";
import {
  type Counters,
  disabled,
  faultOf,
  flags,
  isFault,
  readCounters,
  readElectricity,
  readPlugged,
  readState,
  type StateAnswer,
  stateName,
  states,
} from "./answers.ts";
import { onSupplyKnown } from "./contact.rules.ts";
import { type DriverState, emit, type StampedCounters, type Turn } from "./driver-state.ts";
import { onStateKnown } from "./wish.rules.ts";

/** More than any box of 80 A can meter: a leap beyond it is asked for again. */
const utmostW = 30_000;
/** The meter integrates in steps: two readings of the same relay state are at least this far apart. */
const readingGapMs = 300;
const doubtPauseMs = 200;
/** The firmware's own constant for a two-phase supply, where it tells none. */
const assumedMilliVolts = 240_000;
const pilotC = 0x03;
const told = flags.relayClosed | flags.vehicle;

function sameState(one: StateAnswer | null, other: StateAnswer): boolean {
  if (!one || one.state !== other.state) return false;
  if (one.vflags === null || other.vflags === null) return one.vflags === other.vflags;
  return (one.vflags & told) === (other.vflags & told);
}

/** All answers of a round return whether they were understood. */
export function onStateAnswer(turn: Turn, ok: boolean, args: string): boolean {
  const answer = ok ? readState(args) : null;
  if (!answer) return false;
  const { s } = turn;
  const sure = sameState(s.box, answer) || sameState(s.boxHeard, answer);
  s.boxHeard = answer;
  if (!believe(turn, sure)) return true;
  s.box = answer;
  onStateKnown(turn);
  onSupplyKnown(turn);
  s.stage = answer.vflags === null || isRelayClosed(s) ? "GG" : "GU";
  if (s.stage === "GU") s.electricity = null;
  return true;
}

/** The first doubt is settled at once; a charger that never says the same twice must not keep us busy. */
function believe(turn: Turn, sure: boolean): boolean {
  const { s, mono } = turn;
  s.doubts = sure ? 0 : s.doubts + 1;
  if (s.doubts > 1) s.askAgainMono = mono + doubtPauseMs;
  return sure;
}

export function onElectricityAnswer(turn: Turn, ok: boolean, args: string): boolean {
  const { s } = turn;
  s.electricity = ok ? readElectricity(args) : null;
  s.stage = s.box && s.box.vflags === null ? "G0" : "GU";
  return s.electricity !== null;
}

export function onPluggedAnswer(turn: Turn, ok: boolean, args: string): boolean {
  const plugged = ok ? readPlugged(args) : null;
  turn.s.plugged = plugged ?? null;
  turn.s.stage = "GU";
  return plugged !== undefined;
}

export function onCountersAnswer(turn: Turn, ok: boolean, args: string): boolean {
  const counters = ok ? readCounters(args) : null;
  if (!counters) return false;
  const { s, mono } = turn;
  const stamped = { ...counters, mono };
  const sure = follows(s.counters, stamped) || follows(s.countersHeard, stamped);
  s.countersHeard = stamped;
  if (!believe(turn, sure)) return true;
  // A counter that fell was reset: so was, perhaps unheard, the set-point.
  if (s.counters && counters.sessionWs < s.counters.sessionWs) {
    s.amps = null;
    s.ampsAgainMono = mono;
  }
  s.counters = stamped;
  s.stage = null;
  tellReading(turn, counters);
  return true;
}

function follows(before: StampedCounters | null, now: StampedCounters): boolean {
  if (!before || now.totalWh !== before.totalWh || now.sessionWs < before.sessionWs) return false;
  return now.sessionWs - before.sessionWs <= (utmostW * (now.mono - before.mono + 3_000)) / 1_000;
}

function tellReading(turn: Turn, counters: Counters): void {
  const { s, mono } = turn;
  // Who it is comes first: the engine must know whose counters these are.
  if (!s.box || !s.contact.told) return;
  const reading = readingOf(s, s.box, counters, mono);
  const before = s.reading;
  if (before && before.relayClosed === reading.relayClosed && mono - before.mono < readingGapMs) {
    s.pollDueMono = before.mono + readingGapMs;
    return;
  }
  s.reading = reading;
  emit(turn, { is: "reading", reading });
}

/** The truth is the flag; firmware without flags is believed by its state, and by any current that flows. */
function isRelayClosed(s: DriverState): boolean {
  if (!s.box) return false;
  if (s.box.vflags !== null) return (s.box.vflags & flags.relayClosed) !== 0;
  return s.box.state === states.charging || (s.electricity?.milliAmps ?? 0) > 0;
}

function readingOf(s: DriverState, box: StateAnswer, counters: Counters, mono: number): ChargerReading {
  const { ctRatio } = s.options;
  const relayClosed = isRelayClosed(s);
  const plugged = pluggedOf(s, box);
  const microW = relayClosed
    ? (s.electricity?.milliAmps ?? 0) * (s.electricity?.milliVolts ?? assumedMilliVolts)
    : 0;
  const pilot = box.pilot ?? (box.state === states.charging ? pilotC : 0);
  return {
    mono,
    relayClosed,
    plugged,
    carReady: pilot === pilotC && plugged !== false,
    state: stateName(box.state),
    fault: faultOf(box.state),
    sessionWs: counters.sessionWs * ctRatio,
    lifetimeWh: counters.totalWh * ctRatio,
    powerW: Math.round((microW * ctRatio) / 1e6),
  };
}

function pluggedOf(s: DriverState, box: StateAnswer): boolean | null {
  if (box.state === states.starting || box.state === disabled) return null;
  if (box.vflags !== null) return (box.vflags & flags.vehicle) !== 0;
  if (box.state === states.connected || box.state === states.charging) return true;
  if (box.state === states.noVehicle) return false;
  return isFault(box.state) ? null : s.plugged;
}
