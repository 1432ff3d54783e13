// What was merely heard and is not written yet, kept by a process that handles batch after batch: no truth, for every
// monitor says it again after its interval, and whoever comes next hears that.
//
// 1. What changes a state is never kept back: it is written in the batch that brings it.
// 2. A process that dies takes the instants of at most about a second with it. Age is the newest canary less the instant
//    heard, so that a charge point is then taken for older by that second and its interval: less than its ttl.
// 3. Where processes come and go with each batch (functions) nothing is kept.
import type { Canary } from "../../wire/messages/index.ts";
import { brokenBetween, type Heard, type HeardCanary, isRowOld } from "../rules/feeds.ts";
import type { Known, Row } from "../tables/port.ts";
import { type FeedsRow, feedsRowOf } from "../tables/rows.ts";

interface Kept {
  canaries: Map<number, HeardCanary>;
  cps: Map<string, number>;
  newestMs: number;
  /** The row as it was seen last: a hint that spares reading it. */
  row: Pick<FeedsRow, "atMs" | "canaries"> | undefined;
  /** A batch of this process writes the row: another need not, at the same time. */
  isWritten: boolean;
}

export class HeardMemory {
  /** False: what is not written with its batch is lost. */
  readonly lasts: boolean;
  readonly #rows = new Map<number, Kept>();
  readonly #cps = new Map<string, Row>();

  constructor(lasts: boolean) {
    this.lasts = lasts;
  }

  noteCanary(feed: number, { bridge, everyMs }: Canary, ms: number): void {
    const kept = this.#of(feed);
    const before = kept.canaries.get(feed);
    if (ms <= (before?.ms ?? -1)) return;
    const broken = before && brokenBetween(before.broken, before.ms, ms, everyMs);
    kept.canaries.set(feed, {
      ms,
      bridge,
      everyMs,
      firstMs: before?.firstMs ?? ms,
      ...(broken && { broken }),
    });
    kept.newestMs = Math.max(kept.newestMs, ms);
  }

  noteCp(feed: number, cp: string, ms: number): void {
    const kept = this.#of(feed);
    if (ms <= (kept.cps.get(cp) ?? 0)) return;
    kept.cps.set(cp, ms);
    kept.newestMs = Math.max(kept.newestMs, ms);
  }

  /** When the charge point was heard, as far as it is not written yet. */
  cpMs(feed: number, cp: string): number | undefined {
    return this.#of(feed).cps.get(cp);
  }

  /** A charge point's row as it was read last: only its version need be asked for. */
  readonly known: Known = ({ sk }) => this.#cps.get(sk);

  noteRow(row: Row): void {
    if (this.lasts) this.#cps.set(row.sk, row);
  }

  /** All that is kept for the row of this feed. */
  heard(feed: number): Heard {
    return this.#of(feed);
  }

  /** Whether it is worth reading the row. */
  isDue(feed: number): boolean {
    const kept = this.#of(feed);
    if (kept.isWritten || kept.canaries.size + kept.cps.size === 0) return false;
    return !this.lasts || isRowOld(kept.row, kept.newestMs, kept.canaries);
  }

  /** From true to false nobody else's batch finds the row due; what comes meanwhile is kept for the next write. */
  isWritten(feed: number, isWritten: boolean): void {
    this.#of(feed).isWritten = isWritten;
  }

  /** The row of this feed is as `row`: what it has need not be kept. */
  isStored(feed: number, row: FeedsRow): void {
    const kept = this.#of(feed);
    for (const [of, { ms }] of kept.canaries)
      if (ms <= (row.canaries[of]?.ms ?? -1)) kept.canaries.delete(of);
    for (const [cp, ms] of kept.cps) if (ms <= (row.heard[cp] ?? 0)) kept.cps.delete(cp);
    kept.row = { atMs: row.atMs, canaries: row.canaries };
  }

  #of(feed: number): Kept {
    const row = feedsRowOf(feed);
    const known = this.#rows.get(row);
    if (known) return known;
    const kept: Kept = { canaries: new Map(), cps: new Map(), newestMs: 0, row: undefined, isWritten: false };
    this.#rows.set(row, kept);
    return kept;
  }
}
