// What each verb of the control socket does to the supervisor.
import { type Apply, openApply } from "./apply.ts";
import { Complaint } from "./complaint.ts";
import type { ControlRequest } from "./control-messages.ts";
import type { ControlHandler } from "./control-server.ts";
import { type Links, withoutLinks } from "./links.ts";
import { resolveOrComplain } from "./resolve.ts";
import type { ServiceSpec } from "./service-spec.ts";
import type { ServiceStatus, Supervisor } from "./supervisor.ts";

/**
 * The verbs of the control socket. A start reads the fleet's files again, so that an edited one takes effect. Without
 * `links` nothing can be disconnected.
 */
export function controlHandler(
  supervisor: Supervisor,
  readSpecs: () => ServiceSpec[],
  onDown: () => void,
  apply: Apply = openApply(supervisor, readSpecs),
  links?: Links,
): ControlHandler {
  const reports = (services: readonly ServiceStatus[]) =>
    services.map((service) => ({ ...service, ...(links?.report(service) ?? withoutLinks) }));
  return async (request, progress) => {
    if (request.verb === "apply") {
      const { services, actions } = await apply(progress);
      return {
        is: "done",
        services: reports(services),
        changed: actions.map(({ service }) => service),
        actions,
      };
    }
    if (request.verb === "start" || request.verb === "restart") supervisor.describe(readSpecs());
    const names = namesOf(request, supervisor);
    const before = new Map(names.map((name) => [name, supervisor.status(name)]));
    const mended = request.verb === "connect" ? linksOf(links).connect(names) : [];
    if (request.verb === "disconnect")
      linksOf(links).disconnect(
        names.map((name) => supervisor.status(name)),
        { how: request.how, delayMs: request.ms ?? 0, lossPercent: request.percent ?? 0 },
      );
    const services = await obey(request, names, supervisor);
    const changed = names.filter((name) => actsOn(request.verb, before.get(name), mended.includes(name)));
    if (request.verb === "down") setImmediate(onDown);
    return { is: "done", services: reports(services), changed };
  };
}

function linksOf(links: Links | undefined): Links {
  if (links) return links;
  throw new Complaint(
    'the network lines of this fleet lead past its proxies: set "links": true in system.json and start it again',
  );
}

/** Whether a verb changes a service that stood so before. */
function actsOn(
  verb: OtherRequest["verb"],
  before: ServiceStatus | undefined,
  wasDisconnected: boolean,
): boolean {
  const alive = before?.pid !== null;
  const paused = before?.status === "paused";
  switch (verb) {
    case "status":
      return false;
    case "start":
      return !alive;
    case "restart":
    case "disconnect":
      return true;
    case "stop":
    case "kill":
    case "down":
      return alive;
    case "pause":
      return alive && !paused;
    case "unpause":
      return paused;
    case "connect":
      return wasDisconnected;
  }
}

type OtherRequest = Exclude<ControlRequest, { verb: "apply" }>;

async function obey(request: OtherRequest, names: string[], supervisor: Supervisor) {
  switch (request.verb) {
    case "status":
      return supervisor.statuses();
    case "start":
      return supervisor.start(names);
    case "stop":
      return supervisor.stop(names);
    case "kill":
      return supervisor.kill(names);
    case "restart":
      await supervisor.stop(names);
      return supervisor.start(names);
    case "pause":
      return supervisor.pause(names);
    case "unpause":
      return supervisor.unpause(names);
    case "disconnect":
    case "connect":
      return names.map((name) => supervisor.status(name));
    case "down":
      await supervisor.stopAll(stopAllWithinMs);
      return supervisor.statuses();
  }
}

/** Ctrl-C and `ev down` leave no process behind after this, plus the moment that SIGKILL takes. */
export const stopAllWithinMs = 9_000;

function namesOf(request: OtherRequest, supervisor: Supervisor): string[] {
  const known = supervisor.names();
  if (request.verb === "status" || request.verb === "down") return known;
  if (request.verb === "start" && request.services.length === 0)
    // One that is frozen, or not ready yet, is told and waited for as well: it does not run either.
    return known.filter((name) => supervisor.status(name).status !== "running");
  return [...new Set(request.services.map((typed) => resolveOrComplain(typed, known)))];
}
