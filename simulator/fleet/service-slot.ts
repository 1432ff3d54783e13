// What the supervisor remembers of one service, and the status that it shows of it.
import { residentBytes } from "./process-identity.ts";
import { type Ending, endingText, type ServiceProcess, type ServiceState } from "./service-process.ts";
import type { Role, ServiceSpec } from "./service-spec.ts";

export interface ServiceStatus {
  name: string;
  role: Role;
  subject: string | null;
  /** How many charge points or drivers are in it; null for a service that is one. */
  holds: number | null;
  status: ServiceState;
  sinceMs: number;
  pid: number | null;
  port: number | null;
  /** Of the last ending that nobody asked for. */
  code: number | null;
  signal: string | null;
  memoryBytes: number | null;
  /** From start to ready, of the last start. */
  readyAfterMs: number | null;
  /** Why it is not running, in words; null while it is. */
  why: string | null;
}

export interface Slot {
  spec: ServiceSpec;
  /** What its last start used; null when it was never started. */
  ran: ServiceSpec | null;
  process: ServiceProcess | null;
  state: ServiceState;
  sinceMs: number;
  ending: Ending | null;
  readyAfterMs: number | null;
  lastLines: string[];
}

export function emptySlot(spec: ServiceSpec): Slot {
  return {
    spec,
    ran: null,
    process: null,
    state: "stopped",
    sinceMs: Date.now(),
    ending: null,
    readyAfterMs: null,
    lastLines: [],
  };
}

export function statusOf(slot: Slot): ServiceStatus {
  const pid = slot.process?.pid ?? null;
  const { spec, ending } = slot;
  return {
    name: spec.name,
    role: spec.role,
    subject: spec.subject,
    holds: spec.holds ?? null,
    status: slot.state,
    sinceMs: slot.sinceMs,
    pid,
    port: spec.port,
    code: ending?.code ?? null,
    signal: ending?.signal ?? null,
    memoryBytes: pid === null ? null : residentBytes(pid),
    readyAfterMs: slot.readyAfterMs,
    why: ending ? whyText(ending, slot.lastLines) : null,
  };
}

/** An ending that nobody asked for comes with the service's last words. */
function whyText(ending: Ending, lastLines: string[]): string {
  const asked = ending.state === "stopped" || ending.state === "killed";
  return [endingText(ending), ...(asked ? [] : lastLines.slice(-1))].join(": ");
}
