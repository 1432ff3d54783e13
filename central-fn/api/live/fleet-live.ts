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

export function openFleetLive(parts: LiveParts): FleetLive {
  const streams = new Set<Stream>();
  let run: FleetRun | undefined;
  let timer: NodeJS.Timeout | undefined;
  let emptySinceMs = 0;

  const loop = async (of: FleetRun) => {
    try {
      await of.tick(streams);
    } catch (error) {
      parts.log.warn(`fleet events: ${errorText(error)}`);
    }
    if (run !== of) return;
    if (streams.size > 0) emptySinceMs = parts.now();
    if (parts.now() - emptySinceMs > lingerMs) run = undefined;
    else timer = setTimeout(() => void loop(of), parts.tickMs);
  };
  return {
    notice: (keys) => run?.notice(keys),
    async ready() {
      if (run) return run.begun;
      const fresh = openFleetRun(parts);
      run = fresh;
      emptySinceMs = parts.now();
      try {
        await fresh.begun;
      } catch (error) {
        run = undefined;
        throw error;
      }
      timer = setTimeout(() => void loop(fresh), parts.tickMs);
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
