// One charge point in the list: what it is, how it is, and what it does just now.
import { useMemo } from "preact/hooks";
import { linePath, valueScale, xOf, yOf } from "../kit/chart.rules.ts";
import { nowMs } from "../kit/clock.ts";
import { durationText, euroText, kwhText, kwText, msOf, priceText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { Icon } from "../kit/icons.tsx";
import { StatusBadge } from "../kit/status.tsx";
import type { ChargePointDetail } from "./api-types.ts";
import { kindOf } from "./fleet.rules.ts";
import { seenCourse } from "./samples.ts";
import { texts } from "./texts.ts";

interface CardProps {
  point: ChargePointDetail;
  /** Where no heading does. */
  namesCity: boolean;
}

/** Drawn again only when something of it changed: the same object gives the same node. */
export function Card({ point, namesCity }: CardProps) {
  return useMemo(() => <CardFace point={point} namesCity={namesCity} />, [point, namesCity]);
}

function CardFace({ point, namesCity }: CardProps) {
  const kind = kindOf(point);
  const names = namesCity ? [point.city, point.name] : [point.name];
  return (
    <a class={`cp-card cp-${kind}`} href={hrefOf(["cp", point.cp_id])}>
      <span class="cp-top">
        <strong>{point.cp_id}</strong>
        <StatusBadge kind={kind} word={texts.kinds[kind]} />
      </span>
      <span class="cp-name faint">{names.filter(Boolean).join(" · ") || texts.unknown}</span>
      {point.telemetry ? <Sparkline id={point.cp_id} session={point.telemetry.session_id} /> : null}
      <Doing point={point} />
    </a>
  );
}

const sparkMs = 120_000;
const sparkFrame = { width: 100, height: 30, left: 0, right: 0, top: 2, bottom: 0 };

/** The power of the last two minutes, behind the figures. */
function Sparkline({ id, session }: { id: string; session: string }) {
  const course = seenCourse(id);
  if (course?.session !== session || course.kw.length < 3) return null;
  const toMs = course.kw.at(-1)?.atMs ?? 0;
  const samples = course.kw.filter(({ atMs }) => atMs > toMs - sparkMs);
  const scale = valueScale(samples.reduce((most, { value }) => Math.max(most, value), 0));
  const fromMs = samples[0]?.atMs ?? 0;
  const line = linePath(
    samples,
    (atMs) => xOf(sparkFrame, fromMs, toMs, atMs),
    (value) => yOf(sparkFrame, scale, value),
    Number.POSITIVE_INFINITY,
  );
  return (
    <svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      <path d={`${line}L100 30L0 30Z`} />
    </svg>
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
  const isPlugged = point.charging_state !== "Idle";
  return (
    <span class="cp-doing faint">
      <span>
        {!point.in_service ? texts.fleet.outOfService : isPlugged ? texts.fleet.plugged : texts.fleet.idle}
      </span>
      {isPlugged || !point.in_service ? null : <span>{kwText(point.power_kw)}</span>}
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
