// Sessions and bills as the APIs show them: pure mappings from rows.
import { cpOfSid } from "../../wire/messages/index.ts";
import { costMinor } from "../rules/cost.ts";
import { type SessionStatus, statusOf } from "../rules/session.ts";
import type { CdrRow, LiveRow, SessionRow } from "../tables/rows.ts";
import { instant } from "./charge-point.view.ts";

export interface SessionView {
  session_id: string;
  request_id: string;
  cp_id: string;
  status: SessionStatus;
  queue_position: number | null;
  started_at: string | null;
  completed_at: string | null;
  energy_kwh: number | null;
  cost_eur: number | null;
  /** While it charges. */
  power_kw: number | null;
  /** Why it was refused, expired, aborted, or went to review. */
  reason: string | null;
}

/** `live` is the newest reading of the charge point; one of another session is left aside. */
export function sessionView(session: SessionRow, live: LiveRow | undefined): SessionView {
  const status = statusOf(session.rank);
  const running = status === "CHARGING" && live?.sid === session.sid ? live : undefined;
  const energyWh = session.energyWh ?? running?.sessionWh ?? null;
  const minor =
    session.costMinor ??
    (running && session.tariff ? costMinor(running.sessionWh, session.tariff.priceE5PerKwh) : null);
  return {
    session_id: session.sid,
    request_id: session.sid,
    cp_id: session.cp,
    status,
    queue_position: null,
    started_at: instant(session.startedAtMs),
    completed_at: instant(session.endedAtMs),
    energy_kwh: energyWh === null ? null : energyWh / 1_000,
    cost_eur: minor === null ? null : minor / 100,
    power_kw: running ? running.powerW / 1_000 : null,
    reason: session.reason,
  };
}

/** A request that is stored in Kafka and not decided yet. */
export function pendingView(sid: string): SessionView {
  return {
    session_id: sid,
    request_id: sid,
    cp_id: cpOfSid(sid) ?? "",
    status: "PENDING",
    queue_position: null,
    started_at: null,
    completed_at: null,
    energy_kwh: null,
    cost_eur: null,
    power_kw: null,
    reason: null,
  };
}

export interface PastSessionView extends SessionView {
  stop_reason: string | null;
  receipt_url: string | null;
  cdr_id: string | null;
  register_start_wh: number | null;
  register_end_wh: number | null;
  price_eur_per_kwh: number | null;
}

/** The bill's figures where there is one: they are what is paid. */
export function pastSessionView(session: SessionRow, cdr: CdrRow | undefined): PastSessionView {
  const view = sessionView(session, undefined);
  const tariff = cdr?.tariff ?? session.tariff;
  return {
    ...view,
    ...(cdr && { energy_kwh: cdr.energyWh / 1_000, cost_eur: cdr.amountMinor / 100 }),
    stop_reason: cdr?.stopReason ?? session.stopReason,
    receipt_url: cdr ? `/drivers/${session.driver}/sessions/${session.sid}/receipt` : null,
    cdr_id: cdr?.cdrId ?? session.cdrId,
    register_start_wh: cdr?.registerStartWh ?? session.registerStartWh,
    register_end_wh: cdr?.registerEndWh ?? session.registerEndWh,
    price_eur_per_kwh: tariff ? tariff.priceE5PerKwh / 100_000 : null,
  };
}

export function cdrView(cdr: CdrRow) {
  return {
    cdr_id: cdr.cdrId,
    session_id: cdr.sid,
    driver_id: cdr.driver,
    cp_id: cdr.cp,
    vehicle_id: cdr.vehicleId,
    started_at: instant(cdr.startedAtMs),
    completed_at: instant(cdr.endedAtMs),
    duration_s: cdr.durationMs === null ? null : Math.round(cdr.durationMs / 1_000),
    register_start_wh: cdr.registerStartWh,
    register_end_wh: cdr.registerEndWh,
    energy_wh: cdr.energyWh,
    energy_kwh: cdr.energyWh / 1_000,
    price_eur_per_kwh: cdr.tariff.priceE5PerKwh / 100_000,
    tariff_version: cdr.tariff.version,
    cost: { amount_minor: cdr.amountMinor, currency: cdr.currency },
    cost_eur: cdr.amountMinor / 100,
    stop_reason: cdr.stopReason,
    created_at: instant(cdr.createdAtMs),
  };
}
