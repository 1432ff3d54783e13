// Whether an operator took a charge point out of service: his word holds from the request on, not only from the
// device's answer.
import type { CpRow } from "../tables/rows.ts";

export function isOutOfService(row: Pick<CpRow, "commands" | "engine">): boolean {
  const last = row.commands.findLast((open) => open.op === "stop-cp" || open.op === "resume-cp");
  return last ? last.op === "stop-cp" : row.engine?.operative === false;
}
