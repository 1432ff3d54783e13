// How fast a worker opens what it holds: never faster than it was told, slower as soon as those opened before wait
// for their connection or the worker's own loop runs late, faster again while all goes well.

export interface Ramp {
  /** Now, and at most. */
  perS: number;
  mostPerS: number;
  /** Openings due, the fraction included. */
  credit: number;
  atMs: number;
}

export interface RampView {
  nowMs: number;
  /** Opened and not connected yet. */
  waiting: number;
  /** By how much the loop came round too late. */
  lateMs: number;
}

export const leastPerS = 10;
/** So many seconds' worth of openings may wait for their connection. */
const patienceS = 1;
const lateLimitMs = 150;
const faster = 1.05;
const slower = 0.7;

export function newRamp(nowMs: number, mostPerS: number): Ramp {
  return { perS: mostPerS / 2, mostPerS, credit: 1, atMs: nowMs };
}

/** How many to open now. The slowest pace goes on even when nobody connects: a worker without broker still charges. */
export function stepRamp(ramp: Ramp, { nowMs, waiting, lateMs }: RampView): { ramp: Ramp; open: number } {
  const strained = lateMs > lateLimitMs || waiting > Math.max(leastPerS, ramp.perS * patienceS);
  const perS = strained
    ? Math.max(leastPerS, ramp.perS * slower)
    : Math.min(ramp.mostPerS, Math.max(leastPerS, ramp.perS * faster));
  const elapsedS = Math.max(0, nowMs - ramp.atMs) / 1000;
  // After a standstill nothing is made up for: that would be the rush this avoids.
  const credit = Math.min(perS / 4 + 1, ramp.credit + perS * elapsedS);
  const open = Math.floor(credit);
  return { ramp: { ...ramp, perS, credit: credit - open, atMs: nowMs }, open };
}
