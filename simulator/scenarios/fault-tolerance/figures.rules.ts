// The measured times of the fault tolerance tests against what is promised and aimed at. Pure.
import { columns, durationText } from "../../cli/text.ts";
import type { Verdict } from "../record.ts";

interface Target {
  /** Never later. */
  promiseS: number;
  /** The median's aim; a missed one is told, and fails nothing. */
  aimS: number;
}

/** What is measured. A name reads as from → to. */
export const targets = {
  "engine killed → Broken at Central": { promiseS: 6, aimS: 3 },
  "engine frozen → Broken at Central": { promiseS: 6, aimS: 3.8 },
  "engine started → On": { promiseS: 30, aimS: 5 },
  "engine let go on → On": { promiseS: 30, aimS: 5 },
  // A killed monitor's last will tells at once; a silent one is missed after its 6 s and a second.
  "monitor killed → Disconnected": { promiseS: 7.5, aimS: 2 },
  "monitor started → On": { promiseS: 30, aimS: 5 },
  "phone started → answers": { promiseS: 30, aimS: 5 },
  "Central started → all On, by fresh news": { promiseS: 30, aimS: 5 },
  "Kafka started → all On, by fresh news": { promiseS: 30, aimS: 5 },
  "several started → all On, by fresh news": { promiseS: 30, aimS: 5 },
} satisfies Record<string, Target>;

export type FigureName = keyof typeof targets;

/** Bound and figure of an expectation in one. */
export function timed(figure: FigureName): { withinS: number; figure: FigureName } {
  return { withinS: targets[figure].promiseS, figure };
}

export interface Figure extends Target {
  what: string;
  n: number;
  medianMs: number;
  mostMs: number;
  /** Samples that never came. */
  missing: number;
  kept: boolean;
  aimMet: boolean;
}

export function figuresOf(verdicts: readonly Verdict[]): Figure[] {
  return Object.entries(targets).flatMap(([what, target]) => {
    const samples = verdicts.filter(({ figure }) => figure === what);
    if (samples.length === 0) return [];
    const times = samples.flatMap(({ tookMs }) => tookMs ?? []).sort((a, b) => a - b);
    const missing = samples.length - times.length;
    const medianMs = times[Math.floor((times.length - 1) / 2)] ?? Number.NaN;
    const mostMs = times.at(-1) ?? Number.NaN;
    return {
      what,
      ...target,
      n: samples.length,
      medianMs,
      mostMs,
      missing,
      kept: missing === 0 && mostMs <= target.promiseS * 1_000,
      aimMet: missing === 0 && medianMs <= target.aimS * 1_000,
    };
  });
}

export function figureTable(figures: readonly Figure[]): string[] {
  const rows = figures.map((one) => [
    one.what,
    String(one.n),
    durationText(one.medianMs),
    durationText(one.mostMs),
    `≤${one.promiseS} s ${one.kept ? "✓" : one.missing > 0 ? `✗ ${one.missing} never` : "✗"}`,
    `≤${one.aimS} s ${one.aimMet ? "✓" : "missed"}`,
  ]);
  return columns([["MEASURED", "N", "MEDIAN", "MOST", "PROMISED", "AIM (MEDIAN)"], ...rows]);
}
