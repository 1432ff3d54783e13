// An order to the network (start, confirm, leave, stop …) as a component sends it: once, on a press, never later.
import { useRef, useState } from "preact/hooks";
import { announce } from "../kit/announce.tsx";
import { type Answer, ask, freshKey } from "../kit/http.ts";
import { notSent, type Outcome, outcomeOf } from "./outcome.rules.ts";
import { lookNow } from "./store.ts";

export interface Order {
  /** It is on its way. */
  busy: boolean;
  /** Of the last attempt that did not succeed. */
  outcome: Outcome | undefined;
  /** Sends it. Sent again without an answer it is the same order: it keeps its key until it has succeeded. */
  send<T>(path: string, how: Sent): Promise<Answer<T> | undefined>;
  /** It is another order now: what was said of the last one goes. */
  renew(): void;
}

export interface Sent {
  method: "POST" | "PUT" | "DELETE";
  json?: unknown;
  /** Seconds to wait for the decision. */
  waitS?: number;
}

/** `send` answers undefined when nothing was sent. */
export function useOrder(): Order {
  const key = useRef(freshKey());
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | undefined>(undefined);
  const say = (told: Outcome) => {
    setOutcome(told.ok ? undefined : told);
    if (told.text) announce(told.text);
  };
  return {
    busy,
    outcome,
    async send<T>(path: string, { method, json, waitS }: Sent) {
      if (!navigator.onLine) {
        say(notSent);
        return undefined;
      }
      setBusy(true);
      const headers = { "idempotency-key": key.current, ...(waitS && { prefer: `wait=${waitS}` }) };
      const answer = await ask<T>(path, { method, json, headers, withinMs: 15_000 });
      setBusy(false);
      const told = outcomeOf(answer);
      if (told.ok) key.current = freshKey();
      say(told);
      lookNow();
      return answer;
    },
    renew() {
      key.current = freshKey();
      setOutcome(undefined);
    },
  };
}
