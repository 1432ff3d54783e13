// Repeatable chance for pure cores: a 32-bit seed goes in, a number and the next seed come out (mulberry32).

export interface Drawn {
  /** 0 ≤ value < 1. */
  value: number;
  seed: number;
}

export function draw(seed: number): Drawn {
  const next = (seed + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(next ^ (next >>> 15), next | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return { value: ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32, seed: next };
}

/** A whole number from `low` to `high`, both included. */
export function drawWhole(seed: number, low: number, high: number): Drawn {
  const drawn = draw(seed);
  return { value: low + Math.floor(drawn.value * (high - low + 1)), seed: drawn.seed };
}

/** A seed out of any text, so that every charge point has its own chance. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
