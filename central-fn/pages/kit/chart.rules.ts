// A chart's geometry: from values over time to lines, ticks and what lies under the pointer. Pure.

export interface Sample {
  atMs: number;
  value: number;
}

export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Scale {
  from: number;
  to: number;
  ticks: number[];
}

/** Round steps (1, 2, 5 × 10ⁿ) from 0 to at least `most`, about `wanted` of them. */
export function valueScale(most: number, wanted = 4): Scale {
  const top = most > 0 ? most : 1;
  const rough = top / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? 10 * power;
  const steps = Math.ceil(top / step - 1e-9);
  return {
    from: 0,
    to: steps * step,
    ticks: Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(12))),
  };
}

const stepsMs = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1_000,
);

/** Whole instants between the ends, at most `wanted`. */
export function timeTicks(fromMs: number, toMs: number, wanted = 5): number[] {
  const span = Math.max(1, toMs - fromMs);
  const step =
    stepsMs.find((ms) => span / ms <= wanted) ?? Math.ceil(span / wanted / 86_400_000) * 86_400_000;
  const first = Math.ceil(fromMs / step) * step;
  return Array.from(
    { length: Math.max(0, Math.floor((toMs - first) / step) + 1) },
    (_, i) => first + i * step,
  );
}

export function xOf(frame: Frame, fromMs: number, toMs: number, atMs: number): number {
  const inner = frame.width - frame.left - frame.right;
  return frame.left + (inner * (atMs - fromMs)) / Math.max(1, toMs - fromMs);
}

export function yOf(frame: Frame, scale: Scale, value: number): number {
  const inner = frame.height - frame.top - frame.bottom;
  return frame.top + inner * (1 - (value - scale.from) / (scale.to - scale.from));
}

/** SVG path through the samples; a gap longer than `gapMs` interrupts the line: nobody knows what was there. */
export function linePath(
  samples: readonly Sample[],
  x: (atMs: number) => number,
  y: (value: number) => number,
  gapMs: number,
): string {
  let before: Sample | undefined;
  return samples
    .map((sample) => {
      const move = before === undefined || sample.atMs - before.atMs > gapMs;
      before = sample;
      return `${move ? "M" : "L"}${x(sample.atMs).toFixed(1)} ${y(sample.value).toFixed(1)}`;
    })
    .join("");
}

/** The sample nearest in time; undefined when there is none. */
export function nearest(samples: readonly Sample[], atMs: number): Sample | undefined {
  let best: Sample | undefined;
  for (const sample of samples)
    if (!best || Math.abs(sample.atMs - atMs) < Math.abs(best.atMs - atMs)) best = sample;
  return best;
}

/** At most `wanted` samples that look the same: of each stretch the least and the greatest. */
export function thinned(samples: readonly Sample[], wanted: number): Sample[] {
  if (samples.length <= wanted) return [...samples];
  const perBucket = Math.ceil(samples.length / (wanted / 2));
  const kept: Sample[] = [];
  for (let from = 0; from < samples.length; from += perBucket) {
    const bucket = samples.slice(from, from + perBucket);
    const first = bucket[0];
    if (!first) continue;
    let [least, most] = [first, first];
    for (const sample of bucket) {
      if (sample.value < least.value) least = sample;
      if (sample.value > most.value) most = sample;
    }
    kept.push(...(least === most ? [least] : least.atMs < most.atMs ? [least, most] : [most, least]));
  }
  return kept;
}
