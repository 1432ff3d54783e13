// When each charge point and each feed was last heard, as it is stored: several feeds share a row, for each write of it
// costs as much as one of a session.
import { type Broken, type FeedCanary, type FeedRow, type FeedsRow, feedsRowOf } from "../tables/rows.ts";

/** The newest of the canaries that came since the row was written. */
export interface HeardCanary extends FeedCanary {
  /** The first of them. */
  firstMs: number;
  /** Undefined: an older bridge, which does not tell; then no pause is too long. */
  everyMs: number | undefined;
}

/** Instants on the bridge's clock. */
export interface Heard {
  /** By feed. */
  canaries: ReadonlyMap<number, HeardCanary>;
  /** By charge point. */
  cps: ReadonlyMap<string, number>;
}

/** Between two writes of a row when nothing but time passed: the canary's interval. */
export const feedWriteMs = 1_000;

/** One feed as its readers see it; undefined: nothing of its row was ever heard. */
export function feedIn(row: FeedsRow | undefined, feed: number): FeedRow | undefined {
  if (!row) return undefined;
  const canary = row.canaries[feed];
  return {
    canaryMs: canary?.ms ?? null,
    bridge: canary?.bridge ?? null,
    broken: canary?.broken ?? null,
    heard: row.heard,
  };
}

/** A canary may be lost, and the next be late: what is longer than this many intervals was an outage. */
const pauseIntervals = 2.5;
/** Two outages with less between them are one: charge points need a while to be heard again. */
const mendedIntervals = 10;

/** The last outage of a feed whose canary came at `fromMs` and then at `untilMs`. */
export function brokenBetween(
  before: Broken | undefined,
  fromMs: number,
  untilMs: number,
  everyMs: number | undefined,
): Broken | undefined {
  if (everyMs === undefined || untilMs - fromMs <= pauseIntervals * everyMs) return before;
  const isOne = before !== undefined && fromMs - before.untilMs < mendedIntervals * everyMs;
  return { fromMs: isOne ? before.fromMs : fromMs, untilMs };
}

/** The same, out of the rows of all feeds (`feedsKeys`), in their order. */
export function feedAmong(
  rows: readonly ({ value: unknown } | undefined)[],
  feed: number,
): FeedRow | undefined {
  return feedIn(rows[feedsRowOf(feed)]?.value as FeedsRow | undefined, feed);
}

/** The row with what is newer among `heard`; undefined: nothing is. */
export function afterHearing(before: FeedsRow | undefined, heard: Heard): FeedsRow | undefined {
  const row: FeedsRow = {
    atMs: before?.atMs ?? 0,
    canaries: { ...before?.canaries },
    heard: { ...before?.heard },
  };
  let isNews = false;
  for (const [feed, canary] of heard.canaries) {
    const known = row.canaries[feed];
    if (canary.ms <= (known?.ms ?? -1)) continue;
    row.canaries[feed] = afterCanary(known, canary);
    row.atMs = Math.max(row.atMs, canary.ms);
    isNews = true;
  }
  for (const [cp, ms] of heard.cps) {
    if (ms <= (row.heard[cp] ?? 0)) continue;
    row.heard[cp] = ms;
    row.atMs = Math.max(row.atMs, ms);
    isNews = true;
  }
  if (!isNews) return undefined;
  // Of who is silent for so long the charge point's own row tells enough, and the row must not grow for ever.
  for (const [cp, ms] of Object.entries(row.heard)) if (row.atMs - ms > rememberedMs) delete row.heard[cp];
  return row;
}

const rememberedMs = 24 * 3_600_000;

function afterCanary(known: FeedCanary | undefined, canary: HeardCanary): FeedCanary {
  const { ms, bridge, firstMs, everyMs } = canary;
  const between = known && brokenBetween(known.broken, known.ms, firstMs, everyMs);
  const broken = canary.broken ?? between;
  return { ms, bridge, ...(broken && { broken }) };
}

/**
 * For a writer that keeps what it does not write: true when the row as a whole, or one of its feeds, is older than the
 * interval. A feed counts for itself only later, so that feeds that are heard together are written together.
 */
export function isRowOld(
  before: Pick<FeedsRow, "atMs" | "canaries"> | undefined,
  newestMs: number,
  canaries: Heard["canaries"],
): boolean {
  if (!before || newestMs - before.atMs >= feedWriteMs) return true;
  for (const [feed, { ms }] of canaries)
    if (ms - (before.canaries[feed]?.ms ?? 0) >= 2 * feedWriteMs) return true;
  return false;
}

/** For a writer that forgets: true when anybody's instant would be lost that is older than the interval allows. */
export function isAnyOld(before: FeedsRow | undefined, next: FeedsRow): boolean {
  const leastMs = 0.9 * feedWriteMs;
  return (
    Object.entries(next.canaries).some(
      ([feed, { ms }]) => ms - (before?.canaries[feed]?.ms ?? 0) >= leastMs,
    ) || Object.entries(next.heard).some(([cp, ms]) => ms - (before?.heard[cp] ?? 0) >= leastMs)
  );
}

/** A row in which these feeds' canaries came at `canaryMs`. */
export function feedsRow(
  feeds: readonly number[],
  canaryMs: number | null,
  heard: Readonly<Record<string, number>>,
  bridge = "bridge-all",
): FeedsRow {
  const canary = canaryMs === null ? [] : feeds.map((feed) => [feed, { ms: canaryMs, bridge }] as const);
  return {
    atMs: Math.max(0, canaryMs ?? 0, ...Object.values(heard)),
    canaries: Object.fromEntries(canary),
    heard: { ...heard },
  };
}
