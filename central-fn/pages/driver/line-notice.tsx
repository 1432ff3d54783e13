// Says plainly that there is no connection, since when, how old what is shown is, and that nothing is sent later.
import { useEffect, useState } from "preact/hooks";
import { announce } from "../kit/announce.tsx";
import { ageText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { confirmedMs, line, lookNow, serverMs } from "./store.ts";
import { texts } from "./texts.ts";

const t = texts.line;
const backForMs = 4_000;

export function LineNotice() {
  const { is } = line.value;
  const away = is === "phone-away" || is === "network-away";
  const [wasAway, setWasAway] = useState(false);
  useEffect(() => {
    if (away) {
      announce(t[is]);
      setWasAway(true);
      return;
    }
    if (!wasAway || is !== "up") return;
    announce(t.back);
    const timer = setTimeout(() => setWasAway(false), backForMs);
    return () => clearTimeout(timer);
  }, [is, away, wasAway]);
  if (away)
    return (
      <div class="line line-away">
        <Icon name="unplugged" size={22} />
        <p>
          <b>{t[is]}</b> {t.seen(ageText(confirmedMs.value, serverMs.value))}
        </p>
        <p class="line-more">
          {t.awayText} {t.nothingQueued}
        </p>
        <button type="button" onClick={lookNow}>
          {t.tryNow}
        </button>
      </div>
    );
  if (is === "up" && wasAway)
    return (
      <div class="line line-back">
        <Icon name="check" size={22} />
        <p>{t.back}</p>
      </div>
    );
  return null;
}
