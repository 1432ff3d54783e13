// One session: its figures, and the line of everything that happened to it.

import { useState } from "preact/hooks";
import { nowMs } from "../kit/clock.ts";
import {
  clockText,
  durationText,
  euroText,
  kwhText,
  msOf,
  priceText,
  unknown,
  whenText,
  whText,
} from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { addressOf, orderOf } from "../kit/http.ts";
import { useLive } from "../kit/live.ts";
import type { SessionWithLine } from "./api-types.ts";
import { AskDialog } from "./ask-dialog.tsx";
import { BackLink } from "./back-link.tsx";
import { FactList } from "./fact-list.tsx";
import { give } from "./orders.ts";
import { mayBeStopped } from "./session.rules.ts";
import { figuresOf, SessionStatus } from "./session-table.tsx";
import { texts } from "./texts.ts";

export function SessionView({ id }: { id: string }) {
  const live = useLive(addressOf("/sessions/:session_id", { param: { session_id: id } }), 2_000);
  const session = live?.data.value;
  const words = texts.sessions;
  if (!session)
    return (
      <>
        <BackLink href="#/sessions" word={words.back} />
        <p class="card panel" role="status">
          {live?.trouble.value?.is === "refused" ? words.unknown : texts.loading}
        </p>
      </>
    );
  return (
    <>
      <BackLink href="#/sessions" word={words.back} />
      <header class="view-head">
        <div>
          <h1 class="mono">{session.session_id}</h1>
          <p class="row">
            <SessionStatus session={session} />
            <a href={hrefOf(["cp", session.cp_id])}>{session.cp_id}</a> · {session.driver_id}
          </p>
        </div>
        <div class="acts">
          {session.cdr_id === null ? null : (
            <a class="button" href={hrefOf(["bills", session.cdr_id])}>
              {words.bill}
            </a>
          )}
          {session.review_id === null ? null : (
            <a class="button" href={hrefOf(["reviews", session.review_id])}>
              {words.review}
            </a>
          )}
          {mayBeStopped(session) ? <StopSession session={session} /> : null}
        </div>
      </header>
      <div class="columns">
        <SessionFacts session={session} />
        <section class="card panel stack">
          <h2>{words.timeLine}</h2>
          {session.time_line.length === 0 ? <p class="faint">{words.noLine}</p> : null}
          <ol class="moments moments-line">
            {session.time_line.map((moment) => (
              <li key={`${moment.at} ${moment.event}`}>
                <time class="faint" dateTime={moment.at ?? undefined}>
                  {clockText(moment.at)}
                </time>
                <span>{moment.text}</span>
              </li>
            ))}
          </ol>
        </section>
      </div>
    </>
  );
}

function SessionFacts({ session }: { session: SessionWithLine }) {
  const { facts, energy, cost, requested } = texts.sessions;
  const now = nowMs.value;
  const figures = figuresOf(session);
  const [began, ended] = [msOf(session.started_at), msOf(session.completed_at)];
  const { register_start_wh: from, register_end_wh: to, command } = session;
  return (
    <section class="card panel">
      <FactList
        facts={[
          [energy, <b key="energy">{kwhText(figures.kwh)}</b>],
          [cost, <b key="cost">{euroText(figures.euros)}</b>],
          [facts.price, priceText(session.price_eur_per_kwh)],
          [requested, whenText(session.requested_at, now)],
          [facts.started, whenText(session.started_at, now)],
          [facts.completed, whenText(session.completed_at, now)],
          [facts.duration, began === undefined ? unknown : durationText((ended ?? now) - began)],
          [facts.reason, session.stop_reason ?? session.reason],
          [facts.registers, from === null ? null : `${whText(from)} → ${whText(to)}`],
          [facts.vehicle, session.vehicle_id],
          [facts.phase, session.phase],
          [facts.command, command ? [command.state, command.reason].filter(Boolean).join(": ") : null],
        ]}
      />
    </section>
  );
}

function StopSession({ session }: { session: SessionWithLine }) {
  const [asked, setAsked] = useState(false);
  const { session_id: id, cp_id: cp } = session;
  return (
    <>
      <button type="button" class="button-danger" onClick={() => setAsked(true)}>
        {texts.sessions.stop}
      </button>
      {asked ? (
        <AskDialog
          title={texts.ask.stopSession.title(cp)}
          text={texts.ask.stopSession.text}
          act={texts.ask.stopSession.act}
          danger
          reason="optional"
          onClose={() => setAsked(false)}
          onAct={(reason) =>
            void give({
              type: "stop-session",
              about: cp,
              cp,
              call: orderOf("POST", "/sessions/:session_id/stop", {
                param: { session_id: id },
                json: { reason },
              }),
            })
          }
        />
      ) : null}
    </>
  );
}
