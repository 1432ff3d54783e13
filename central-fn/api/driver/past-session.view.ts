// A driver's past sessions and their receipts: pure mappings; where there is a bill, its figures are what is paid.
import * as z from "zod";
import { Id } from "../../../wire/messages/index.ts";
import type { CdrRow, SessionRow } from "../../tables/rows.ts";
import { instant } from "../charge-point.view.ts";
import { Cost, CpId, DriverId, Instant, SessionId } from "../schemas.ts";
import { OwnSession, ownSessionView } from "./own-session.view.ts";

export const PastSession = OwnSession.omit({
  queue_position: true,
  queue_length: true,
  estimated_wait_minutes: true,
  offer_expires_at: true,
  place_expires_at: true,
  power_kw: true,
  figures_at: true,
  command: true,
}).extend({
  stop_reason: z.string().nullable(),
  receipt_url: z.string().nullable(),
  receipt_page_url: z.string().nullable(),
  cdr_id: z.string().nullable(),
  register_start_wh: z.int().nullable(),
  register_end_wh: z.int().nullable(),
});
export type PastSession = z.infer<typeof PastSession>;

export function pastSessionView(session: SessionRow, cdr: CdrRow | undefined): PastSession {
  const view = ownSessionView(session, undefined, 0);
  const tariff = cdr?.tariff ?? session.tariff;
  const own = `/drivers/${session.driver}`;
  return {
    session_id: view.session_id,
    request_id: view.request_id,
    cp_id: view.cp_id,
    vehicle_id: view.vehicle_id,
    status: view.status,
    phase: view.phase,
    interrupted: view.interrupted,
    preferred_start: view.preferred_start,
    limit: view.limit,
    price_eur_per_kwh: tariff ? tariff.priceE5PerKwh / 100_000 : null,
    requested_at: view.requested_at,
    started_at: view.started_at,
    completed_at: view.completed_at,
    energy_kwh: cdr ? cdr.energyWh / 1_000 : view.energy_kwh,
    cost_eur: cdr ? cdr.amountMinor / 100 : view.cost_eur,
    reason: view.reason,
    waived: view.waived,
    stop_reason: cdr?.stopReason ?? session.stopReason,
    receipt_url: cdr ? `${own}/sessions/${session.sid}/receipt` : null,
    receipt_page_url: cdr ? `${own}/receipts/${session.sid}` : null,
    cdr_id: cdr?.cdrId ?? session.cdrId,
    register_start_wh: cdr?.registerStartWh ?? session.registerStartWh,
    register_end_wh: cdr?.registerEndWh ?? session.registerEndWh,
  };
}

export const Receipt = z.object({
  cdr_id: z.string(),
  session_id: SessionId,
  driver_id: DriverId,
  cp_id: CpId,
  vehicle_id: Id.nullable(),
  started_at: Instant.nullable(),
  completed_at: Instant.nullable(),
  duration_s: z.int().nullable(),
  register_start_wh: z.int(),
  register_end_wh: z.int(),
  energy_wh: z.int(),
  energy_kwh: z.number(),
  price_eur_per_kwh: z.number(),
  tariff_version: z.int(),
  cost: Cost,
  cost_eur: z.number(),
  stop_reason: z.string(),
  created_at: Instant.nullable(),
});
export type Receipt = z.infer<typeof Receipt>;

export function receiptView(cdr: CdrRow): Receipt {
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
