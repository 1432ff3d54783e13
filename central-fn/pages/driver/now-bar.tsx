// The bar above the tabs: the most urgent thing of the driver, wherever he is in the app.
import { euroText, kwhText, kwText, msOf, stopwatchText, whenText } from "../kit/format.ts";
import { Icon, type IconName } from "../kit/icons.tsx";
import { addresses } from "./addresses.ts";
import type { OwnSession } from "./api-types.ts";
import { countdown } from "./line.rules.ts";
import { type Stage, stageOf } from "./session.rules.ts";
import { titleOf } from "./session.tsx";
import { running, serverMs } from "./store.ts";
import { texts } from "./texts.ts";

const t = texts.session;

const icons: Record<Stage, IconName> = {
  asking: "clock",
  scheduled: "clock",
  waiting: "queue",
  offered: "bell",
  starting: "plug",
  "plug-in": "plug",
  charging: "bolt",
  paused: "bolt",
  interrupted: "alert",
  stopping: "square",
  over: "check",
};

/** `shown` is the session whose screen is open: it needs no bar. */
export function NowBar({ shown }: { shown: string | undefined }) {
  const all = running.value;
  const first = all[0];
  if (!first || first.session_id === shown) return null;
  const stage = stageOf(first);
  return (
    <a class={`now now-${stage}`} href={addresses.session(first.session_id)}>
      <Icon name={icons[stage]} size={24} />
      <span class="now-words">
        <strong>{headOf(first)}</strong>
        <span>{first.cp_id}</span>
      </span>
      <span class="now-figures">{figuresOf(first, stage)}</span>
      {all.length > 1 ? <span class="now-more">{t.barMore(all.length - 1)}</span> : null}
      <Icon name="next" />
    </a>
  );
}

/** A row of a running thing in the list of sessions. */
export function NowRow({ session }: { session: OwnSession }) {
  const stage = stageOf(session);
  return (
    <li>
      <a class={`card now now-row now-${stage}`} href={addresses.session(session.session_id)}>
        <Icon name={icons[stage]} size={24} />
        <span class="now-words">
          <strong>{headOf(session)}</strong>
          <span>{session.cp_id}</span>
        </span>
        <span class="now-figures">{figuresOf(session, stage)}</span>
        <Icon name="next" />
      </a>
    </li>
  );
}

/** "Charging 12:05" */
function headOf(session: OwnSession): string {
  const startedMs = msOf(session.started_at);
  const passed = startedMs === undefined ? "" : ` ${stopwatchText(serverMs.value - startedMs)}`;
  return `${titleOf(session)}${stageOf(session) === "interrupted" ? "" : passed}`;
}

function figuresOf(session: OwnSession, stage: Stage) {
  switch (stage) {
    case "offered":
      return <b>{countdown(msOf(session.offer_expires_at) ?? 0, serverMs.value)}</b>;
    case "charging":
    case "paused":
    case "stopping":
      return (
        <>
          <b>{kwhText(session.energy_kwh ?? 0)}</b>
          <span>
            {euroText(session.cost_eur ?? 0)} · {kwText(session.power_kw)}
          </span>
        </>
      );
    case "interrupted":
      return (
        <>
          <b>{kwhText(session.energy_kwh ?? 0)}</b>
          <span>{euroText(session.cost_eur ?? 0)}</span>
        </>
      );
    case "waiting": {
      const minutes = session.estimated_wait_minutes;
      return (
        <>
          <b>{t.number(session.queue_position ?? 0)}</b>
          <span>{texts.point.wait(minutes)}</span>
        </>
      );
    }
    case "scheduled":
      return <b>{whenText(session.preferred_start, serverMs.value)}</b>;
    case "plug-in":
    case "starting":
    case "asking":
    case "over":
      return null;
  }
}
