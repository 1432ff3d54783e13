// One command in flight: which reply is its answer, and when it is lost. Pure; time comes in with each call.
//
// 1. A reply counts only with the sequence id of the command in flight: replies do not name their command, and
//    a charger busy with its self-test answers late and in a burst.
// 2. `$NK` without sequence id: the charger could not read our frame. The command was not obeyed.
// 3. Nothing is repeated here: a lost command goes back to the caller, who checks anew whether it may be sent.
import { encodeCommand, type Frame } from "./frames.ts";

export interface InFlight {
  readonly command: string;
  readonly sequence: number;
  readonly deadlineMono: number;
}

export interface Exchange {
  readonly lastSequence: number;
  readonly inFlight: InFlight | null;
}

export type Outcome =
  | { is: "answered"; command: string; ok: boolean; args: string }
  /** `misread`: the charger found our checksum wrong. `silent`: no answer in time; it may or may not have obeyed. */
  | { is: "lost"; command: string; why: "misread" | "silent" }
  /** A reply to something given up earlier, or to nothing we know. */
  | { is: "discarded" }
  | { is: "told"; frame: Exclude<Frame, { is: "reply" }> };

export const idle: Exchange = { lastSequence: 0, inFlight: null };

/** The command's bytes as text. Throws when one is in flight: a bug of the caller. */
export function submit(
  exchange: Exchange,
  command: string,
  deadlineMono: number,
): { exchange: Exchange; text: string } {
  if (exchange.inFlight) throw new Error(`${command} while ${exchange.inFlight.command} is in flight`);
  const sequence = (exchange.lastSequence % 255) + 1;
  return {
    exchange: { lastSequence: sequence, inFlight: { command, sequence, deadlineMono } },
    text: encodeCommand(command, sequence),
  };
}

/** What a frame means to the command in flight. */
export function hear(exchange: Exchange, frame: Frame): { exchange: Exchange; outcome: Outcome } {
  if (frame.is !== "reply") return { exchange, outcome: { is: "told", frame } };
  const { inFlight } = exchange;
  const free: Exchange = { ...exchange, inFlight: null };
  if (inFlight && frame.sequence === inFlight.sequence)
    return {
      exchange: free,
      outcome: { is: "answered", command: inFlight.command, ok: frame.ok, args: frame.args },
    };
  if (inFlight && frame.sequence === null && !frame.ok)
    return { exchange: free, outcome: { is: "lost", command: inFlight.command, why: "misread" } };
  return { exchange, outcome: { is: "discarded" } };
}

/** The command whose time is up, or null. */
export function expire(
  exchange: Exchange,
  mono: number,
): { exchange: Exchange; outcome: Extract<Outcome, { is: "lost" }> | null } {
  const { inFlight } = exchange;
  if (!inFlight || mono < inFlight.deadlineMono) return { exchange, outcome: null };
  return {
    exchange: { ...exchange, inFlight: null },
    outcome: { is: "lost", command: inFlight.command, why: "silent" },
  };
}

/** Gives up the command in flight because its peer is gone: the charger restarted, the line was reopened. */
export function abandon(exchange: Exchange): Exchange {
  return exchange.inFlight ? { ...exchange, inFlight: null } : exchange;
}

/** A frame arrived that nobody can read: perhaps the answer. Waits no longer than until `mono`. */
export function hasten(exchange: Exchange, mono: number): Exchange {
  const { inFlight } = exchange;
  if (!inFlight || inFlight.deadlineMono <= mono) return exchange;
  return { ...exchange, inFlight: { ...inFlight, deadlineMono: mono } };
}

/** Grants the command in flight at least until `mono`: our own loop stood still, its answer may be waiting. */
export function grant(exchange: Exchange, mono: number): Exchange {
  const { inFlight } = exchange;
  if (!inFlight || inFlight.deadlineMono >= mono) return exchange;
  return { ...exchange, inFlight: { ...inFlight, deadlineMono: mono } };
}
