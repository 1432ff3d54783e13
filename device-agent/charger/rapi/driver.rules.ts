// The RAPI driver as a pure function: state and input in, next state and effects out. The shell and the simulation
// both run it; time comes in with each input.
//
// 1. One command in flight; what is lost is decided anew, never repeated blindly.
// 2. What the wish needs goes first, then who the charger is, then the round of questions.
// 3. A charger that starts by itself closes its relay by itself: without a wish for supply it is put to sleep at
//    the first sign of a start, and again at each further one.
import { disabled, isEnabled, selfTestName, states } from "./answers.ts";
import {
  contactCommand,
  onMaxAmpsAnswer,
  onSerialAnswer,
  onSerialLost,
  onVersionAnswer,
  tellContact,
} from "./contact.rules.ts";
import {
  type DriverEffect,
  type DriverInput,
  type DriverState,
  emit,
  noContact,
  note,
  pollNow,
  type Turn,
} from "./driver-state.ts";
import { abandon, expire, grant, hasten, hear, type Outcome, submit } from "./exchange.rules.ts";
import { decimalField, type Frame } from "./frames.ts";
import { isBooting, onClosed, onOpened, silenceEndsMono, watchLine } from "./line.rules.ts";
import { onCountersAnswer, onElectricityAnswer, onPluggedAnswer, onStateAnswer } from "./reading.rules.ts";
import {
  checkPermit,
  onAmpsAnswer,
  onAmpsTold,
  onEnableAnswer,
  onSent,
  onSleepAnswer,
  takeWish,
  wishCommand,
} from "./wish.rules.ts";

const pollMs = 1_000;
const answerLimitMs = 2_500;
const bootAnswerLimitMs = 7_000;
/** `$AT 00` and `$AB` this close tell of the same start. */
const oneBootMs = 10_000;
/** If it was not the answer that was damaged, the answer still comes within this. */
const afterDamageMs = 400;
const misreadPauseMs = 100;
const nonsensePauseMs = 250;
/** Inputs come at least every second; after a longer gap it was us who did not listen. */
const standstillMs = 2_000;
const afterStandstillMs = 1_000;

/** One step. Throws only on a wish that no engine may have. */
export function step(
  state: DriverState,
  input: DriverInput,
): { state: DriverState; effects: DriverEffect[] } {
  const turn: Turn = { s: { ...state }, mono: input.mono, effects: [] };
  forgiveStandstill(turn);
  take(turn, input);
  const lost = expire(turn.s.exchange, turn.mono);
  turn.s.exchange = lost.exchange;
  if (lost.outcome) onLost(turn, lost.outcome);
  checkPermit(turn);
  tellContact(turn);
  watchLine(turn);
  sendNext(turn);
  turn.s.inputMono = turn.mono;
  return { state: turn.s, effects: turn.effects };
}

/** When the next tick is due at the latest, in monotonic milliseconds. */
export function wakeMono(s: DriverState): number {
  const times = [s.inputMono + pollMs, silenceEndsMono(s)];
  if (s.line.is === "waiting") times.push(s.line.untilMono);
  if (s.exchange.inFlight) times.push(s.exchange.inFlight.deadlineMono);
  else if (s.line.is === "open")
    times.push(Math.max(s.pauseUntilMono, s.stage ? s.askAgainMono : s.pollDueMono));
  return Math.min(...times);
}

function forgiveStandstill(turn: Turn): void {
  const { s, mono } = turn;
  if (s.unreachable || mono - s.inputMono < standstillMs) return;
  s.exchange = grant(s.exchange, mono + afterStandstillMs);
  s.answerMono = Math.max(s.answerMono, mono + afterStandstillMs - s.options.silenceLimitMs);
}

function take(turn: Turn, input: DriverInput): void {
  switch (input.is) {
    case "opened":
      return onOpened(turn);
    case "closed":
      return onClosed(turn, input.reason);
    case "frame":
      return onFrame(turn, input.frame);
    case "damaged":
      turn.s.exchange = hasten(turn.s.exchange, turn.mono + afterDamageMs);
      return;
    case "tick":
      return;
    case "want":
      return takeWish(turn, input.supply);
    case "read-now":
      if (turn.s.stage === null) pollNow(turn.s);
      return;
  }
}

function onFrame(turn: Turn, frame: Frame): void {
  const { s } = turn;
  if (s.line.is !== "open") return;
  const heard = hear(s.exchange, frame);
  s.exchange = heard.exchange;
  switch (heard.outcome.is) {
    case "answered":
      return onAnswered(turn, heard.outcome);
    case "lost":
      return onLost(turn, heard.outcome);
    case "told":
      return onTold(turn, heard.outcome.frame);
    case "discarded":
      return;
  }
}

function onAnswered(turn: Turn, answer: Extract<Outcome, { is: "answered" }>): void {
  const { s, mono } = turn;
  if (understand(turn, answer)) {
    s.answerMono = mono;
    s.unreachable = false;
    return;
  }
  s.pauseUntilMono = mono + nonsensePauseMs;
  note(turn, `${answer.command} was answered ${answer.ok ? "OK" : "NK"} "${printable(answer.args)}"`);
}

function understand(turn: Turn, { command, ok, args }: Extract<Outcome, { is: "answered" }>): boolean {
  const [name = "", first = ""] = command.split(" ");
  switch (name) {
    case "GV":
      return onVersionAnswer(turn, ok, args);
    case "GC":
      return onMaxAmpsAnswer(turn, ok, args);
    case "GI":
      return onSerialAnswer(turn, ok, args);
    case "GS":
      return onStateAnswer(turn, ok, args);
    case "GG":
      return onElectricityAnswer(turn, ok, args);
    case "G0":
      return onPluggedAnswer(turn, ok, args);
    case "GU":
      return onCountersAnswer(turn, ok, args);
    case "FS":
      return onSleepAnswer(turn, ok);
    case "FE":
      return onEnableAnswer(turn, ok);
    case "SC":
      return onAmpsAnswer(turn, Number(first), decimalField(args.split(" ")[0]));
  }
  throw new Error(`answer to ${command}, which this driver does not send`);
}

function onLost(turn: Turn, lost: Extract<Outcome, { is: "lost" }>): void {
  const { s, mono } = turn;
  if (lost.why === "misread") s.pauseUntilMono = mono + misreadPauseMs;
  if (lost.command === "GI") onSerialLost(turn);
}

function onTold(turn: Turn, frame: Exclude<Frame, { is: "reply" }>): void {
  const { s, mono } = turn;
  switch (frame.is) {
    case "boot":
      return onBoot(turn, frame.selfTest);
    case "state":
      if (frame.state === states.starting) return onBoot(turn, null);
      // What was sent while the charger tested itself may be lost: it is listening now.
      if (isBooting(s, mono)) s.exchange = abandon(s.exchange);
      s.boxHeard = { state: frame.state, pilot: frame.pilot, vflags: frame.vflags };
      if (frame.amps !== null) onAmpsTold(turn, frame.amps);
      if (s.wish && !s.wish.on && (isEnabled(frame.state) || frame.state === disabled)) s.sleepDue = true;
      return pollNow(s);
    case "button":
      return pollNow(s);
  }
}

/** `selfTest` null: told by the state alone; firmware 5 says no more. */
function onBoot(turn: Turn, selfTest: number | null): void {
  const { s, mono } = turn;
  const known = s.bootMono !== null && mono - s.bootMono < oneBootMs;
  s.bootMono = mono;
  s.exchange = abandon(s.exchange);
  s.pauseUntilMono = mono;
  s.contact = noContact;
  s.box = null;
  s.boxHeard = null;
  s.amps = null;
  s.ampsAgainMono = mono;
  if (s.wish && !s.wish.on) s.sleepDue = true;
  pollNow(s);
  // A start is told once, and again only for a self-test that failed.
  if (known && !selfTest) return;
  emit(turn, { is: "booted", mono, selfTest: selfTest === null ? "under way" : selfTestName(selfTest) });
}

function sendNext(turn: Turn): void {
  const { s, mono } = turn;
  if (s.line.is !== "open" || s.exchange.inFlight || mono < s.pauseUntilMono) return;
  const command = wishCommand(s, mono) ?? contactCommand(s, mono) ?? pollCommand(s, mono);
  if (command === null) return;
  const limitMs = isBooting(s, mono) && command !== "GI" ? bootAnswerLimitMs : answerLimitMs;
  const sent = submit(s.exchange, command, mono + limitMs);
  s.exchange = sent.exchange;
  if (command === "GS") {
    s.stage = "GS";
    s.pollDueMono = mono + pollMs;
  }
  onSent(s, command, mono);
  turn.effects.push({ do: "send", text: sent.text });
}

function pollCommand(s: DriverState, mono: number): string | null {
  if (s.stage) return mono >= s.askAgainMono ? s.stage : null;
  return mono >= s.pollDueMono ? "GS" : null;
}

function printable(text: string): string {
  return text.replace(/[^ -~]/g, "?");
}
