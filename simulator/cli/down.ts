// `ev down`: stops every service and the supervisor; without a supervisor, ends what a dead one left behind.
import { setTimeout as delay } from "node:timers/promises";
import { Complaint } from "../fleet/complaint.ts";
import { askSupervisor } from "../fleet/control-client.ts";
import { livingSupervisor, removeLeftovers } from "../fleet/leftovers.ts";
import { placesOf } from "../fleet/places.ts";
import { isAlive } from "../fleet/process-identity.ts";
import type { Arguments } from "./arguments.ts";
import type { Output } from "./output.ts";
import { durationText } from "./text.ts";

const supervisorEndsWithinMs = 15_000;

export async function down(args: Arguments, output: Output): Promise<number> {
  const startedMs = performance.now();
  const places = placesOf(args.stateDir);
  const tell = (services: readonly string[], text: (took: string) => string) => {
    const tookMs = performance.now() - startedMs;
    const facts = { verb: "down", took_ms: Math.round(tookMs), services, state: places.state };
    output.line(args.flags.has("--json") ? JSON.stringify(facts, null, 2) : text(durationText(tookMs)));
  };
  const holder = livingSupervisor(places);
  const done = await askSupervisor(places, { verb: "down" });
  // A supervisor that is still preparing has no socket yet; a signal stops it as well.
  if (!done && holder) process.kill(holder.pid, "SIGTERM");
  if (holder) {
    const until = performance.now() + supervisorEndsWithinMs;
    while (isAlive(holder) && performance.now() < until) await delay(20);
    if (isAlive(holder))
      throw new Complaint(
        `the supervisor (process ${holder.pid}) does not end: kill it, then run \`ev down\` again`,
      );
    const count = done ? `${done.changed.length} services` : "the fleet that was starting";
    tell(done?.changed ?? [], (took) => `stopped ${count} in ${took}; state stays in ${places.state}`);
    return 0;
  }
  const left = await removeLeftovers(places);
  tell(left, (took) =>
    left.length > 0
      ? `ended ${left.length} services that a dead supervisor had left behind, in ${took}`
      : `nothing was running with state ${places.state} (looked in ${took})`,
  );
  return 0;
}
