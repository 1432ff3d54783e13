// The fleet's changes for operators: one loop per process, that runs while somebody listens and a while longer.
import { errorText } from "../../../wire/process/log.ts";
import type { Key } from "../../tables/port.ts";
import { type FleetRun, openFleetRun } from "./fleet-run.ts";
import type { LiveParts } from "./live.ts";
import type { Stream } from "./streams.ts";

export interface FleetLive {
  notice(keys: readonly Key[]): void;
  /** Resolves when there is something to tell; rejects when the table cannot be read. */
  ready(): Promise<void>;
  /** After `ready`, in the same turn. */
  join(stream: Stream, lastEventId: string | undefined): void;
  leave(stream: Stream): void;
  close(): void;
}

/** So that whoever comes back at once is given what he missed, not everything. */
const lingerMs = 30_000;

/** What this process committed is told so soon, changes of one moment together. */
const gatherMs = 10;

export function openFleetLive(parts: LiveParts): FleetLive {
  const { tickMs, log } = parts;
  const streams = new Set<Stream>();
  let run: FleetRun | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** An early turn is set, or one is at work. */
  let isHurried = false;
  let emptySinceMs = 0;
  let turnAtMs = 0;
  let changedAtMs = 0;

  /** Two changes are a tick apart at least. */
  const wake = (of: FleetRun, atMs: number) => {
    clearTimeout(timer);
    const waitMs = Math.max(atMs, changedAtMs + tickMs) - performance.now();
    timer = setTimeout(() => void loop(of), Math.max(gatherMs, waitMs));
  };
  const loop = async (of: FleetRun) => {
    isHurried = true;
    const inTurn = performance.now() >= turnAtMs;
    if (inTurn) turnAtMs = performance.now() + tickMs;
    try {
      if (await of.tick(streams, inTurn)) changedAtMs = performance.now();
    } catch (error) {
      log.warn(`fleet events: ${errorText(error)}`);
    }
    if (run !== of) return;
    isHurried = false;
    if (streams.size > 0) emptySinceMs = performance.now();
    if (performance.now() - emptySinceMs > lingerMs) run = undefined;
    else wake(of, turnAtMs);
  };
  return {
    notice(keys) {
      if (!run?.notice(keys) || isHurried) return;
      isHurried = true;
      wake(run, 0);
    },
    async ready() {
      if (run) return run.begun;
      const fresh = openFleetRun(parts);
      run = fresh;
      isHurried = true;
      emptySinceMs = performance.now();
      try {
        await fresh.begun;
      } catch (error) {
        run = undefined;
        throw error;
      }
      void loop(fresh);
    },
    join(stream, lastEventId) {
      for (const chunk of run?.since(lastEventId) ?? []) stream.send(chunk);
      streams.add(stream);
    },
    leave: (stream) => void streams.delete(stream),
    close() {
      clearTimeout(timer);
      run = undefined;
    },
  };
}
