// A session that runs: energy, cost, power and time as the charging point tells them, and how old that is.
import { Chart } from "../kit/chart.tsx";
import {
  ageText,
  count,
  durationText,
  euroText,
  kwhText,
  kwText,
  msOf,
  priceText,
  stopwatchText,
} from "../kit/format.ts";
import { Notice } from "../kit/notice.tsx";
import type { OwnSession } from "./api-types.ts";
import { sentence } from "./outcome.rules.ts";
import { Fact } from "./point.tsx";
import { stageOf } from "./session.rules.ts";
import { samples, serverMs } from "./store.ts";
import { texts } from "./texts.ts";

const t = texts.session;

export function Charging({ session }: { session: OwnSession }) {
  const stage = stageOf(session);
  const { text } = t.stages[stage];
  const startedMs = msOf(session.started_at);
  const curve = samples.value[session.session_id] ?? [];
  return (
    <>
      {stage === "interrupted" ? (
        <Notice tone="warning">{text}</Notice>
      ) : text === "" ? null : (
        <p class="lead">{text}</p>
      )}
      {session.command?.op === "stop" && session.command.state === "refused" ? (
        <Notice tone="error">{t.stopRefused(session.command.reason ?? "")}</Notice>
      ) : null}
      <section class={`card live live-${stage}`} aria-label={t.figuresTitle}>
        <p class="live-energy">
          <span class="only-read">{t.energy}: </span>
          {kwhText(session.energy_kwh ?? 0)}
        </p>
        <div class="facts">
          <Fact name={t.cost} value={euroText(session.cost_eur ?? 0)} />
          <Fact name={t.power} value={kwText(session.power_kw)} />
          <Fact
            name={t.time}
            value={startedMs === undefined ? texts.none : stopwatchText(serverMs.value - startedMs)}
          />
          <Fact name={t.price} value={priceText(session.price_eur_per_kwh)} />
        </div>
        <LimitBar session={session} />
        <p class="faint live-age">
          {session.figures_at === null
            ? t.noFigures
            : t.figures(ageText(msOf(session.figures_at), serverMs.value))}
        </p>
      </section>
      {stage === "interrupted" ? null : (
        <section class="card chart-card">
          <Chart
            title={t.chart}
            samples={curve}
            text={kwText}
            tickText={count}
            emptyWord={t.chartEmpty}
            tone="power"
            height={140}
            least={1}
          />
        </section>
      )}
      {session.reason ? <Notice tone="warning">{sentence(session.reason)}</Notice> : null}
    </>
  );
}

/** How far it is to the limit; nothing without one. */
function LimitBar({ session }: { session: OwnSession }) {
  const { limit } = session;
  const energyKwh = session.energy_kwh ?? 0;
  const startedMs = msOf(session.started_at);
  if (limit?.energy_kwh != null)
    return (
      <Bar
        part={energyKwh / limit.energy_kwh}
        text={
          limit.cost_eur === null
            ? t.untilEnergy(kwhText(limit.energy_kwh))
            : t.untilCost(euroText(limit.cost_eur))
        }
      />
    );
  if (limit?.duration_s == null) return null;
  const passedS = startedMs === undefined ? 0 : (serverMs.value - startedMs) / 1_000;
  return <Bar part={passedS / limit.duration_s} text={t.untilTime(durationText(limit.duration_s * 1_000))} />;
}

function Bar({ part, text }: { part: number; text: string }) {
  const held = Math.min(1, Math.max(0, part));
  return (
    <div class="limit">
      <progress max={1} value={held} aria-label={text} />
      <span class="faint">{text}</span>
    </div>
  );
}
