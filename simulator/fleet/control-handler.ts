// What each verb of the control socket does to the supervisor.
import type { ControlRequest } from "./control-messages.ts";
import type { ControlHandler } from "./control-server.ts";
import { resolveOrComplain } from "./resolve.ts";
import type { ServiceSpec } from "./service-spec.ts";
import type { Supervisor } from "./supervisor.ts";

/** The verbs of the control socket. A start reads the fleet's files again, so that an edited one takes effect. */
export function controlHandler(
  supervisor: Supervisor,
  readSpecs: () => ServiceSpec[],
  onDown: () => void,
): ControlHandler {
  return async (request) => {
    if (request.verb === "start") supervisor.describe(readSpecs());
    const names = namesOf(request, supervisor);
    const before = new Map(names.map((name) => [name, supervisor.status(name)]));
    const alive = (name: string) => before.get(name)?.pid !== null;
    const services = await obey(request, names, supervisor);
    const changed = names.filter((name) => (request.verb === "start" ? !alive(name) : alive(name)));
    if (request.verb === "down") setImmediate(onDown);
    return { is: "done", services, changed: request.verb === "status" ? [] : changed };
  };
}

async function obey(request: ControlRequest, names: string[], supervisor: Supervisor) {
  switch (request.verb) {
    case "status":
      return supervisor.statuses();
    case "start":
      return supervisor.start(names);
    case "stop":
      return supervisor.stop(names);
    case "kill":
      return supervisor.kill(names);
    case "down":
      await supervisor.stopAll(stopAllWithinMs);
      return supervisor.statuses();
  }
}

/** Ctrl-C and `ev down` leave no process behind after this, plus the moment that SIGKILL takes. */
export const stopAllWithinMs = 9_000;

function namesOf(request: ControlRequest, supervisor: Supervisor): string[] {
  const known = supervisor.names();
  if (request.verb === "status" || request.verb === "down") return known;
  if (request.verb === "start" && request.services.length === 0)
    return known.filter((name) => supervisor.status(name).pid === null);
  return [...new Set(request.services.map((typed) => resolveOrComplain(typed, known)))];
}
