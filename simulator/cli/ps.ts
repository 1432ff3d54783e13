// `ev ps`: every service with its role, status, since when, port, process and memory.
import type { ServiceReport } from "../fleet/control-messages.ts";
import type { Arguments } from "./arguments.ts";
import { askIfRunning, nothingRuns } from "./ask.ts";
import type { Output } from "./output.ts";
import { columns, durationText, megabytesText } from "./text.ts";

export async function ps(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  const done = await askIfRunning(args, { verb: "status" });
  if (!done) output.note(nothingRuns(args));
  const wanted = [...args.words, ...(args.values.get("--filter")?.split(",") ?? [])].map(nameIn);
  const services = (done?.services ?? []).filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  );
  if (args.flags.has("--json")) {
    output.line(JSON.stringify(services.map(asJson), null, 2));
    return 0;
  }
  if (!done) return 0;
  const header = ["NAME", "ROLE", "STATUS", "LINK", "SINCE", "PORT", "PID", "MEMORY"];
  for (const line of columns([header, ...services.map(asRow)])) output.line(line);
  const running = services.filter(({ status }) => status === "running");
  const bytes = services.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0);
  const took = durationText(performance.now() - startedMs);
  output.line(
    `${running.length} of ${services.length} services run, ${megabytesText(bytes)} (asked in ${took})`,
  );
  return 0;
}

/** `name=ev-cp` as typed for docker means the same as `ev-cp`. */
function nameIn(typed: string): string {
  return typed.replace(/^name=/, "");
}

export function asJson(service: ServiceReport) {
  return {
    name: service.name,
    role: service.role,
    subject: service.subject,
    holds: service.holds,
    status: service.status,
    link: service.link,
    links: service.links,
    since: new Date(service.sinceMs).toISOString(),
    port: service.port,
    pid: service.pid,
    memory_mb: service.memoryBytes === null ? null : Math.round(service.memoryBytes / 1e5) / 10,
    ready_after_ms: service.readyAfterMs,
    code: service.code,
    signal: service.signal,
    why: service.why,
  };
}

/** "running", "exited (1)", "crashed (SIGSEGV)". */
export function statusText({ status, code, signal }: ServiceReport): string {
  if (status !== "exited" && status !== "crashed") return status;
  return `${status} (${signal ?? code ?? "did not start"})`;
}

/** "engine CP-005", "cps, 490 in it". */
function roleText({ role, subject, holds }: ServiceReport): string {
  if (subject) return `${role} ${subject}`;
  return holds === null ? role : `${role}, ${holds} in it`;
}

function asRow(service: ServiceReport): string[] {
  return [
    service.name,
    roleText(service),
    statusText(service),
    service.link ?? "-",
    durationText(Date.now() - service.sinceMs),
    service.port === null ? "-" : String(service.port),
    service.pid === null ? "-" : String(service.pid),
    megabytesText(service.memoryBytes),
  ];
}
