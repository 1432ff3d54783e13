// What a new description of the services asks of those that run. Pure.
//
// 1. A service restarts only when something that it reads at its start has changed.
// 2. A file that its service watches is written anew, and the service goes on.
// 3. A service that somebody stopped, or that ended by itself, stays as it is: starting it is the operator's word.
import { isDeepStrictEqual } from "node:util";
import type { ServiceSpec } from "./service-spec.ts";

/** A service as the supervisor knows it. */
export interface Known {
  name: string;
  running: boolean;
  /** The description that its last start used; null when it was never started. */
  ran: ServiceSpec | null;
}

export interface SpecChanges {
  /** New: never started before. */
  start: string[];
  restart: string[];
  /** Only watched files differ. */
  update: string[];
  /** No longer part of the fleet. */
  remove: string[];
}

export function changesBetween(known: readonly Known[], specs: readonly ServiceSpec[]): SpecChanges {
  const knownByName = new Map(known.map((one) => [one.name, one]));
  const wanted = new Set(specs.map(({ name }) => name));
  const changes: SpecChanges = { start: [], restart: [], update: [], remove: [] };
  for (const spec of specs) {
    const one = knownByName.get(spec.name);
    if (!one?.ran) {
      if (!one?.running) changes.start.push(spec.name);
    } else if (one.running) {
      if (!isDeepStrictEqual(atStart(one.ran), atStart(spec))) changes.restart.push(spec.name);
      else if (!isDeepStrictEqual(one.ran.files, spec.files)) changes.update.push(spec.name);
    }
  }
  changes.remove = known.filter(({ name }) => !wanted.has(name)).map(({ name }) => name);
  return changes;
}

export function isNothing(changes: SpecChanges): boolean {
  return Object.values(changes).every((names) => names.length === 0);
}

/** What a service reads once, when it starts. */
function atStart({ entry, env, port, size, files }: ServiceSpec) {
  return { entry, env, port, size, files: files.filter(({ watched }) => !watched) };
}
