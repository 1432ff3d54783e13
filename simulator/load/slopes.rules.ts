// What one more charge point costs, from runs of different sizes: slopes, so that fixed costs fall out.

export interface SizeFigures {
  cps: number;
  /** Cores, all processes together. */
  cores: number;
  /** Of the workers together, and how many they are. */
  workerBytes: number;
  workers: number;
}

export interface Slope {
  from: number;
  to: number;
  /** CPU seconds per second and charge point. */
  coresPerCp: number;
}

/** Between neighbouring sizes, smallest first. */
export function cpuSlopes(sizes: readonly SizeFigures[]): Slope[] {
  const sorted = [...sizes].sort((a, b) => a.cps - b.cps);
  return sorted.slice(1).flatMap((to, i) => {
    const from = sorted[i];
    if (!from || to.cps === from.cps) return [];
    return [{ from: from.cps, to: to.cps, coresPerCp: (to.cores - from.cores) / (to.cps - from.cps) }];
  });
}

/**
 * Resident bytes per charge point in a worker, between the smallest and the largest size that have workers; each
 * worker beyond the first of the larger size counts as one with nobody in it. Undefined with one size.
 */
export function bytesPerCp(sizes: readonly SizeFigures[]): number | undefined {
  const sorted = sizes.filter(({ workers }) => workers > 0).sort((a, b) => a.cps - b.cps);
  const small = sorted[0];
  const large = sorted.at(-1);
  if (!small || !large || large.cps === small.cps) return undefined;
  // perCp = (L − w·base)/n and base = S/v − perCp·s/v, both for the same worker program.
  const v = small.workers;
  const w = large.workers;
  return (large.workerBytes - (w / v) * small.workerBytes) / (large.cps - (w / v) * small.cps);
}
