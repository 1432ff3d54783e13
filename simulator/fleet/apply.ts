// Makes the running services what the fleet's files say, touching only those that differ; one at a time, however
// many ask for it.
import type { ServiceSpec } from "./service-spec.ts";
import { changesBetween } from "./spec-changes.ts";
import type { ServiceStatus, Supervisor } from "./supervisor.ts";

export interface AppliedAction {
  service: string;
  /** `updated`: a file that it watches was written anew. */
  action: "started" | "restarted" | "updated" | "removed";
}

export interface Applied {
  actions: AppliedAction[];
  /** Of the services that the actions concern and that still exist. */
  services: ServiceStatus[];
}

export type Apply = (progress?: (text: string) => void) => Promise<Applied>;

/** `readSpecs` throws a Complaint while a file is invalid; then nothing is touched. */
export function openApply(supervisor: Supervisor, readSpecs: () => ServiceSpec[]): Apply {
  let turn: Promise<unknown> = Promise.resolve();
  return (progress = () => {}) => {
    const applied = turn.then(() => applySpecs(supervisor, readSpecs(), progress));
    turn = applied.catch(() => {}); // told to whoever asked for it
    return applied;
  };
}

async function applySpecs(
  supervisor: Supervisor,
  specs: ServiceSpec[],
  progress: (text: string) => void,
): Promise<Applied> {
  const { start, restart, update, remove } = changesBetween(supervisor.known(), specs);
  if (remove.length + restart.length > 0) {
    progress(`stopping ${[...remove, ...restart].join(", ")}`);
    await supervisor.stop([...remove, ...restart]);
  }
  supervisor.describe(specs);
  supervisor.rewrite(update);
  const starting = [...restart, ...start];
  if (starting.length > 0) {
    progress(`starting ${starting.join(", ")}`);
    await supervisor.start(starting);
  }
  const as = (action: AppliedAction["action"], names: string[]) =>
    names.map((service) => ({ service, action }));
  return {
    actions: [
      ...as("removed", remove),
      ...as("restarted", restart),
      ...as("started", start),
      ...as("updated", update),
    ],
    services: [...starting, ...update].map((name) => supervisor.status(name)),
  };
}

const words: readonly (readonly [AppliedAction["action"], string])[] = [
  ["started", "started"],
  ["restarted", "restarted"],
  ["updated", "told without a restart"],
  ["removed", "stopped and removed"],
];

/** "started: ev-cp-e-11, … and 2 more; told without a restart: ev-cp-m-5"; null when nothing was to be done. */
export function appliedText(actions: readonly AppliedAction[]): string | null {
  const parts = words.flatMap(([action, word]) => {
    const names = actions.filter((one) => one.action === action).map(({ service }) => service);
    const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
    return names.length > 0 ? [`${word}: ${shown.join(", ")}`] : [];
  });
  return parts.length > 0 ? parts.join("; ") : null;
}
