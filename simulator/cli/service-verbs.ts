// `ev start | stop | kill SERVICE…`: asks the supervisor and says, per service, what was done and how it stands.
import { Complaint } from "../fleet/complaint.ts";
import type { ServiceReport } from "../fleet/control-messages.ts";
import type { Arguments } from "./arguments.ts";
import { ask } from "./ask.ts";
import type { Output } from "./output.ts";
import { asJson } from "./ps.ts";
import { durationText } from "./text.ts";

type Verb = "start" | "stop" | "kill";

export const startServices = (args: Arguments, output: Output) => serviceVerb("start", args, output);
export const stopServices = (args: Arguments, output: Output) => serviceVerb("stop", args, output);
export const killServices = (args: Arguments, output: Output) => serviceVerb("kill", args, output);

async function serviceVerb(verb: Verb, args: Arguments, output: Output): Promise<number> {
  if (args.words.length === 0 && verb !== "start")
    throw new Complaint(`${verb} which service? For instance \`ev ${verb} ev-cp-e-5\`; \`ev ps\` lists them`);
  const startedMs = performance.now();
  const done = await ask(args, { verb, services: args.words });
  const tookMs = performance.now() - startedMs;
  const changed = new Set(done.changed);
  const missed = done.services.filter((service) => verb === "start" && service.status !== "running");
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

/** One line on what became of one service. */
export function said(verb: Verb, service: ServiceReport, changed: boolean): string {
  const { name, status, why } = service;
  if (!changed) return verb === "start" ? `${name} ran already` : `${name} was not running (${status})`;
  switch (status) {
    case "running":
      return `${name} is ready after ${durationText(service.readyAfterMs ?? 0)} (process ${service.pid})`;
    case "starting":
      return `${name} runs but is not ready yet (process ${service.pid}): see \`ev logs ${name}\``;
    case "paused":
      return `${name} is paused (process ${service.pid}): \`ev unpause ${name}\` lets it go on`;
    case "stopped":
    case "killed":
    case "exited":
    case "crashed":
      return `${name} ${why ?? status}`;
  }
}
