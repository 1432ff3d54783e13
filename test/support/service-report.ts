// A service as the supervisor reports it.
import { ServiceReport } from "../../simulator/fleet/control-messages.ts";

/** Running since the beginning, unless said otherwise. */
export function serviceReport(name: string, more: Partial<ServiceReport> = {}): ServiceReport {
  return ServiceReport.parse({
    name,
    role: "engine",
    subject: null,
    status: "running",
    sinceMs: 0,
    pid: 1,
    port: null,
    code: null,
    signal: null,
    memoryBytes: null,
    readyAfterMs: null,
    why: null,
    ...more,
  });
}
