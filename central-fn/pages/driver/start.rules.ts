// The form of a start: what a driver may choose, what it comes to, and the request that it makes. Pure.
//
// 1. Money is counted in cents, energy in watt-hours, price in 10⁻⁵ € per kWh: figures come from the rules that bill.
import type { LimitWish } from "../../api/driver/limit.ts";
import { costMinor, energyWithinCost } from "../../rules/cost.ts";

export type LimitKind = "none" | "energy" | "cost" | "time";

/** To start now, to wait in line, or to start at an hour. */
export const requestModes = ["start", "wait", "later"] as const;
export type RequestMode = (typeof requestModes)[number];

export interface StartForm {
  vehicle: string;
  limit: LimitKind;
  /** Of each kind, so that changing one's mind loses nothing. */
  energyWh: number;
  costMinor: number;
  minutes: number;
}

export const bounds = {
  energy: { least: 1_000, most: 200_000, step: 1_000 },
  cost: { least: 100, most: 20_000, step: 100 },
  time: { least: 5, most: 24 * 60, step: 5 },
} as const;

export function newForm(vehicle: string): StartForm {
  return { vehicle, limit: "none", energyWh: 10_000, costMinor: 500, minutes: 30 };
}

export function chosen(form: StartForm, kind: Exclude<LimitKind, "none">): number {
  return kind === "energy" ? form.energyWh : kind === "cost" ? form.costMinor : form.minutes;
}

/** With the value set, held within its bounds. */
export function withValue(form: StartForm, kind: Exclude<LimitKind, "none">, value: number): StartForm {
  const { least, most } = bounds[kind];
  const held = Math.min(most, Math.max(least, Math.round(value)));
  if (kind === "energy") return { ...form, energyWh: held };
  return kind === "cost" ? { ...form, costMinor: held } : { ...form, minutes: held };
}

/** One step up or down, to a whole multiple of the step. */
export function stepped(form: StartForm, kind: Exclude<LimitKind, "none">, by: 1 | -1): StartForm {
  const { step } = bounds[kind];
  const value = chosen(form, kind);
  const next = by > 0 ? (Math.floor(value / step) + 1) * step : (Math.ceil(value / step) - 1) * step;
  return withValue(form, kind, next);
}

export interface Estimate {
  energyWh: number;
  costMinor: number;
  minutes: number;
}

/** What the limit comes to at full power and at this price; null without a limit or a price. A car may take less. */
export function estimateOf(
  form: StartForm,
  point: { power_kw: number; price_eur_per_kwh: number | null },
): Estimate | null {
  if (point.price_eur_per_kwh === null || point.power_kw <= 0) return null;
  const priceE5 = Math.round(point.price_eur_per_kwh * 100_000);
  const energyWh = energyOf(form, point.power_kw, priceE5);
  if (energyWh === null) return null;
  return {
    energyWh,
    costMinor: costMinor(energyWh, priceE5),
    minutes: Math.max(1, Math.round((energyWh / 1_000 / point.power_kw) * 60)),
  };
}

function energyOf(form: StartForm, powerKw: number, priceE5: number): number | null {
  switch (form.limit) {
    case "none":
      return null;
    case "energy":
      return form.energyWh;
    case "time":
      return Math.round((powerKw * 1_000 * form.minutes) / 60);
    case "cost":
      return energyWithinCost(form.costMinor, priceE5) ?? null;
  }
}

export interface RequestBody {
  cp_id: string;
  vehicle_id: string;
  limit?: LimitWish;
  queue?: boolean;
  preferred_start?: string;
}

/** `atMs` is the instant of the chosen hour; undefined: now. */
export function bodyOf(
  form: StartForm,
  cp: string,
  { queue, atMs }: { queue: boolean; atMs?: number | undefined },
): RequestBody {
  const limit = limitOf(form);
  return {
    cp_id: cp,
    vehicle_id: form.vehicle,
    ...(limit && { limit }),
    ...(queue && { queue }),
    ...(atMs !== undefined && { preferred_start: new Date(atMs).toISOString() }),
  };
}

function limitOf(form: StartForm): LimitWish | undefined {
  switch (form.limit) {
    case "none":
      return undefined;
    case "energy":
      return { energy_kwh: form.energyWh / 1_000 };
    case "cost":
      return { cost_eur: form.costMinor / 100 };
    case "time":
      return { duration_minutes: form.minutes };
  }
}

/**
 * The next instant at which the clock shows `hour` ("18:30"), today or tomorrow; undefined when that is no hour.
 * `local` gives the instant of an hour here, so many days from today: only it knows the hour's shift of a day.
 */
export function instantOf(
  hour: string,
  local: (days: 0 | 1, hours: number, minutes: number) => number,
  nowMs: number,
): number | undefined {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(hour) ?? [];
  if (hours === undefined || minutes === undefined || Number(hours) > 23 || Number(minutes) > 59)
    return undefined;
  const today = local(0, Number(hours), Number(minutes));
  return today > nowMs ? today : local(1, Number(hours), Number(minutes));
}

/** A name that the network takes for a vehicle: letters, digits and hyphens, at most 32; null when nothing is left. */
export function vehicleId(typed: string): string | null {
  const id = typed
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .trim()
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 32);
  return id === "" ? null : id;
}
