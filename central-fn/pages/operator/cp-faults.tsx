// When a charge point was not On, and why; and what that comes to over a day and a week.

import { nowMs } from "../kit/clock.ts";
import { durationText, kwhText, unknown, whenText } from "../kit/format.ts";
import { addressOf } from "../kit/http.ts";
import { useLive } from "../kit/live.ts";
import { usePages } from "../kit/pages.ts";
import { StatusBadge } from "../kit/status.tsx";
import { Table } from "../kit/table.tsx";
import type { ChargePointDetail, CpStatistics } from "./api-types.ts";
import { MoreButton } from "./list-parts.tsx";
import { texts } from "./texts.ts";
import { TimeLine } from "./time-line.tsx";

export function CpFaults({ point }: { point: ChargePointDetail }) {
  const faults = usePages(
    addressOf("/cp/:cp_id/faults", { param: { cp_id: point.cp_id }, query: { limit: 50 } }),
    ({ state, start }) => `${state} ${start}`,
  );
  const { faults: words } = texts.cp;
  const now = nowMs.value;
  return (
    <div class="stack">
      <section class="card panel">
        <TimeLine faults={faults.rows ?? []} since={point.registered_at ?? null} nowMs={now} />
      </section>
      <Figures id={point.cp_id} />
      <section class="card panel stack">
        <h2>{words.title}</h2>
        {faults.rows === undefined ? (
          <p class="faint">{texts.loading}</p>
        ) : (
          <Table
            caption={words.title}
            rows={faults.rows}
            keyOf={({ state, start }) => `${state} ${start}`}
            emptyWord={words.none}
            columns={[
              {
                head: words.state,
                cell: ({ state }) => (
                  <StatusBadge
                    kind={state === "BROKEN" ? "broken" : "disconnected"}
                    word={texts.states[state]}
                  />
                ),
              },
              { head: words.cause, cell: ({ cause }) => cause },
              { head: words.start, cell: ({ start }) => whenText(start, now), wide: true },
              {
                head: words.end,
                cell: ({ end }) => (end === null ? <b>{words.lasts}</b> : whenText(end, now)),
                wide: true,
              },
              { head: words.duration, cell: (fault) => durationText(fault.duration_s * 1_000), figure: true },
            ]}
          />
        )}
        <MoreButton pages={faults} />
      </section>
    </div>
  );
}

function Figures({ id }: { id: string }) {
  const live = useLive(addressOf("/cp/:cp_id/statistics", { param: { cp_id: id } }), 10_000);
  const statistics = live?.data.value;
  const { statistics: words } = texts.cp;
  if (!statistics) return null;
  const rows: { name: string; of(over: Over): string }[] = [
    { name: words.on, of: percentOn },
    { name: words.broken, of: ({ seconds_in_state }) => secondsText(seconds_in_state.BROKEN) },
    { name: words.disconnected, of: ({ seconds_in_state }) => secondsText(seconds_in_state.DISCONNECTED) },
    { name: words.faults, of: ({ faults }) => String(faults) },
    { name: words.recover, of: ({ mean_time_to_recover_s }) => secondsText(mean_time_to_recover_s) },
  ];
  return (
    <div class="columns">
      <section class="card panel stack">
        <h2>{words.title}</h2>
        <Table
          caption={words.title}
          rows={rows}
          keyOf={({ name }) => name}
          emptyWord=""
          columns={[
            { head: " ", cell: ({ name }) => name },
            { head: words.day, cell: ({ of }) => of(statistics.last_24_h), figure: true },
            { head: words.week, cell: ({ of }) => of(statistics.last_7_d), figure: true },
          ]}
        />
      </section>
      <Sales days={statistics.days} />
    </div>
  );
}

type Over = CpStatistics["last_24_h"];

/** Of the time in which something is known. */
function percentOn({ seconds_in_state: { ON, BROKEN, DISCONNECTED } }: Over): string {
  const known = ON + BROKEN + DISCONNECTED;
  return known === 0 ? unknown : `${((ON / known) * 100).toFixed(1)} %`;
}

function secondsText(seconds: number | null): string {
  return durationText(seconds === null ? null : seconds * 1_000);
}

function Sales({ days }: { days: CpStatistics["days"] }) {
  const most = Math.max(0.001, ...days.map(({ energy_kwh }) => energy_kwh));
  return (
    <section class="card panel stack">
      <h2>{texts.cp.statistics.sales}</h2>
      <ol class="bars">
        {days.toReversed().map(({ day, energy_kwh, sessions }) => (
          <li key={day}>
            <span class="only-read">{texts.cp.statistics.salesOf(day, kwhText(energy_kwh), sessions)}</span>
            <span class="bar-value faint" aria-hidden="true">
              {energy_kwh === 0 ? "" : energy_kwh.toFixed(1)}
            </span>
            <span class="bar-of" aria-hidden="true" style={{ height: `${(energy_kwh / most) * 96}px` }} />
            <span class="faint" aria-hidden="true">
              {day.slice(8)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
