// The way of a start: stored, accepted, sent, applied, energy flows; or where it ended, with the reason.
import { Icon } from "../kit/icons.tsx";
import type { OwnSession } from "./api-types.ts";
import { sentence } from "./outcome.rules.ts";
import { stageOf, stepsOf } from "./session.rules.ts";
import { texts } from "./texts.ts";

const t = texts.session;

export function Way({ session }: { session: OwnSession }) {
  const text = t.stages[stageOf(session)].text;
  return (
    <>
      {text === "" ? null : <p class="lead">{text}</p>}
      <WaySteps session={session} />
    </>
  );
}

export function WaySteps({ session }: { session: OwnSession }) {
  const steps = stepsOf(session);
  if (steps.length === 0) return null;
  const reason = session.reason ?? session.command?.reason;
  return (
    <section class="card way-card">
      <h2 class="only-read">{t.stepsTitle}</h2>
      <ol class="way">
        {steps.map(({ name, is }) => (
          <li key={name} class={`way-${is}`} aria-current={is === "now" ? "step" : undefined}>
            <span class="way-mark">
              {is === "done" ? <Icon name="check" size={16} /> : null}
              {is === "failed" ? <Icon name="close" size={16} /> : null}
            </span>
            <span>
              {t.steps[name][is]}
              <span class="only-read">, {t.stepState[is]}</span>
              {is === "failed" && reason ? <span class="way-reason">{sentence(reason)}</span> : null}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
