// One charge point in the list: what it is, how it is, and what it does just now.
import { useMemo } from "preact/hooks";
import { nowMs } from "../kit/clock.ts";
import { durationText, euroText, kwhText, kwText, msOf, priceText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { Icon } from "../kit/icons.tsx";
import { StatusBadge } from "../kit/status.tsx";
import type { ChargePointDetail } from "./api-types.ts";
import { kindOf } from "./fleet.rules.ts";
import { texts } from "./texts.ts";

/** Drawn again only when something of it changed: the same object gives the same node. */
export function Card({ point }: { point: ChargePointDetail }) {
  return useMemo(() => <CardFace point={point} />, [point]);
}

function CardFace({ point }: { point: ChargePointDetail }) {
  const kind = kindOf(point);
  return (
    <a class={`cp-card cp-${kind}`} href={hrefOf(["cp", point.cp_id])}>
      <span class="cp-top">
        <strong>{point.cp_id}</strong>
        <StatusBadge kind={kind} word={texts.kinds[kind]} />
      </span>
      <span class="cp-name faint">{point.name ?? texts.unknown}</span>
      <Doing point={point} />
    </a>
  );
}

function Doing({ point }: { point: ChargePointDetail }) {
  const { telemetry } = point;
  if (point.needs_attention)
    return (
      <span class="cp-doing cp-warn">
        <Icon name="alert" size={14} />
        <span class="cut">{point.needs_attention}</span>
      </span>
    );
  if (point.state !== "ON") return <Trouble point={point} />;
  if (telemetry)
    return (
      <span class="cp-doing">
        <b>{kwText(telemetry.kw)}</b>
        <span>{kwhText(telemetry.kwh)}</span>
        <span>{euroText(telemetry.euros)}</span>
      </span>
    );
  const plugged = point.charging_state !== "Idle";
  return (
    <span class="cp-doing faint">
      <span>{plugged ? texts.fleet.plugged : texts.fleet.idle}</span>
      <span>{kwText(point.power_kw)}</span>
      <span>{priceText(point.price_eur_per_kwh)}</span>
    </span>
  );
}

/** Since when, and why. */
function Trouble({ point }: { point: ChargePointDetail }) {
  const since = msOf(point.state_since);
  return (
    <span class="cp-doing">
      {since === undefined ? null : <b>{durationText(nowMs.value - since)}</b>}
      <span class="cut">{point.state_cause}</span>
    </span>
  );
}
