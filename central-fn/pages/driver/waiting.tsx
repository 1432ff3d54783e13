// A place in line, an offer at its head, or a start at a later hour.
import { msOf, whenText } from "../kit/format.ts";
import { Notice } from "../kit/notice.tsx";
import type { OwnSession } from "./api-types.ts";
import { countdown } from "./line.rules.ts";
import { sentence } from "./outcome.rules.ts";
import { stageOf } from "./session.rules.ts";
import { serverMs } from "./store.ts";
import { texts } from "./texts.ts";

const t = texts.session;

export function Waiting({ session }: { session: OwnSession }) {
  const stage = stageOf(session);
  return (
    <>
      <section class={`card big big-${stage}`}>
        {stage === "offered" ? (
          <Offer session={session} />
        ) : stage === "waiting" ? (
          <InLine session={session} />
        ) : (
          <Scheduled session={session} />
        )}
      </section>
      {session.reason ? <Notice tone="warning">{sentence(session.reason)}</Notice> : null}
      <p class="lead">{t.stages[stage].text}</p>
    </>
  );
}

function Offer({ session }: { session: OwnSession }) {
  const untilMs = msOf(session.offer_expires_at);
  if (untilMs === undefined) return null;
  const over = untilMs <= serverMs.value;
  return (
    <>
      <p class="faint">{over ? t.offerOver : t.offerHeld}</p>
      <p class="big-figure" role="timer" aria-label={t.offerHeld}>
        {countdown(untilMs, serverMs.value)}
      </p>
    </>
  );
}

function InLine({ session }: { session: OwnSession }) {
  const { queue_position: n, queue_length: of, estimated_wait_minutes: minutes } = session;
  const untilMs = msOf(session.place_expires_at);
  return (
    <>
      <p class="faint">{n === 1 ? t.next : t.positionWord}</p>
      <p class="big-figure">
        {n ?? texts.none}
        <small> {of === null ? "" : t.of(of)}</small>
      </p>
      <p>{minutes === null ? t.waitUnknown : t.wait(minutes)}</p>
      {untilMs === undefined ? null : <p class="faint">{t.expires(whenText(untilMs, serverMs.value))}</p>}
    </>
  );
}

function Scheduled({ session }: { session: OwnSession }) {
  const atMs = msOf(session.preferred_start);
  if (atMs === undefined) return null;
  return (
    <>
      <p class="faint">{t.begin}</p>
      <p class="big-figure">{whenText(atMs, serverMs.value)}</p>
      <p role="timer">{t.inTime(countdown(atMs, serverMs.value))}</p>
    </>
  );
}
