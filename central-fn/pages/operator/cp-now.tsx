// A charge point just now: session, power and energy as they run, its commands, its day, and what it is.

import { Chart } from "../kit/chart.tsx";
import { nowMs } from "../kit/clock.ts";
import {
  durationText,
  euroText,
  kwhText,
  kwText,
  msOf,
  priceText,
  unknown,
  whenText,
  whText,
} from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { useLive } from "../kit/live.ts";
import { usePages } from "../kit/pages.ts";
import { Steps } from "../kit/steps.tsx";
import { faultsOf, sessionsOf } from "./addresses.ts";
import type { ChargePointDetail } from "./api-types.ts";
import { FactList } from "./fact-list.tsx";
import { MoreButton } from "./list-parts.tsx";
import { OrderState } from "./order-tray.tsx";
import { orders } from "./orders.ts";
import { courseOf } from "./samples.ts";
import { SessionTable } from "./session-table.tsx";
import { texts } from "./texts.ts";
import { TimeLine } from "./time-line.tsx";

export function CpNow({ point }: { point: ChargePointDetail }) {
  const faults = useLive(faultsOf(point.cp_id), 5_000);
  return (
    <div class="columns">
      <div class="stack">
        <SessionPanel point={point} />
        <Charts point={point} />
        <LatestSessions id={point.cp_id} />
      </div>
      <div class="stack">
        <Commands point={point} />
        <section class="card panel">
          <TimeLine
            faults={faults?.data.value ?? []}
            since={point.registered_at ?? null}
            nowMs={nowMs.value}
          />
        </section>
        <Facts point={point} />
      </div>
    </div>
  );
}

function SessionPanel({ point }: { point: ChargePointDetail }) {
  const { session, telemetry } = point;
  const { session: words } = texts.cp;
  if (!session)
    return (
      <section class="card panel">
        <h2>{words.title}</h2>
        <p class="faint">{words.none}</p>
      </section>
    );
  const since = msOf(session.since);
  return (
    <section class="card panel stack">
      <h2>{words.title}</h2>
      <div class="figures">
        <div>
          <span class="faint">{words.power}</span>
          <strong>{kwText(telemetry?.kw)}</strong>
        </div>
        <div>
          <span class="faint">{words.energy}</span>
          <strong>{kwhText(telemetry?.kwh)}</strong>
        </div>
        <div>
          <span class="faint">{words.cost}</span>
          <strong>{euroText(telemetry?.euros)}</strong>
        </div>
        <div>
          <span class="faint">{words.since}</span>
          <strong>{since === undefined ? unknown : durationText(nowMs.value - since)}</strong>
        </div>
      </div>
      <p>
        {words.claim[session.claim]} · {words.driver} <b>{session.driver_id}</b>
      </p>
      {session.interrupted ? <p class="complaint">{words.interrupted}</p> : null}
      {session.overdue ? <p class="complaint">{words.overdue}</p> : null}
      <p>
        <a href={hrefOf(["sessions", session.session_id])}>{words.open}</a>{" "}
        <span class="faint mono">{session.session_id}</span>
      </p>
    </section>
  );
}

/** Of the session that runs, else of the one before, as far as this page has seen it. */
function Charts({ point }: { point: ChargePointDetail }) {
  const course = courseOf(point.cp_id);
  const { telemetry } = point;
  if (!telemetry && !course) return null;
  const isNow = course?.session === telemetry?.session_id;
  const shown = isNow || !telemetry ? course : undefined;
  const { charts } = texts.cp;
  const which = isNow || !shown ? "" : ` · ${charts.before}`;
  return (
    <section class="card panel stack">
      <Chart
        title={charts.power + which}
        tone="power"
        samples={shown?.kw ?? []}
        text={kwText}
        tickText={String}
        emptyWord={charts.waiting}
        least={Math.min(point.power_kw ?? 4, 4)}
      />
      <Chart
        title={charts.energy + which}
        tone="energy"
        samples={shown?.kwh ?? []}
        text={kwhText}
        tickText={String}
        emptyWord={charts.waiting}
        height={140}
        least={0.01}
      />
    </section>
  );
}

function LatestSessions({ id }: { id: string }) {
  const sessions = usePages(sessionsOf(id, 5), ({ session_id }) => session_id);
  const { session: words } = texts.cp;
  return (
    <section class="card panel stack">
      <header class="view-head">
        <h2>{words.latest}</h2>
        <a href={hrefOf(["cp", id], { tab: "sessions" })}>{words.all}</a>
      </header>
      <SessionTable pages={sessions} without="cp" />
      {sessions.rows?.length === 0 ? <MoreButton pages={sessions} /> : null}
    </section>
  );
}

/** What was given out and is not answered; and what this page asked for. */
function Commands({ point }: { point: ChargePointDetail }) {
  const own = orders.value.filter(({ cp }) => cp === point.cp_id).slice(0, 5);
  const mine = new Set(own.map(({ requestId }) => requestId));
  const open = (point.commands ?? []).filter(
    ({ request_id }) => request_id === null || !mine.has(request_id),
  );
  const { commands: words } = texts.cp;
  return (
    <section class="card panel stack">
      <h2>{words.title}</h2>
      {own.length + open.length === 0 ? <p class="faint">{words.none}</p> : null}
      <ul class="orders" hidden={own.length + open.length === 0}>
        {own.map((order) => (
          <li key={order.key}>
            <p>
              <b>{texts.orders.names[order.type] ?? order.type}</b>{" "}
              <span class="faint">{whenText(order.atMs, nowMs.value)}</span>
            </p>
            <OrderState order={order} />
          </li>
        ))}
        {open.map((command) => (
          <li key={`${command.op} ${command.since}`}>
            <p>
              <b>{texts.orders.names[command.op] ?? command.op}</b>{" "}
              <span class="faint">
                {whenText(command.since, nowMs.value)}
                {command.sent > 1 ? ` · ${words.again(command.sent)}` : ""}
              </span>
            </p>
            <Steps state={command.state} words={texts.orders.steps} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ point }: { point: ChargePointDetail }) {
  const { facts } = texts.cp;
  const at = nowMs.value;
  return (
    <section class="card panel">
      <FactList
        facts={[
          [facts.place, [point.address, point.city].filter(Boolean).join(", ")],
          [facts.connector, point.connector_type],
          [facts.power, kwText(point.power_kw)],
          [facts.price, `${priceText(point.price_eur_per_kwh)} (${point.tariff_version ?? "–"})`],
          [facts.register, whText(point.register_wh)],
          [facts.firmware, point.firmware],
          [facts.heard, whenText(point.monitor_last_seen, at)],
          [facts.registered, whenText(point.registered_at, at)],
          [facts.journal, point.journal ? <span class="mono">{point.journal}</span> : null],
        ]}
      />
    </section>
  );
}
