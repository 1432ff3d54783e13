// Everything that happened at one charge point, as one log.

import { useState } from "preact/hooks";
import { nowMs } from "../kit/clock.ts";
import { whenText } from "../kit/format.ts";
import { addressOf } from "../kit/http.ts";
import { Icon, type IconName } from "../kit/icons.tsx";
import { useLive } from "../kit/live.ts";
import { usePages } from "../kit/pages.ts";
import { faultsOf, sessionsOf } from "./addresses.ts";
import { type EventKind, eventsOf } from "./cp-events.rules.ts";
import { texts } from "./texts.ts";

const kinds: readonly EventKind[] = ["status", "session", "operator", "letter"];
const icons: Record<EventKind, IconName> = {
  status: "alert",
  session: "plug",
  operator: "hand",
  letter: "letter",
};

export function CpEvents({ id }: { id: string }) {
  const of = { cp: id, limit: 100 };
  const faults = useLive(faultsOf(id), 5_000);
  const sessions = usePages(sessionsOf(id, 100), ({ session_id }) => session_id);
  const acts = usePages(addressOf("/audit", { query: of }), ({ request_id }) => request_id);
  const letters = useLive(addressOf("/dead-letters", { query: of }), 10_000);
  const [kind, setKind] = useState<EventKind | "all">("all");
  const events = eventsOf({
    faults: faults?.data.value ?? [],
    sessions: sessions.rows ?? [],
    acts: acts.rows ?? [],
    letters: letters?.data.value ?? [],
  }).filter((event) => kind === "all" || event.kind === kind);
  const { events: words } = texts.cp;
  const isKnown = faults?.data.value && sessions.rows && acts.rows && letters?.data.value;
  return (
    <section class="card panel stack">
      <header class="view-head">
        <h2>{words.title}</h2>
        <label class="row">
          {words.filter}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value as EventKind | "all")}>
            <option value="all">{words.all}</option>
            {kinds.map((name) => (
              <option key={name} value={name}>
                {words.kinds[name]}
              </option>
            ))}
          </select>
        </label>
      </header>
      {events.length === 0 ? (
        <p class="empty faint">
          {!isKnown || sessions.isLooking || acts.isLooking ? texts.loading : words.none}
        </p>
      ) : null}
      <ol class="moments">
        {events.map((event) => (
          <li key={event.key} class={event.bad ? "moment-bad" : ""}>
            <time class="faint" dateTime={new Date(event.atMs).toISOString()}>
              {whenText(event.atMs, nowMs.value)}
            </time>
            <Icon name={icons[event.kind]} size={16} />
            <span>
              <span class="only-read">{words.kinds[event.kind]}: </span>
              {event.href === undefined ? event.text : <a href={event.href}>{event.text}</a>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
