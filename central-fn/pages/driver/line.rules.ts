// What the driver is told of the connection, and how long an offer lasts: pure.
import type { Trouble } from "../kit/live.ts";

export type Line =
  | { is: "connecting" }
  | { is: "up" }
  /** This page does not reach its phone: the browser is offline, or the phone is switched off. */
  | { is: "phone-away"; sinceMs: number }
  /** The phone is there and does not reach the network's Central. */
  | { is: "network-away"; sinceMs: number };

export interface Heard {
  /** When this phone's own port last answered; undefined: not yet. */
  freshAtMs: number | undefined;
  trouble: Trouble | undefined;
}

/** From what was heard of the phone and, through it, of the network. */
export function lineOf(phone: Heard, network: Heard): Line {
  if (phone.trouble?.is === "unreachable") return { is: "phone-away", sinceMs: phone.trouble.sinceMs };
  if (network.trouble?.is === "unreachable") return { is: "network-away", sinceMs: network.trouble.sinceMs };
  return network.freshAtMs === undefined ? { is: "connecting" } : { is: "up" };
}

/** "4:05" until `untilMs`, "1:02:09" when it is long; every begun second counts, "0:00" when it is over. */
export function countdown(untilMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((untilMs - nowMs) / 1_000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
