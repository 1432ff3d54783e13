// One charge point: how it is, what can be done about it, and its parts.

import { nowMs } from "../kit/clock.ts";
import { durationText, kwText, msOf, priceText, whenText } from "../kit/format.ts";
import { hrefOf, place } from "../kit/hash-route.ts";
import { addressOf } from "../kit/http.ts";
import { useCurrentInSight } from "../kit/in-sight.ts";
import { useLive } from "../kit/live.ts";
import { Notice } from "../kit/notice.tsx";
import { StatusBadge } from "../kit/status.tsx";
import type { ChargePointDetail } from "./api-types.ts";
import { BackLink } from "./back-link.tsx";
import { CpActs } from "./cp-acts.tsx";
import { CpEvents } from "./cp-events.tsx";
import { CpFaults } from "./cp-faults.tsx";
import { CpNow } from "./cp-now.tsx";
import { CpPrices } from "./cp-prices.tsx";
import { CpSessions } from "./cp-sessions.tsx";
import { kindOf } from "./fleet.rules.ts";
import { fleet } from "./fleet.ts";
import { texts } from "./texts.ts";

const tabs = ["now", "faults", "sessions", "prices", "events"] as const;
type Tab = (typeof tabs)[number];

export function CpView({ id }: { id: string }) {
  // The fleet's picture is the freshest; a retired one is not in it.
  const inFleet = fleet.value?.get(id);
  const own = useLive(inFleet ? undefined : addressOf("/cp/:cp_id", { param: { cp_id: id } }), 2_000);
  const point = inFleet ?? own?.data.value;
  const tab = tabs.find((name) => name === place.value.query.get("tab")) ?? "now";
  const strip = useCurrentInSight<HTMLElement>(point ? tab : "");
  if (!point) {
    const refused = own?.trouble.value?.is === "refused";
    return (
      <section class="card panel">
        <BackLink href="#/" word={texts.cp.back} />
        <p role="status">{refused ? texts.cp.unknown(id) : texts.loading}</p>
      </section>
    );
  }
  return (
    <>
      <BackLink href="#/" word={texts.cp.back} />
      <Head point={point} />
      {point.retired ? <Notice tone="info">{texts.cp.retired}</Notice> : null}
      {point.needs_attention ? (
        <Notice tone="warning">{texts.cp.attention(point.needs_attention)}</Notice>
      ) : null}
      {point.state === "DISCONNECTED" && !point.retired ? (
        <Notice tone="info">{texts.cp.notOn}</Notice>
      ) : null}
      <nav class="tabs" aria-label={texts.cp.tabs} ref={strip}>
        {tabs.map((name) => (
          <a
            key={name}
            href={hrefOf(["cp", id], { tab: name === "now" ? undefined : name })}
            aria-current={name === tab ? "true" : undefined}
          >
            {texts.cp.tabNames[name]}
          </a>
        ))}
      </nav>
      <Part tab={tab} point={point} />
    </>
  );
}

function Part({ tab, point }: { tab: Tab; point: ChargePointDetail }) {
  switch (tab) {
    case "now":
      return <CpNow point={point} />;
    case "faults":
      return <CpFaults point={point} />;
    case "sessions":
      return <CpSessions id={point.cp_id} />;
    case "prices":
      return <CpPrices id={point.cp_id} />;
    case "events":
      return <CpEvents id={point.cp_id} />;
  }
}

function Head({ point }: { point: ChargePointDetail }) {
  const kind = kindOf(point);
  const since = msOf(point.state_since);
  const where = [point.address, point.city].filter(Boolean).join(", ");
  return (
    <header class={`card panel cp-head cp-${kind}`}>
      <div class="cp-title">
        <h1>
          {point.cp_id} <span class="faint">{point.name}</span>
        </h1>
        <p class="row">
          <StatusBadge kind={kind} word={texts.kinds[kind]} />
          <span>
            {point.state === "ON" ? (kind === "on" ? null : texts.kinds.on) : point.state_cause}
            {since === undefined ? null : (
              <span class="faint"> {texts.fleet.since(durationText(nowMs.value - since))}</span>
            )}
          </span>
        </p>
        <p class="faint cp-where">
          {[
            where,
            point.connector_type,
            kwText(point.power_kw),
            priceText(point.price_eur_per_kwh),
            `${texts.cp.facts.heard} ${whenText(point.monitor_last_seen, nowMs.value)}`,
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      <CpActs point={point} />
    </header>
  );
}
