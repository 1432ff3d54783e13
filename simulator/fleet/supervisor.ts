// Runs the services of a fleet, each as its own process, and tells what becomes of them.
//
// 1. A service that ends by itself is reported, never restarted: what restarts, and when, is the operator's word.
// 2. Services start after those they depend on, a bounded number at a time.
// 3. Stopping goes from users to used (drivers first, brokers last) and is bounded as a whole.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writePrivate } from "./fleet-files.ts";
import { pidPathOf } from "./leftovers.ts";
import type { Places } from "./places.ts";
import { type Command, type ServiceState, startProcess } from "./service-process.ts";
import { emptySlot, type ServiceStatus, type Slot, statusOf } from "./service-slot.ts";
import { type ServiceSpec, stopRank } from "./service-spec.ts";
import type { Known } from "./spec-changes.ts";

export type { ServiceStatus } from "./service-slot.ts";

export interface SupervisorEvent {
  status: ServiceStatus;
  /** Nobody asked for this: the service ended by itself. */
  unexpected: boolean;
}

export interface SupervisorOptions {
  places: Places;
  specs: readonly ServiceSpec[];
  commandOf(spec: ServiceSpec): Command;
  /** Runs before each start, for what a spec cannot hold (a token that must be signed). */
  prepare?(spec: ServiceSpec): Promise<void>;
  onEvent?(event: SupervisorEvent): void;
  /** How many services may be between start and ready at once. */
  concurrency?: number;
  /** A service that says nothing for so long no longer holds up the others. */
  readyWithinMs?: number;
}

export interface Supervisor {
  names(): string[];
  status(name: string): ServiceStatus;
  statuses(): ServiceStatus[];
  /** Takes a new description of the services; one that runs keeps its old one until its next start. */
  describe(specs: readonly ServiceSpec[]): void;
  /** Every service with the description that its last start used. */
  known(): Known[];
  /** Writes the files of these services as they are described now; for files that their services watch. */
  rewrite(names: readonly string[]): void;
  /** Starts those that do not run; resolves when each is ready, has ended, or has used its time. */
  start(names: readonly string[]): Promise<ServiceStatus[]>;
  stop(names: readonly string[], withinMs?: number): Promise<ServiceStatus[]>;
  kill(names: readonly string[]): Promise<ServiceStatus[]>;
  /** Freezes those that run; they keep their connections and answer nobody until `unpause`. */
  pause(names: readonly string[]): ServiceStatus[];
  unpause(names: readonly string[]): ServiceStatus[];
  /** Stops everything, SIGKILL at the end of `withinMs`. */
  stopAll(withinMs: number): Promise<void>;
  /** True from the moment at which everything was to stop. */
  isEnding(): boolean;
}

export function openSupervisor(options: SupervisorOptions): Supervisor {
  const slots = new Map<string, Slot>();
  const concurrency = options.concurrency ?? 8;
  const readyWithinMs = options.readyWithinMs ?? 20_000;
  let stopping = false;

  const slotOf = (name: string): Slot => {
    const slot = slots.get(name);
    if (!slot) throw new Error(`no service ${name}`);
    return slot;
  };
  const describe = (specs: readonly ServiceSpec[]) => {
    const named = new Set(specs.map((spec) => spec.name));
    for (const [name, slot] of slots) if (!named.has(name) && !slot.process) slots.delete(name);
    for (const spec of specs) {
      const slot = slots.get(spec.name);
      if (slot) slot.spec = spec;
      else slots.set(spec.name, emptySlot(spec));
    }
  };
  const become = (slot: Slot, state: ServiceState, unexpected = false) => {
    slot.state = state;
    slot.sinceMs = Date.now();
    options.onEvent?.({ status: statusOf(slot), unexpected });
  };

  /** Resolves when the service is ready, has ended, or has used up its time. */
  const launch = async (slot: Slot): Promise<void> => {
    const { spec } = slot;
    for (const file of spec.files) writePrivate(file.path, file.content);
    await options.prepare?.(spec);
    if (stopping || slot.process) return;
    if (spec.subject) mkdirSync(join(options.places.data, spec.subject), { recursive: true });
    const startedMs = performance.now();
    const process = startProcess(
      spec.name,
      options.commandOf(spec),
      join(options.places.logs, `${spec.name}.log`),
      pidPathOf(options.places, spec.name),
    );
    Object.assign(slot, { process, ran: spec, ending: null, readyAfterMs: null, lastLines: [] });
    become(slot, "starting");
    void process.ready.then((ready) => {
      if (!ready) return;
      slot.readyAfterMs = Math.round(performance.now() - startedMs);
      if (slot.state !== "paused") become(slot, "running");
    });
    void process.ended.then((ending) => {
      slot.process = null;
      slot.ending = ending;
      slot.lastLines = process.lastLines();
      become(slot, ending.state, ending.state === "exited" || ending.state === "crashed");
    });
    const withinMs = spec.readyWithinMs ?? readyWithinMs;
    const ready = await Promise.race([process.ready, delay(withinMs, undefined, { ref: false })]);
    if (ready === false) await process.ended;
  };

  const start = async (names: readonly string[]): Promise<ServiceStatus[]> => {
    const waiting = new Set(names.filter((name) => !slotOf(name).process));
    const asked = new Set(waiting);
    const settled = new Set<string>();
    const running = new Set<Promise<void>>();
    const failures: unknown[] = [];
    const tryToLaunch = async (name: string): Promise<void> => {
      try {
        await launch(slotOf(name));
      } catch (error) {
        failures.push(error);
      }
      settled.add(name);
    };
    while (waiting.size > 0 && !stopping) {
      const next = [...waiting].find(
        (name) =>
          running.size < concurrency &&
          slotOf(name).spec.dependsOn.every((other) => !asked.has(other) || settled.has(other)),
      );
      if (next !== undefined) {
        waiting.delete(next);
        const one: Promise<void> = tryToLaunch(next).finally(() => running.delete(one));
        running.add(one);
      } else if (running.size > 0) await Promise.race(running);
      else throw new Error(`services wait for each other: ${[...waiting].join(", ")}`);
    }
    await Promise.all(running);
    // One that could not be prepared keeps no other from starting, and none of them ends the supervisor.
    if (failures.length > 0) throw failures[0];
    await Promise.all(names.map((name) => stillStarting(slotOf(name), readyWithinMs)));
    return names.map((name) => statusOf(slotOf(name)));
  };

  const stop = async (names: readonly string[], withinMs = 9_000): Promise<ServiceStatus[]> => {
    const until = performance.now() + withinMs;
    // What is frozen would hold up those that hand over to it at their end.
    unpause(names);
    const ranks = [...new Set(names.map((name) => stopRank(slotOf(name).spec.role)))].sort((a, b) => a - b);
    for (const [i, rank] of ranks.entries()) {
      const remaining = Math.max(100, until - performance.now());
      // One that hangs may use half of what is left, so that those after it can still end in order.
      const left = i === ranks.length - 1 ? remaining : remaining / 2;
      const members = names
        .map(slotOf)
        .filter((slot) => stopRank(slot.spec.role) === rank)
        .flatMap(({ process }) => process ?? []);
      for (const process of members) process.stop(left);
      await Promise.all(members.map((process) => process.ended));
    }
    return names.map((name) => statusOf(slotOf(name)));
  };

  const kill = async (names: readonly string[]): Promise<ServiceStatus[]> => {
    const processes = names.flatMap((name) => slotOf(name).process ?? []);
    for (const process of processes) process.kill();
    await Promise.all(processes.map((process) => process.ended));
    return names.map((name) => statusOf(slotOf(name)));
  };

  const pause = (names: readonly string[]): ServiceStatus[] => {
    for (const slot of names.map(slotOf)) {
      if (!slot.process || slot.state === "paused") continue;
      slot.process.freeze();
      become(slot, "paused");
    }
    return names.map((name) => statusOf(slotOf(name)));
  };

  const unpause = (names: readonly string[]): ServiceStatus[] => {
    for (const slot of names.map(slotOf)) {
      if (!slot.process || slot.state !== "paused") continue;
      slot.process.thaw();
      become(slot, slot.process.isReady() ? "running" : "starting");
    }
    return names.map((name) => statusOf(slotOf(name)));
  };

  describe(options.specs);
  return {
    names: () => [...slots.keys()],
    status: (name) => statusOf(slotOf(name)),
    statuses: () => [...slots.values()].map(statusOf),
    describe,
    known: () => [...slots].map(([name, { process, ran }]) => ({ name, running: process !== null, ran })),
    rewrite(names) {
      for (const slot of names.map(slotOf)) {
        for (const file of slot.spec.files) writePrivate(file.path, file.content);
        slot.ran = slot.spec;
      }
    },
    start,
    stop,
    kill,
    pause,
    unpause,
    async stopAll(withinMs) {
      stopping = true;
      await stop([...slots.keys()], withinMs);
      await kill([...slots.keys()]);
    },
    isEnding: () => stopping,
  };
}

/** A service that somebody else is starting is waited for too. */
async function stillStarting(slot: Slot, withinMs: number): Promise<void> {
  if (slot.process && slot.state !== "paused" && !slot.process.isReady())
    await Promise.race([slot.process.ready, delay(withinMs, undefined, { ref: false })]);
}
