// `ev inspect SERVICE`: how a service is, with which configuration it runs, what happened to it last, and what to
// do next.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addressesOf } from "../fleet/addresses.ts";
import { runningAddresses } from "../fleet/addresses-file.ts";
import { Complaint } from "../fleet/complaint.ts";
import type { ServiceReport } from "../fleet/control-messages.ts";
import { memberPath } from "../fleet/edit.ts";
import type { Fleet } from "../fleet/fleet-schemas.ts";
import { serviceNames } from "../fleet/names.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import { resolveOrComplain } from "../fleet/resolve.ts";
import type { ServiceSpec } from "../fleet/service-spec.ts";
import { servicesOf } from "../fleet/services.ts";
import { cpIdOf, cpNumberIn } from "../fleet/typed-names.ts";
import type { Arguments } from "./arguments.ts";
import { askIfRunning } from "./ask.ts";
import { readLines } from "./log-reader.ts";
import type { Output } from "./output.ts";
import { fleetIn, offsetOf } from "./running.ts";
import { type Health, redacted } from "./service-health.rules.ts";
import { healthOf } from "./service-health.ts";
import { columns, durationText, megabytesText } from "./text.ts";

const shownEvents = 5;
const shownLines = 8;

interface Inspection {
  name: string;
  role: string;
  subject: string | null;
  health: Health["health"];
  reason: string;
  status: string;
  pid: number | null;
  since: string | null;
  ready_after_ms: number | null;
  memory_mb: number | null;
  port: number | null;
  /** The file to edit. */
  file: string;
  env: Record<string, string>;
  /** What the supervisor saw. */
  events: string[];
  /** The service's own last words. */
  log: string[];
  next: string[];
}

export async function inspect(args: Arguments, output: Output): Promise<number> {
  if (args.words.length === 0)
    throw new Complaint(
      "inspect which service? For instance `ev inspect ev-central`, `ev inspect CP-005`; `ev ps` lists them",
    );
  const startedMs = performance.now();
  const places = placesOf(args.stateDir);
  const fleet = fleetIn(places);
  const real = runningAddresses(places)?.real ?? args.servers.real;
  const servers = { ...args.servers, real };
  const specs = servicesOf(fleet, { ...args, servers, portOffset: offsetOf(args), only: [], places });
  const done = await askIfRunning(args, { verb: "status" });
  const reports = new Map((done?.services ?? []).map((report) => [report.name, report]));
  const known = [...new Set([...specs.map(({ name }) => name), ...reports.keys()])];
  const names = [...new Set(args.words.flatMap((word) => namesMeant(word, known, fleet)))];
  const central = runningAddresses(places)?.centralUrl ?? addressesOf(fleet.system, args).centralUrl;
  const found = await Promise.all(
    names.map(async (name) => {
      const spec = specs.find((one) => one.name === name);
      const report = reports.get(name) ?? stoppedReport(name, spec);
      const health = await healthOf(report, places, central);
      return inspection(report, spec, health, places);
    }),
  );
  if (args.flags.has("--json")) output.line(JSON.stringify(found.length === 1 ? found[0] : found, null, 2));
  else {
    for (const [i, one] of found.entries()) {
      if (i > 0) output.line("");
      for (const line of linesOf(one)) output.line(line);
    }
    output.line(`(inspected in ${durationText(performance.now() - startedMs)})`);
  }
  return found.every(({ health }) => health === "healthy") ? 0 : 1;
}

/** A service; or all of a charge point, or a driver's, by its id. */
function namesMeant(word: string, known: readonly string[], fleet: Fleet): string[] {
  const n = /^(?:cp-)?\d/i.test(word) ? cpNumberIn(word) : undefined;
  const cp = fleet.cps.find(({ cp_id }) => cp_id === word || (n !== undefined && cp_id === cpIdOf(n)));
  if (!cp) return [resolveOrComplain(word, known)];
  const { engine, monitor, charger } = serviceNames;
  return [engine(cp.cp_id), monitor(cp.cp_id), charger(cp.cp_id)];
}

function stoppedReport(name: string, spec: ServiceSpec | undefined): ServiceReport {
  return {
    name,
    role: spec?.role ?? "unknown",
    subject: spec?.subject ?? null,
    holds: null,
    status: "stopped",
    sinceMs: Date.now(),
    pid: null,
    port: spec?.port ?? null,
    code: null,
    signal: null,
    memoryBytes: null,
    readyAfterMs: null,
    why: "no fleet runs",
    link: null,
    links: [],
  };
}

function inspection(
  report: ServiceReport,
  spec: ServiceSpec | undefined,
  { health, reason }: Health,
  places: Places,
): Inspection {
  const { name, pid, subject } = report;
  const link = report.link !== null && report.link !== "connected" ? `; network: ${report.link}` : "";
  const mine = new RegExp(`\\b${name}(?![\\w-])`);
  return {
    name,
    role: report.role,
    subject,
    health,
    reason: `${reason}${link}`,
    status: report.status,
    pid,
    since: pid === null ? null : new Date(report.sinceMs).toISOString(),
    ready_after_ms: report.readyAfterMs,
    memory_mb: report.memoryBytes === null ? null : Math.round(report.memoryBytes / 1e5) / 10,
    port: report.port,
    file: subject === null ? join(places.fleet, "system.json") : memberPath(places, subject),
    env: environmentOf(pid, spec),
    events: readLines(join(places.logs, "supervisor.log"), 2_000)
      .filter((line) => mine.test(line))
      .slice(-shownEvents),
    log: readLines(join(places.logs, `${name}.log`), shownLines),
    next: nextSteps(name, report.status, health),
  };
}

/** What the living process got, else what its next start gets; secrets hidden. */
function environmentOf(pid: number | null, spec: ServiceSpec | undefined): Record<string, string> {
  const wanted = spec?.env ?? {};
  const living = pid === null ? undefined : environmentOfProcess(pid);
  return Object.fromEntries(
    Object.entries(wanted).map(([name, value]) => [name, redacted(name, living?.get(name) ?? value)]),
  );
}

function environmentOfProcess(pid: number): Map<string, string> | undefined {
  try {
    const pairs = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return new Map(
      pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
  } catch (error) {
    if (error instanceof Error) return undefined; // ended meanwhile, or another user's
    throw error;
  }
}

function nextSteps(name: string, status: string, health: Health["health"]): string[] {
  const logs = `ev logs -f ${name}`;
  if (status === "paused") return [`ev unpause ${name}`, logs];
  if (health === "stopped") return [`ev start ${name}`, `ev logs --tail 50 ${name}`];
  if (health === "unhealthy") return [`ev logs --tail 50 ${name}`, `ev restart ${name}`];
  return [logs, `ev simulate-crash ${name}`];
}

function linesOf(one: Inspection): string[] {
  const about = one.subject ? `${one.role} of ${one.subject}` : one.role;
  const since = one.since === null ? "" : ` since ${durationText(Date.now() - Date.parse(one.since))}`;
  const process = [
    `${one.status}${since}`,
    ...(one.pid === null ? [] : [`process ${one.pid}`]),
    ...(one.port === null ? [] : [`port ${one.port}`]),
    ...(one.memory_mb === null ? [] : [megabytesText(one.memory_mb * 1e6)]),
    ...(one.ready_after_ms === null ? [] : [`ready after ${durationText(one.ready_after_ms)}`]),
  ];
  return [
    `${one.name}  (${about})`,
    `  health   ${one.health}: ${one.reason}`,
    `  process  ${process.join(" · ")}`,
    `  file     ${one.file} (save it, or \`ev apply\`: only what changed restarts)`,
    "  configuration",
    ...columns(Object.entries(one.env).map(([name, value]) => [`    ${name}`, value])),
    ...(one.events.length > 0 ? ["  last events", ...one.events.map((line) => `    ${line}`)] : []),
    ...(one.log.length > 0 ? ["  last log lines", ...one.log.map((line) => `    ${line}`)] : []),
    `  next     ${one.next.map((step) => `\`${step}\``).join(", ")}`,
  ];
}
