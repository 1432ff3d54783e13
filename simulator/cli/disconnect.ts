// `ev disconnect SERVICE…` and `ev connect SERVICE…`: a partition of the network around services that go on running.
import { runningAddresses } from "../fleet/addresses-file.ts";
import { Complaint } from "../fleet/complaint.ts";
import type { ControlRequest } from "../fleet/control-messages.ts";
import { placesOf } from "../fleet/places.ts";
import { type Arguments, wholeNumber } from "./arguments.ts";
import { ask } from "./ask.ts";
import { adviceLines } from "./fault-advice.rules.ts";
import type { Output } from "./output.ts";
import { asJson } from "./ps.ts";
import { durationText } from "./text.ts";

type Disconnect = Extract<ControlRequest, { verb: "disconnect" }>;

const mostDelayMs = 60_000;

export async function disconnect(args: Arguments, output: Output): Promise<number> {
  wantWords(args);
  const startedMs = performance.now();
  const done = await ask(args, { verb: "disconnect", services: args.words, ...faultOf(args) });
  const tookMs = performance.now() - startedMs;
  if (args.flags.has("--json")) {
    const services = done.services.map(asJson);
    output.line(JSON.stringify({ verb: "disconnect", took_ms: Math.round(tookMs), services }, null, 2));
    return 0;
  }
  const centralUrl = runningAddresses(placesOf(args.stateDir))?.centralUrl ?? "http://localhost:8000";
  for (const service of done.services) {
    const { name, link, status } = service;
    const later = status === "running" ? "" : ` from its start on (it is ${status} now)`;
    if (link === "cut") {
      output.line(`${name} is cut off${later}: it runs, and no byte of it gets through either way`);
      for (const line of adviceLines("cut", service, centralUrl)) output.line(`  ${line}`);
    } else {
      const how =
        link === "half-open" ? "is half-open: it is heard and hears nobody" : `has a bad line: ${link}`;
      output.line(`${name} ${how}${later}`);
      output.line(`    mend   ev connect ${name}`);
    }
  }
  output.line(`disconnect took ${durationText(tookMs)}`);
  return 0;
}

export async function connect(args: Arguments, output: Output): Promise<number> {
  wantWords(args);
  const startedMs = performance.now();
  const done = await ask(args, { verb: "connect", services: args.words });
  const tookMs = performance.now() - startedMs;
  const changed = new Set(done.changed);
  if (args.flags.has("--json")) {
    const services = done.services.map((one) => ({ ...asJson(one), changed: changed.has(one.name) }));
    output.line(JSON.stringify({ verb: "connect", took_ms: Math.round(tookMs), services }, null, 2));
    return 0;
  }
  for (const { name, link } of done.services) {
    const rest = link === "connected" ? "" : `, but ${link}: \`ev connect ${(link ?? "").split(" ")[0]}\``;
    output.line(
      changed.has(name) ? `${name} is connected again${rest}` : `${name} was not disconnected${rest}`,
    );
  }
  output.line(`connect took ${durationText(tookMs)}; \`ev ps\` shows every line`);
  return 0;
}

/** Throws a Complaint for options that exclude each other. */
export function faultOf({
  flags,
  values,
}: Pick<Arguments, "flags" | "values">): Omit<Disconnect, "verb" | "services"> {
  const delay = values.get("--delay");
  const loss = values.get("--loss");
  if (flags.has("--half-open")) {
    if (delay !== undefined || loss !== undefined)
      throw new Complaint("--half-open loses every answer: it goes together with neither --delay nor --loss");
    return { how: "half-open" };
  }
  if (delay === undefined && loss === undefined) return { how: "cut" };
  return {
    how: delay === undefined ? "loss" : "delay",
    ...(delay === undefined ? {} : { ms: wholeNumber("--delay", delay, mostDelayMs) }),
    ...(loss === undefined ? {} : { percent: wholeNumber("--loss", loss, 100) }),
  };
}

function wantWords({ verb, words }: Arguments): void {
  if (words.length === 0)
    throw new Complaint(`${verb} which service? For instance \`ev ${verb} ev-cp-m-5\`; \`ev ps\` lists them`);
}
