// The session object as a phone shows it, and the line that a log gives it. Pure.

/** The session object of the driver API, as far as a phone shows it. */
export interface Session {
  session_id: string;
  cp_id: string;
  status: "PENDING" | "APPROVED" | "CHARGING" | "COMPLETED" | "DENIED" | "FAILED" | "STOPPED" | "CANCELLED";
  energy_kwh: number | null;
  cost_eur: number | null;
  power_kw: number | null;
  reason: string | null;
  /** Where the request stands in line, 1 for the next; null: it does not wait. */
  place?: number | null;
  /** The point is held for this driver, who has to confirm. */
  offered?: boolean;
}

/** What the last line showed. */
export interface Shown {
  status: Session["status"];
  atMs: number;
  energyKwh: number;
  place?: number | null;
}

export function isOver(status: Session["status"]): boolean {
  return status !== "PENDING" && status !== "APPROVED" && status !== "CHARGING";
}

/** "IN_PROGRESS CP-002 0.042 kWh, € 0.01, 7.1 kW", "COMPLETED CP-002 0.050 kWh, € 0.01", "DENIED CP-002: busy". */
export function lineOf(seen: Session, shown: Shown | null, nowMs: number): string {
  const kwh = seen.energy_kwh ?? 0;
  const bill = `${kwh.toFixed(3)} kWh, € ${(seen.cost_eur ?? 0).toFixed(2)}`;
  const why = seen.reason ? `: ${seen.reason}` : "";
  switch (seen.status) {
    case "PENDING":
      if (seen.place) return `QUEUED ${seen.cp_id} number ${seen.place} in line (${seen.session_id})`;
      return `PENDING ${seen.cp_id} (${seen.session_id})`;
    case "APPROVED":
      return `${seen.status} ${seen.cp_id} (${seen.session_id})`;
    case "CHARGING":
      return `IN_PROGRESS ${seen.cp_id} ${bill}, ${powerKw(seen, shown, nowMs).toFixed(1)} kW`;
    case "COMPLETED":
    case "STOPPED":
      return `${seen.status} ${seen.cp_id} ${bill}${why}`;
    case "DENIED":
    case "FAILED":
    case "CANCELLED":
      return `${seen.status} ${seen.cp_id}${why}`;
  }
}

/** As told, else from the energy since the last line. */
function powerKw(seen: Session, shown: Shown | null, nowMs: number): number {
  if (seen.power_kw !== null) return seen.power_kw;
  if (shown?.status !== "CHARGING" || nowMs <= shown.atMs) return 0;
  return (Math.max(0, (seen.energy_kwh ?? 0) - shown.energyKwh) * 3_600_000) / (nowMs - shown.atMs);
}
