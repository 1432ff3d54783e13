// `ev start | stop | kill | restart | pause | unpause SERVICE…`: asks the supervisor and says, per service, what was
// done and how it stands.
import { Complaint } from "../fleet/complaint.ts";
import type { ServiceReport } from "../fleet/control-messages.ts";
import type { Arguments } from "./arguments.ts";
import { ask } from "./ask.ts";
import type { Output } from "./output.ts";
import { asJson } from "./ps.ts";
import { durationText } from "./text.ts";

type Verb = "start" | "stop" | "kill" | "restart" | "pause" | "unpause";

export async function serviceVerb(verb: Verb, args: Arguments, output: Output): Promise<number> {
  if (args.words.length === 0 && verb !== "start")
    throw new Complaint(`${verb} which service? For instance \`ev ${verb} ev-cp-e-5\`; \`ev ps\` lists them`);
  const startedMs = performance.now();
  const done = await ask(args, { verb, services: args.words });
  const tookMs = performance.now() - startedMs;
  const changed = new Set(done.changed);
  const missed = done.services.filter(({ status }) => !isAsWished(verb, status));
  if (args.flags.has("--json")) {
    const services = done.services.map((one) => ({ ...asJson(one), changed: changed.has(one.name) }));
    output.line(JSON.stringify({ verb, took_ms: Math.round(tookMs), services }, null, 2));
  } else {
    for (const service of done.services) output.line(said(verb, service, changed.has(service.name)));
    if (done.services.length === 0) output.line("every service runs already");
    output.line(`${verb} took ${durationText(tookMs)}`);
  }
  return missed.length > 0 ? 1 : 0;
}

function isAsWished(verb: Verb, status: ServiceReport["status"]): boolean {
  switch (verb) {
    case "start":
    case "restart":
      return status === "running";
    case "pause":
      return status === "paused";
    case "unpause":
      return status === "running" || status === "starting";
    case "stop":
    case "kill":
      return true;
  }
}

/** One line on what became of one service. */
export function said(verb: Verb, service: ServiceReport, changed: boolean): string {
  const { name, status, why } = service;
  if (!changed && !(verb === "start" && status === "paused")) return unchanged(verb, service);
  if (verb === "unpause") return `${name} goes on (process ${service.pid})`;
  switch (status) {
    case "running":
      return `${name} is ready after ${durationText(service.readyAfterMs ?? 0)} (process ${service.pid})`;
    case "starting":
      return `${name} runs but is not ready yet (process ${service.pid}): see \`ev logs ${name}\``;
    case "paused":
      return `${name} is paused (process ${service.pid}), answers nobody and keeps its connections: \`ev unpause ${name}\``;
    case "stopped":
    case "killed":
    case "exited":
    case "crashed":
      return `${name} ${why ?? status}`;
  }
}

function unchanged(verb: Verb, { name, status }: ServiceReport): string {
  if (verb === "start") return `${name} ran already`;
  if (verb === "pause" && status === "paused") return `${name} was paused already`;
  if (verb === "unpause" && status === "running") return `${name} was not paused`;
  return `${name} was not running (${status})`;
}
