// Sessions: what runs and waits now, and the past ones page by page.
import { euroText, kwhText, whenText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { Notice } from "../kit/notice.tsx";
import { usePages } from "../kit/pages.ts";
import { addresses } from "./addresses.ts";
import type { PastSession } from "./api-types.ts";
import { NowRow } from "./now-bar.tsx";
import { Screen } from "./screen.tsx";
import { type Ending, endingOf, isOver } from "./session.rules.ts";
import { pointName } from "./session.tsx";
import { history, pastSessions, phone, running, serverMs } from "./store.ts";
import { texts } from "./texts.ts";

const t = texts.sessions;
const pageSize = 20;

export function Sessions() {
  const pages = usePages(pastSessions(pageSize), ({ session_id }) => session_id);
  const rows = pages.rows ?? history.value;
  const past = rows?.filter(isOver) ?? [];
  return (
    <Screen title={t.title}>
      <section aria-labelledby="now">
        <h2 id="now" class="part">
          {t.now}
        </h2>
        {running.value.length === 0 ? <p class="faint">{t.nothingNow}</p> : null}
        <ul class="stack">
          {running.value.map((session) => (
            <NowRow key={session.session_id} session={session} />
          ))}
        </ul>
      </section>
      <section aria-labelledby="past">
        <h2 id="past" class="part">
          {t.past}
        </h2>
        {rows && past.length === 0 && !pages.hasMore ? <p class="faint">{t.nonePast}</p> : null}
        {rows ? null : <p class="faint">{texts.loading}</p>}
        <ul class="card list">
          {past.map((row) => (
            <PastRow key={row.session_id} row={row} />
          ))}
        </ul>
        {pages.failed ? <Notice tone="warning">{t.earlierFailed}</Notice> : null}
        {pages.hasMore ? (
          <button type="button" class="wide" onClick={pages.more}>
            {pages.isLooking ? texts.loading : t.earlier}
          </button>
        ) : null}
      </section>
    </Screen>
  );
}

const tones: Record<Ending, string> = {
  completed: "good",
  refused: "bad",
  expired: "bad",
  cancelled: "calm",
  "nothing-charged": "calm",
  review: "wait",
  waived: "calm",
};

function PastRow({ row }: { row: PastSession }) {
  const ending = endingOf(row) ?? "completed";
  const automatic = phone.value?.automation.session_ids.includes(row.session_id) ?? false;
  return (
    <li>
      <a class="past" href={addresses.session(row.session_id)}>
        <span class="past-words">
          <strong>{pointName(row.cp_id) ?? row.cp_id}</strong>
          <span class="faint">
            {automatic ? (
              <span class="past-auto">
                <Icon name="list" size={14} />
                <span class="only-read">{texts.session.byList}, </span>
              </span>
            ) : null}
            {pointName(row.cp_id) ? `${row.cp_id} · ` : ""}
            {whenText(row.started_at ?? row.requested_at, serverMs.value)}
          </span>
        </span>
        <span class="past-figures">
          {ending === "completed" ? (
            <>
              <b>{euroText(row.cost_eur)}</b>
              <span class="faint">{kwhText(row.energy_kwh)}</span>
            </>
          ) : (
            <span class={`tone-${tones[ending]}`}>{texts.session.endings[ending].title}</span>
          )}
        </span>
        <Icon name="next" size={18} />
      </a>
    </li>
  );
}
