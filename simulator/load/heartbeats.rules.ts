// Every charge point's heartbeat as GET /cp shows it: gaps between beats, and states that nobody caused.

export interface Beat {
  cp: string;
  state: "ON" | "BROKEN" | "DISCONNECTED";
  /** When its monitor was heard last, on the bridge's clock; null: never. */
  heardMs: number | null;
}

export interface Heartbeats {
  /** Between the beats of one charge point, milliseconds. */
  gapsMs: number[];
  /** Charge points that were shown as anything but On after they had been On: the worst state, and how often. */
  fallen: Map<string, { state: Beat["state"]; looks: number }>;
  looks: number;
  /** When the looker looked last, on its own clock. */
  lookedMs: number | null;
  known: Map<string, { heardMs: number | null; wasOn: boolean }>;
}

/** Of the interval: beats jitter, and an answer is up to some 100 ms old. */
const blindPart = 0.75;

export function noHeartbeats(): Heartbeats {
  return { gapsMs: [], fallen: new Map(), looks: 0, lookedMs: null, known: new Map() };
}

/**
 * Adds one look, taken at `lookedMs`. After a pause in which a beat may have come and gone unseen, what lies between
 * the beats seen is no gap.
 */
export function addLook(
  before: Heartbeats,
  beats: readonly Beat[],
  lookedMs: number,
  intervalMs: number,
): Heartbeats {
  const blind = before.lookedMs !== null && lookedMs - before.lookedMs > blindPart * intervalMs;
  const known = new Map(before.known);
  const fallen = new Map(before.fallen);
  const gapsMs = [...before.gapsMs];
  for (const { cp, state, heardMs } of beats) {
    const was = known.get(cp);
    if (!blind && was && was.heardMs !== null && heardMs !== null && heardMs > was.heardMs)
      gapsMs.push(heardMs - was.heardMs);
    if (was?.wasOn && state !== "ON") {
      const seen = fallen.get(cp);
      fallen.set(cp, {
        state: seen?.state === "DISCONNECTED" ? seen.state : state,
        looks: (seen?.looks ?? 0) + 1,
      });
    }
    known.set(cp, {
      heardMs: heardMs ?? was?.heardMs ?? null,
      wasOn: (was?.wasOn ?? false) || state === "ON",
    });
  }
  return { gapsMs, fallen, looks: before.looks + 1, lookedMs, known };
}

export interface Delays {
  beats: number;
  p50Ms: number;
  p99Ms: number;
  mostMs: number;
  /** Beats that came a whole interval late: one was missed. */
  missed: number;
}

/** How late the beats came, against their interval. */
export function delaysOf({ gapsMs }: Heartbeats, intervalMs: number): Delays {
  const late = gapsMs.map((gap) => Math.max(0, gap - intervalMs)).sort((a, b) => a - b);
  return {
    beats: late.length,
    p50Ms: quantile(late, 0.5),
    p99Ms: quantile(late, 0.99),
    mostMs: late.at(-1) ?? 0,
    missed: late.filter((ms) => ms >= intervalMs).length,
  };
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}
