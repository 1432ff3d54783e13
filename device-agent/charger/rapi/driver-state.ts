// What the driver knows of its charger and wants from it; the words that its rules take and give.
import type { ChargerEvent, ChargerReading, Supply } from "../port.ts";
import type { Counters, Electricity, StateAnswer } from "./answers.ts";
import { type Exchange, idle } from "./exchange.rules.ts";
import type { Frame } from "./frames.ts";

export interface DriverOptions {
  /** Multiplies current, power and energy: the box meters through a current transformer. Whole, ≥ 1. */
  readonly ctRatio: number;
  /** Without an understood answer for this long the charger is unreachable. */
  readonly silenceLimitMs: number;
}

export type LineState =
  | { readonly is: "waiting"; readonly untilMono: number }
  | { readonly is: "opening"; readonly sinceMono: number }
  | { readonly is: "open"; readonly sinceMono: number };

/** How far the charger has been asked who it is, since the line opened or it started. */
export interface Contact {
  readonly firmware: string | null;
  readonly maxAmpsKnown: boolean;
  /** The maximum was told while the charger only assumed its supply: it is asked again once it knows. */
  readonly supplyAssumed: boolean;
  /** Undefined: not asked to the end; null: it has none, or none that can be read. */
  readonly serial: string | null | undefined;
  /** Told once; it counts when told twice: a wrong serial number would stop the charging point. */
  readonly serialHeard: string | null;
  readonly serialTries: number;
  readonly serialAgainMono: number;
  readonly told: boolean;
}

export const noContact: Contact = {
  firmware: null,
  maxAmpsKnown: false,
  supplyAssumed: false,
  serial: undefined,
  serialHeard: null,
  serialTries: 0,
  serialAgainMono: Number.NEGATIVE_INFINITY,
  told: false,
};

/** What has become of the permit of the present wish. */
export interface PermitUse {
  /** An enable went out in time; it may have been obeyed although no answer came. */
  readonly enableSent: boolean;
  /** The charger said yes to the enable, or was seen enabled. */
  readonly accepted: boolean;
  /** The relay was seen closed: from here on the permit does not expire. */
  readonly closed: boolean;
}

export const unusedPermit: PermitUse = { enableSent: false, accepted: false, closed: false };

export interface StampedCounters extends Counters {
  readonly mono: number;
}

/** Commands of one round of questions, in their order. */
export type Stage = "GS" | "GG" | "G0" | "GU";

export interface DriverState {
  options: DriverOptions;
  line: LineState;
  /** The last thing that went wrong with the line, for people. */
  lineTrouble: string | null;
  exchange: Exchange;
  inputMono: number;
  /** When the charger last gave an answer that was understood. */
  answerMono: number;
  /** When it last told of a start of its own. */
  bootMono: number | null;
  unreachable: boolean;
  /** Nothing is sent before: after an answer that made no sense. */
  pauseUntilMono: number;

  /** Null until the engine has said anything: the charger is only read. */
  wish: Supply | null;
  permit: PermitUse;
  /** The permit under which the enable in flight was sent. */
  enablingPermit: string | null;
  /** A sleep command is owed, whatever the charger's state. */
  sleepDue: boolean;
  sleepAgainMono: number;
  enableAgainMono: number;
  /** The set-point as the charger last told it; null: not known. */
  amps: number | null;
  ampsAgainMono: number;

  contact: Contact;
  maxAmps: number | null;
  /** The charger's state, told twice; null: not known since the last command that changes it. */
  box: StateAnswer | null;
  /** Told once, by an answer or by `$AT`. */
  boxHeard: StateAnswer | null;
  counters: StampedCounters | null;
  countersHeard: StampedCounters | null;
  electricity: Electricity | null;
  /** Surprising answers in a row, and the pause before the next question that follows from them. */
  doubts: number;
  askAgainMono: number;
  /** Answer of `G0`, asked only where the flags do not tell. */
  plugged: boolean | null;
  /** The next question of the round under way; null between rounds. */
  stage: Stage | null;
  pollDueMono: number;
  reading: ChargerReading | null;
}

export type DriverInput =
  | { is: "opened"; mono: number }
  /** The line closed by itself or could not be opened. */
  | { is: "closed"; mono: number; reason: string }
  | { is: "frame"; mono: number; frame: Frame }
  /** Something arrived that is no frame, or a damaged one. */
  | { is: "damaged"; mono: number }
  | { is: "tick"; mono: number }
  | { is: "want"; mono: number; supply: Supply }
  | { is: "read-now"; mono: number };

export type DriverEffect =
  /** Write these Latin-1 characters. */
  | { do: "send"; text: string }
  | { do: "emit"; event: ChargerEvent }
  /** Close the line if there is one and open it anew; answer with `opened` or `closed`. */
  | { do: "reopen" }
  | { do: "note"; text: string };

/** A turn of the rules: a private copy of the state, and what came of it. */
export interface Turn {
  readonly s: DriverState;
  readonly mono: number;
  readonly effects: DriverEffect[];
}

const never = Number.NEGATIVE_INFINITY;

/** The state before the first tick, which opens the line. */
export function initialState(options: DriverOptions, mono: number): DriverState {
  if (!Number.isInteger(options.ctRatio) || options.ctRatio < 1)
    throw new RangeError(`current-transformer ratio ${options.ctRatio} is not a whole number ≥ 1`);
  return {
    options,
    line: { is: "waiting", untilMono: mono },
    lineTrouble: null,
    exchange: idle,
    inputMono: mono,
    answerMono: mono,
    bootMono: null,
    unreachable: false,
    pauseUntilMono: never,
    wish: null,
    permit: unusedPermit,
    enablingPermit: null,
    sleepDue: false,
    sleepAgainMono: never,
    enableAgainMono: never,
    amps: null,
    ampsAgainMono: never,
    contact: noContact,
    maxAmps: null,
    box: null,
    boxHeard: null,
    counters: null,
    countersHeard: null,
    electricity: null,
    doubts: 0,
    askAgainMono: never,
    plugged: null,
    stage: null,
    pollDueMono: mono,
    reading: null,
  };
}

export function emit(turn: Turn, event: ChargerEvent): void {
  turn.effects.push({ do: "emit", event });
}

export function note(turn: Turn, text: string): void {
  turn.effects.push({ do: "note", text });
}

/** Begins a round of questions as soon as the line is free. */
export function pollNow(s: DriverState): void {
  s.stage = "GS";
}
