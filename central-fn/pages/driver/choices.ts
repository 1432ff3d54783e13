// The driver's choices on this device: vehicles, filters, from where distances are told, and what was seen.
import { computed, effect, signal } from "@preact/signals";
import type { AlertView } from "./api-types.ts";
import { noFilters } from "./find.rules.ts";
import { keepChoices, readChoices } from "./kept.ts";
import { alerts, phone } from "./store.ts";

const kept = readChoices();
export const filters = signal({ ...noFilters, ...kept.filters });
export const from = signal(kept.from ?? null);
const added = signal<readonly string[]>(kept.vehicles ?? []);
const picked = signal<string | null>(kept.vehicle ?? null);

/** Those that the driver added, then those of the phone's list. */
export const vehicles = computed(() => {
  const listed = phone.value?.automation.vehicle_ids ?? [];
  return [...new Set([...added.value, ...listed])];
});
export const ownVehicles = computed(() => added.value);
/** Null: there is none yet. */
export const vehicle = computed(() => {
  const all = vehicles.value;
  return picked.value !== null && all.includes(picked.value) ? picked.value : (all[0] ?? null);
});

export function addVehicle(id: string): void {
  if (!vehicles.value.includes(id)) added.value = [...added.value, id];
  picked.value = id;
}

export function removeVehicle(id: string): void {
  added.value = added.value.filter((other) => other !== id);
}

export function pickVehicle(id: string): void {
  picked.value = id;
}

const seenAlerts = signal<readonly string[]>(kept.seenAlerts ?? []);

/** The operator's announcements that were not shown in full yet. */
export const newAlerts = computed(() =>
  alerts.value.filter(({ alert_id }) => !seenAlerts.value.includes(alert_id)),
);

export function sawAlerts(seen: readonly AlertView[]): void {
  const ids = seen.map(({ alert_id }) => alert_id);
  if (ids.some((id) => !seenAlerts.value.includes(id))) seenAlerts.value = ids;
}

effect(() => {
  keepChoices({
    seenAlerts: [...seenAlerts.value],
    vehicles: [...added.value],
    vehicle: picked.value,
    filters: filters.value,
    from: from.value,
  });
});
