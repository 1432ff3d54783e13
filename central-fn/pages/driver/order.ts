// An order to the network (start, confirm, leave, stop …) as a component sends it: once, on a press, never later.
import { useRef, useState } from "preact/hooks";
import { announce } from "../kit/announce.tsx";
import { type Answer, type Order as Call, freshKey, order as sendCall } from "../kit/http.ts";
import { notSent, type Outcome, outcomeOf } from "./outcome.rules.ts";
import { lookNow } from "./store.ts";

export interface Order {
  /** It is on its way. */
  busy: boolean;
  /** Of the last attempt that did not succeed. */
  outcome: Outcome | undefined;
  /**
   * Sends it, and waits `waitS` seconds for the decision. Sent again without an answer it is the same order: it keeps
   * its key until it has succeeded. Undefined: nobody has said yet whose phone this is.
   */
  send<T>(call: Call<T> | undefined, waitS?: number): Promise<Answer<T> | undefined>;
  /** It is another order now: what was said of the last one goes. */
  renew(): void;
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
    async send<T>(call: Call<T> | undefined, waitS?: number) {
      if (!navigator.onLine || !call) {
        say(notSent);
        return undefined;
      }
      setBusy(true);
      const answer = await sendCall(call, { key: key.current, waitS, withinMs: 15_000 });
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
