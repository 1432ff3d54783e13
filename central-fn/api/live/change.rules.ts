// What of a charge point is news since it was last told: the fields that differ, whole.
import type { ChargePointDetail } from "../charge-point-detail.view.ts";

export type Change = Pick<ChargePointDetail, "cp_id"> & Partial<ChargePointDetail>;

/** Both move with every heartbeat of a charge point: alone they are news only so often. */
const heard = ["last_update", "monitor_last_seen"] as const;
export const heardEveryMs = 30_000;

/** Undefined: there is none. The values of `change` and `told` together are `now`, but for when it was last heard. */
export function changeOf(told: ChargePointDetail | undefined, now: ChargePointDetail): Change | undefined {
  if (!told) return now;
  const change: Record<string, unknown> = {};
  let news = false;
  for (const [name, value] of Object.entries(now)) {
    if (isSame(value, told[name as keyof ChargePointDetail])) continue;
    change[name] = value;
    news ||= !heard.some((field) => field === name);
  }
  news ||= heard.some((field) => ms(now[field]) - ms(told[field]) >= heardEveryMs);
  return news ? { ...change, cp_id: now.cp_id } : undefined;
}

function ms(at: string | null): number {
  return at === null ? 0 : Date.parse(at);
}

/** Of values as JSON has them. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isComposed(a) || !isComposed(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isSame(a[name], b[name]));
}

function isComposed(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
