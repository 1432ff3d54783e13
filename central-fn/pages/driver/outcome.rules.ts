// What is told of an order (start, confirm, leave, stop …) that was sent: pure.
//
// 1. What was not sent is never sent later by itself: it is said, and the driver decides.
// 2. An order without an answer may have arrived. Sending it again is the same order, because it keeps its key.
import type { Answer } from "../kit/http.ts";
import { texts } from "./texts.ts";

export interface Outcome {
  ok: boolean;
  text: string | null;
  /** The same order may be sent again under its key. */
  again: boolean;
}

export const notSent: Outcome = { ok: false, text: texts.outcome.notSent, again: true };

export function outcomeOf(answer: Answer<unknown>): Outcome {
  switch (answer.is) {
    case "ok":
    case "same":
      return { ok: true, text: null, again: false };
    case "unreachable":
      return { ok: false, text: texts.outcome.noAnswer, again: true };
    case "refused": {
      const { status, detail, retryAfterMs = 1_000 } = answer;
      if (status === 429)
        return { ok: false, text: texts.outcome.tooMany(Math.ceil(retryAfterMs / 1_000)), again: true };
      if (status === 401 || status === 403)
        return { ok: false, text: texts.outcome.notAllowed, again: false };
      return { ok: false, text: sentence(detail), again: false };
    }
  }
}

/** "you have another session: end it first" → "You have another session: end it first." */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}
