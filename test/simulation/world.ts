// The simulated world's clock and dice: a heap of events in virtual milliseconds and a seeded generator.

export interface Scheduled {
  atMs: number;
  order: number;
  work: (() => void) | null;
}

export class World {
  nowMs = 0;
  readonly seed: number;
  /** Events worked off so far. */
  turns = 0;
  trace: ((line: string) => void) | null = null;
  readonly #heap: Scheduled[] = [];
  #order = 0;
  #random: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#random = (seed ^ 0x9e3779b9) >>> 0;
    for (let i = 0; i < 8; i++) this.random();
  }

  /** Uniform in [0, 1): mulberry32. */
  readonly random = (): number => {
    this.#random = (this.#random + 0x6d2b79f5) >>> 0;
    let t = this.#random;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** Whole number in [from, to]. */
  between(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.random() * items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += Math.floor(this.random() * 16).toString(16);
    return text;
  }

  after(ms: number, work: () => void): Scheduled {
    const item: Scheduled = { atMs: this.nowMs + Math.max(0, Math.ceil(ms)), order: this.#order++, work };
    push(this.#heap, item);
    return item;
  }

  cancel(item: Scheduled | undefined): void {
    if (item) item.work = null;
  }

  say(who: string, what: string): void {
    this.trace?.(`${(this.nowMs / 1000).toFixed(3).padStart(11)} ${who.padEnd(14)} ${what}`);
  }

  /** Works off every event up to `untilMs`; the clock stands there afterwards. */
  runUntil(untilMs: number): void {
    for (let next = this.#heap[0]; next && next.atMs <= untilMs; next = this.#heap[0]) {
      pop(this.#heap);
      const { work } = next;
      if (!work) continue;
      next.work = null;
      this.nowMs = next.atMs;
      this.turns += 1;
      work();
    }
    this.nowMs = untilMs;
  }
}

const before = (a: Scheduled, b: Scheduled) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

function push(heap: Scheduled[], item: Scheduled): void {
  let i = heap.length;
  heap.push(item);
  while (i > 0) {
    const parent = (i - 1) >> 1;
    const above = heap[parent];
    if (!above || !before(item, above)) break;
    heap[i] = above;
    i = parent;
  }
  heap[i] = item;
}

function pop(heap: Scheduled[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    const left = heap[child];
    if (!left) break;
    const right = heap[child + 1];
    let least = left;
    if (right && before(right, left)) {
      child += 1;
      least = right;
    }
    if (!before(least, last)) break;
    heap[i] = least;
    i = child;
  }
  heap[i] = last;
}
