// When the line is opened, given up and opened again, and when the charger counts as unreachable. Pure.
//
// The far end of a serial line can die without any event: only silence tells. The path may be a link that points
// elsewhere once the charger is back, so the line is closed and opened anew, for as long as it takes.
import { type DriverState, emit, noContact, pollNow, type Turn } from "./driver-state.ts";
import { abandon } from "./exchange.rules.ts";

/** Pause between two attempts to open. */
const openAgainMs = 1_000;
/** An open that neither succeeds nor fails. */
const openingLimitMs = 5_000;
/** While unreachable: how long an opened line may stay silent before it is opened anew. A self-test takes 1.1 s. */
const trialMs = 1_500;
/** From the first sign of a start until the charger answers reliably. */
const bootMs = 8_000;

export function isBooting(s: DriverState, mono: number): boolean {
  return s.bootMono !== null && mono - s.bootMono < bootMs;
}

export function onOpened(turn: Turn): void {
  const { s, mono } = turn;
  s.line = { is: "open", sinceMono: mono };
  s.exchange = abandon(s.exchange);
  s.pauseUntilMono = mono;
  s.contact = noContact;
  s.box = null;
  s.boxHeard = null;
  s.counters = null;
  s.countersHeard = null;
  s.amps = null;
  s.ampsAgainMono = mono;
  // An enable that went unanswered on the old line may be obeyed at any time: it no longer counts as sent in time.
  s.permit = { ...s.permit, enableSent: false };
  pollNow(s);
}

export function onClosed(turn: Turn, reason: string): void {
  const { s, mono } = turn;
  s.exchange = abandon(s.exchange);
  s.box = null;
  s.lineTrouble = reason;
  s.line = { is: "waiting", untilMono: mono + openAgainMs };
}

/** Opens what is due to be opened; tells that the charger is unreachable, once. */
export function watchLine(turn: Turn): void {
  const { s, mono } = turn;
  if (s.line.is === "opening" && mono >= s.line.sinceMono + openingLimitMs) {
    s.lineTrouble = "the line does not open";
    reopen(turn);
  } else if (s.line.is === "waiting" && mono >= s.line.untilMono) reopen(turn);
  if (mono < silenceEndsMono(s)) return;
  if (!s.unreachable) {
    s.unreachable = true;
    const silentMs = mono - s.answerMono;
    const reason = s.line.is === "open" ? "it does not answer" : (s.lineTrouble ?? "the line does not open");
    emit(turn, { is: "unreachable", mono, reason: `no answer for ${Math.round(silentMs)} ms: ${reason}` });
  }
  if (s.line.is === "open") reopen(turn);
}

function reopen(turn: Turn): void {
  const { s, mono } = turn;
  s.line = { is: "opening", sinceMono: mono };
  s.exchange = abandon(s.exchange);
  s.box = null;
  turn.effects.push({ do: "reopen" });
}

/** The monotonic time at which silence is acted upon. */
export function silenceEndsMono(s: DriverState): number {
  const bootedMono = s.bootMono === null ? Number.NEGATIVE_INFINITY : s.bootMono + bootMs;
  if (!s.unreachable) return Math.max(s.answerMono, bootedMono) + s.options.silenceLimitMs;
  if (s.line.is !== "open") return Number.POSITIVE_INFINITY;
  return Math.max(s.line.sinceMono + trialMs, bootedMono);
}
