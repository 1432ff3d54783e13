// A message that just came, shown for some seconds over whatever screen is open; a press leads to it.
import { useEffect, useRef, useState } from "preact/hooks";
import { whenText } from "../kit/format.ts";
import { place } from "../kit/hash-route.ts";
import { Icon } from "../kit/icons.tsx";
import { addresses } from "./addresses.ts";
import { type Message, wordsOf } from "./merge.rules.ts";
import { stageOf } from "./session.rules.ts";
import { messages, running, serverMs } from "./store.ts";
import { texts } from "./texts.ts";

const shownForMs = 6_000;

export function Toast() {
  const [shown, setShown] = useState<Message | undefined>(undefined);
  const last = messages.value.at(-1);
  const seen = useRef(last?.sequence);
  useEffect(() => {
    const before = seen.current;
    seen.current = last?.sequence;
    // The first answer after the opening is no news, and what is read elsewhere is none either.
    if (!last || before === undefined || last.sequence <= before || last.read) return;
    setShown(last);
    if (navigator.userActivation?.hasBeenActive)
      navigator.vibrate?.(last.event === "offered" ? [200, 100, 200] : 60);
    const timer = setTimeout(() => setShown(undefined), shownForMs);
    return () => clearTimeout(timer);
  }, [last?.sequence]);
  const { path } = place.value;
  // Its own screen shows it already, and so does the bar of what runs.
  const sid = shown?.session_id ?? null;
  const seenThere = path[0] === "messages" || (sid !== null && (path[1] === sid || isInBar(sid)));
  if (!shown || seenThere) return null;
  return (
    <div class="toast">
      <a href={shown.session_id === null ? addresses.messages : addresses.session(shown.session_id)}>
        <Icon name="bell" />
        <span>{wordsOf(shown, (atMs) => whenText(atMs, serverMs.value))}</span>
      </a>
      <button
        type="button"
        class="button-quiet button-icon"
        aria-label={texts.close}
        onClick={() => setShown(undefined)}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

function isInBar(sid: string): boolean {
  const first = running.value[0];
  return first?.session_id === sid && stageOf(first) !== "interrupted";
}
