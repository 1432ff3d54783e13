// `ev up --detach`: starts a supervisor of its own session, shows its progress, and leaves when all is ready. Where
// the fleet runs already it starts whatever does not: repeated, it leaves everything as it is.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runningAddresses } from "../fleet/addresses-file.ts";
import { Complaint } from "../fleet/complaint.ts";
import { livingSupervisor } from "../fleet/leftovers.ts";
import { makePlaces, placesOf } from "../fleet/places.ts";
import type { Arguments } from "./arguments.ts";
import { ask } from "./ask.ts";
import type { DetachedNews } from "./narrator.ts";
import { otherServers, otherServersText } from "./other-servers.rules.ts";
import type { Output } from "./output.ts";
import { serviceVerb } from "./service-verbs.ts";

const cli = fileURLToPath(new URL("../cli.ts", import.meta.url));

export async function startDetached(args: Arguments, output: Output): Promise<number> {
  const places = placesOf(args.stateDir);
  const running = livingSupervisor(places);
  if (running && asksNothingNew(args, running.portOffset)) {
    await ask(args, { verb: "status" }); // one that is just starting or ending has no addresses to compare
    const addresses = runningAddresses(places);
    const others = addresses ? otherServers(args, addresses) : [];
    if (others.length > 0) throw new Complaint(otherServersText(places.state, others));
    output.line(`the fleet of ${places.state} runs already: starting what does not`);
    return serviceVerb("start", { ...args, words: [] }, output);
  }
  makePlaces(places);
  // It holds the operator link with its token: for this user alone.
  const log = openSync(join(places.logs, "fleet.log"), "a", 0o600);
  const only = args.only.length > 0 ? ["--only", args.only.join(",")] : [];
  const noWatch = args.flags.has("--no-watch") ? ["--no-watch"] : [];
  const given = ["--cps", "--drivers", "--servers", "--central"].flatMap((name) => {
    const typed = args.values.get(name);
    return typed === undefined ? [] : [name, typed];
  });
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      cli,
      "up",
      "--state",
      places.state,
      "--port-offset",
      String(args.portOffset),
      ...only,
      ...noWatch,
      ...(args.listen === undefined ? [] : ["--listen", args.listen]),
      ...given,
    ],
    {
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
      env: { ...process.env, CP_ID: args.onlyCp ?? "", DRIVER_ID: args.onlyDriver ?? "" },
    },
  );
  closeSync(log);
  // Whoever read the progress may leave; the fleet starts all the same.
  process.stdout.on("error", () => {});
  const giveUp = () => child.kill("SIGTERM");
  process.once("SIGINT", giveUp);
  let whyNot: string | undefined;
  return new Promise((resolve, reject) => {
    child.on("message", (news: DetachedNews) => {
      switch (news.is) {
        case "say":
          output.line(news.text);
          break;
        case "failed":
          whyNot = `ev: ${news.text}`;
          output.note(whyNot);
          break;
        case "started":
          output.line("the fleet goes on in the background: `ev ps` shows it, `ev down` stops it");
          if (news.lame > 0) output.note(`ev: ${news.lame} of its services did not come up, as told above`);
          child.disconnect();
          child.unref();
          process.off("SIGINT", giveUp);
          resolve(news.lame > 0 ? 1 : 0);
      }
    });
    child.once("error", reject);
    // Whatever its code is: it said neither that all is ready nor why not.
    child.once("exit", (code) => {
      if (whyNot === undefined)
        output.note(`ev: the fleet ended before it was ready: see ${join(places.logs, "fleet.log")}`);
      resolve(code || 1);
    });
  });
}

/** Nothing that a fleet is told only at its start: another size, part, address or port. */
function asksNothingNew({ only, listen, values, portOffset }: Arguments, runningOffset: number): boolean {
  const size = ["--cps", "--drivers"].some((name) => values.has(name));
  return only.length === 0 && listen === undefined && !size && portOffset === runningOffset;
}
