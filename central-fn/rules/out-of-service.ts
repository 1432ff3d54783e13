// Whether a charge point takes new sessions. An operator's word holds from the request on, not only from the
// device's answer; a quarantine holds until the operator resumes it.
import type { CpRow } from "../tables/rows.ts";

export function isOutOfService(row: Pick<CpRow, "commands" | "engine" | "quarantine">): boolean {
  if (row.quarantine) return true;
  const last = row.commands.findLast((open) => open.op === "stop-cp" || open.op === "resume-cp");
  return last ? last.op === "stop-cp" : row.engine?.operative === false;
}
