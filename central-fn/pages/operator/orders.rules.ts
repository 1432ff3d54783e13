// How long what became of a command is looked for: pure.
import type { Answer } from "../kit/http.ts";

export const quickMs = 400;
const quickFor = 50;
const patientMs = 5_000;
/** A server may ask for a longer rest, but nobody waits for its word for ever. */
const longestRestMs = 60_000;
const silentAtMostMs = 600_000;

export type NextLook =
  | { is: "again"; inMs: number }
  /** `why` as the server says it; undefined: it did not answer for too long. */
  | { is: "given-up"; why: string | undefined };

/** After the `looked`-th look; `silentMs` is the time since the server last told how the command is. */
export function nextLook(answer: Answer<unknown>, looked: number, silentMs: number): NextLook {
  switch (answer.is) {
    case "ok":
    case "same":
      // A device that is away may answer after days.
      return { is: "again", inMs: looked < quickFor ? quickMs : patientMs };
    case "refused":
      // Asked too often, or broken just now; any other refusal would be the same again.
      if (answer.status !== 429 && answer.status < 500) return { is: "given-up", why: answer.detail };
      return silentMs > silentAtMostMs ? { is: "given-up", why: answer.detail } : restOf(answer.retryAfterMs);
    case "unreachable":
      return silentMs > silentAtMostMs ? { is: "given-up", why: undefined } : restOf(answer.retryAfterMs);
  }
}

function restOf(retryAfterMs = 0): NextLook {
  return { is: "again", inMs: Math.max(patientMs, Math.min(retryAfterMs, longestRestMs)) };
}
