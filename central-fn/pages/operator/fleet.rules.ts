// The fleet as the page holds it: what the server's events make of it, how it is filtered, grouped and counted. Pure.
import type { StatusKind } from "../kit/status-kind.ts";
import type { ChargePointDetail } from "./api-types.ts";

export type Fleet = ReadonlyMap<string, ChargePointDetail>;

/** Those that changed: the fields that did, of a new one all of them. */
export interface FleetChange {
  charging_points: readonly ({ cp_id: string } & Partial<ChargePointDetail>)[];
  removed: readonly string[];
}

export function snapshotOf(points: readonly ChargePointDetail[]): Fleet {
  return new Map(
    [...points].sort((a, b) => compareIds(a.cp_id, b.cp_id)).map((point) => [point.cp_id, point]),
  );
}

/** Points that did not change stay the same objects; the order is that of the ids. */
export function withChange(fleet: Fleet, { charging_points, removed }: FleetChange): Fleet {
  if (charging_points.length === 0 && removed.length === 0) return fleet;
  const next = new Map(fleet);
  let isNew = false;
  for (const change of charging_points) {
    const known = next.get(change.cp_id);
    if (known) next.set(change.cp_id, { ...known, ...change });
    // Its first word has every field.
    else if (isWhole(change)) {
      next.set(change.cp_id, change);
      isNew = true;
    }
  }
  for (const id of removed) next.delete(id);
  return isNew ? snapshotOf([...next.values()]) : next;
}

function isWhole(change: { cp_id: string } & Partial<ChargePointDetail>): change is ChargePointDetail {
  return change.state !== undefined && change.engine_state !== undefined && change.commands !== undefined;
}

/** One kind for one colour: what is worse hides what is better. */
export function kindOf(point: ChargePointDetail): Exclude<StatusKind, "idle"> {
  if (point.state === "DISCONNECTED") return "disconnected";
  if (point.state === "BROKEN") return "broken";
  if (point.engine_state === "STOPPED" || !point.in_service || point.needs_attention) return "stopped";
  return point.engine_state === "SUPPLYING" ? "charging" : "on";
}

export type Kind = ReturnType<typeof kindOf>;

/** On counts those that charge as well: they work. */
export interface Totals {
  total: number;
  on: number;
  charging: number;
  broken: number;
  disconnected: number;
  stopped: number;
  attention: number;
  kw: number;
}

export function totalsOf(points: Iterable<ChargePointDetail>): Totals {
  const totals = {
    total: 0,
    on: 0,
    charging: 0,
    broken: 0,
    disconnected: 0,
    stopped: 0,
    attention: 0,
    kw: 0,
  };
  for (const point of points) {
    totals.total += 1;
    if (point.state === "ON") totals.on += 1;
    else if (point.state === "BROKEN") totals.broken += 1;
    else totals.disconnected += 1;
    if (point.telemetry) totals.charging += 1;
    if (!point.in_service || point.engine_state === "STOPPED") totals.stopped += 1;
    if (point.needs_attention) totals.attention += 1;
    totals.kw += point.telemetry?.kw ?? 0;
  }
  return totals;
}

export type Show = "all" | "on" | "charging" | "broken" | "disconnected" | "stopped" | "attention";
export type GroupBy = "place" | "status";

export interface Wanted {
  show: Show;
  text: string;
  connector: string;
  group: GroupBy;
}

export interface Group {
  /** The city, or the kind. */
  name: string;
  points: ChargePointDetail[];
}

/** Compared without case and accents: "malaga" finds Málaga. */
export function fold(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}

const searched = new WeakMap<ChargePointDetail, string>();

/** What a point is found by; worked out once for each object. */
function searchText(point: ChargePointDetail): string {
  const known = searched.get(point);
  if (known !== undefined) return known;
  const parts = [point.cp_id, point.name, point.address, point.city, point.current_driver];
  const text = fold(parts.filter(Boolean).join(" "));
  searched.set(point, text);
  return text;
}

function isShown(point: ChargePointDetail, show: Show): boolean {
  switch (show) {
    case "all":
      return true;
    case "on":
      return point.state === "ON";
    case "charging":
      return point.telemetry !== null;
    case "broken":
      return point.state === "BROKEN";
    case "disconnected":
      return point.state === "DISCONNECTED";
    case "stopped":
      return !point.in_service || point.engine_state === "STOPPED";
    case "attention":
      return Boolean(point.needs_attention);
  }
}

const kindOrder: readonly Kind[] = ["broken", "disconnected", "stopped", "charging", "on"];

/** Groups in their order, with those that are shown, in the fleet's order; empty groups are left out. Every word must be found. */
export function groupsOf(fleet: Fleet, { show, text, connector, group }: Wanted): Group[] {
  const words = fold(text).split(/\s+/).filter(Boolean);
  const groups = new Map<string, ChargePointDetail[]>();
  for (const point of fleet.values()) {
    if (!isShown(point, show) || (connector !== "" && point.connector_type !== connector)) continue;
    const found = words.length === 0 ? "" : searchText(point);
    if (!words.every((word) => found.includes(word))) continue;
    const name = group === "place" ? (point.city ?? "") : kindOf(point);
    const there = groups.get(name);
    if (there) there.push(point);
    else groups.set(name, [point]);
  }
  const rank = (name: string) => (group === "status" ? kindOrder.indexOf(name as Kind) : 0);
  return (
    [...groups]
      .map(([name, points]) => ({ name, points }))
      // Those of no known place come last.
      .sort(
        (a, b) =>
          rank(a.name) - rank(b.name) ||
          Number(a.name === "") - Number(b.name === "") ||
          a.name.localeCompare(b.name),
      )
  );
}

const ids = new Intl.Collator("en", { numeric: true });

/** CP-2 before CP-10. */
export function compareIds(a: string, b: string): number {
  return ids.compare(a, b);
}

/** Connector types that are there, for the filter. */
export function connectorsOf(fleet: Fleet): string[] {
  const types = new Set<string>();
  for (const { connector_type } of fleet.values()) if (connector_type) types.add(connector_type);
  return [...types].sort();
}
