// `ev simulate-crash [SERVICE…]`: kills services as a crash would, or one that chance picks, and says what to watch.
import { randomInt } from "node:crypto";
import { runningAddresses } from "../fleet/addresses-file.ts";
import { Complaint } from "../fleet/complaint.ts";
import { placesOf } from "../fleet/places.ts";
import type { Arguments } from "./arguments.ts";
import { ask } from "./ask.ts";
import { adviceLines } from "./fault-advice.rules.ts";
import type { Output } from "./output.ts";
import { asJson } from "./ps.ts";
import { said } from "./service-verbs.ts";
import { durationText } from "./text.ts";

export async function simulateCrash(args: Arguments, output: Output): Promise<number> {
  const random = args.words.length === 0;
  const services = random ? [await pickRunning(args)] : args.words;
  const startedMs = performance.now();
  const done = await ask(args, { verb: "kill", services });
  const tookMs = performance.now() - startedMs;
  const changed = new Set(done.changed);
  const crashed = done.services.filter(({ name }) => changed.has(name));
  if (args.flags.has("--json")) {
    const report = done.services.map((one) => ({ ...asJson(one), changed: changed.has(one.name) }));
    const answer = { verb: "simulate-crash", random, took_ms: Math.round(tookMs), services: report };
    output.line(JSON.stringify(answer, null, 2));
  } else {
    const centralUrl = runningAddresses(placesOf(args.stateDir))?.centralUrl ?? "http://localhost:8000";
    if (random) output.line(`chance picked ${services.join()}`);
    for (const service of done.services) {
      output.line(said("kill", service, changed.has(service.name)));
      if (!changed.has(service.name)) continue;
      for (const line of adviceLines("gone", service, centralUrl)) output.line(`  ${line}`);
    }
    if (crashed.length > 1) output.line(`all at once: ev start ${crashed.map(({ name }) => name).join(" ")}`);
    output.line(`simulate-crash took ${durationText(tookMs)}`);
  }
  return crashed.length === done.services.length ? 0 : 1;
}

/** One of the running services, each as likely as any other. Throws a Complaint when none runs. */
async function pickRunning(args: Arguments): Promise<string> {
  const { services } = await ask(args, { verb: "status" });
  const running = services.filter(({ status }) => status === "running");
  const picked = running[running.length > 0 ? randomInt(running.length) : 0];
  if (!picked) throw new Complaint("no service runs that could crash: `ev start` starts them");
  return picked.name;
}
