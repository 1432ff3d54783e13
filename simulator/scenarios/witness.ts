// Looks at the whole fleet a few times a second while a story is played: for its picture, its live table, and the
// proof that nobody else was touched.
import { setTimeout as delay } from "node:timers/promises";
import type { CpReading } from "../cli/fleet-view.rules.ts";
import type { ServiceReport } from "../fleet/control-messages.ts";
import type { Doors } from "./public-doors.ts";
import type { CpLook, Look, ServiceLook } from "./record.ts";
import { addSample, type Rows } from "./timeline.rules.ts";

const everyMs = 250;

export interface Glance {
  /** Null: Central does not answer. */
  cps: CpReading[] | null;
  services: ServiceReport[];
}

export interface Witness {
  rows: Rows;
  newest(): Glance;
  /** Looks once more and ends. */
  close(): Promise<void>;
}

/** `sinceMs`: the story's beginning on the monotonic clock; `onGlance` is called after each look. */
export async function openWitness(
  doors: Doors,
  sinceMs: number,
  onGlance: (glance: Glance) => void,
): Promise<Witness> {
  const rows: Rows = new Map();
  const known = new Set<string>();
  const over = new AbortController();
  let newest: Glance = { cps: null, services: [] };
  const look = async () => {
    const [cps, services] = await Promise.all([doors.cps(), doors.services()]);
    newest = { cps, services };
    const sample = new Map<string, { look: Look; driver: string | null }>();
    for (const cp of cps ?? []) {
      known.add(cp.cp_id);
      sample.set(cp.cp_id, { look: cpLook(cp), driver: cp.current_driver });
    }
    if (cps === null) for (const cp of known) sample.set(cp, { look: "unknown", driver: null });
    for (const service of services) sample.set(service.name, { look: serviceLook(service), driver: null });
    addSample(rows, performance.now() - sinceMs, sample);
    onGlance(newest);
  };
  const loop = async () => {
    while (!over.signal.aborted) {
      await look();
      await delay(everyMs, undefined, { signal: over.signal }).catch(ended);
    }
  };
  const ended = (error: unknown) => {
    if (!over.signal.aborted) throw error;
  };
  await look();
  // A fleet that ends is told by whoever asks it next; the look at the end says it again.
  const looking = loop().catch(() => {});
  return {
    rows,
    newest: () => newest,
    async close() {
      over.abort();
      await looking;
      await look();
    },
  };
}

function cpLook(cp: CpReading): CpLook {
  switch (cp.state) {
    case "ON":
      return cp.engine_state === "SUPPLYING" ? "charging" : "on";
    case "BROKEN":
      return "broken";
    case "DISCONNECTED":
      return "disconnected";
  }
}

function serviceLook({ status, link }: ServiceReport): ServiceLook {
  switch (status) {
    case "running":
      // Trouble at the far end of its line ("ev-kafka cut") is the other's.
      return link === null || link === "connected" || link.startsWith("ev-") ? "running" : "cut";
    case "paused":
    case "starting":
    case "stopped":
    case "killed":
      return status;
    case "exited":
    case "crashed":
      return "killed";
  }
}
