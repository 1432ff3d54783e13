// The fleet as stored, read once for many: rows of every charge point with what runs on it and its feed.
//
// A reading is shared by everybody who asks while it is under way and for `freshMs` after it began; nothing in it
// is older than that, nor older than what somebody was told of a single charge point since.
import { isDeepStrictEqual } from "node:util";
import { partitionOf } from "../../wire/messages/index.ts";
import { feedAmong, feedIn } from "../rules/feeds.ts";
import { keepRows } from "../tables/kept.ts";
import type { Key, Known, Row, Table } from "../tables/port.ts";
import {
  type CpRow,
  type FeedRow,
  type FeedsRow,
  feedsKeys,
  feedsPerRow,
  feedsRowOf,
  keys,
  type LiveRow,
  partitions,
  type SessionRow,
} from "../tables/rows.ts";

/** What is known of one charge point. */
export interface CpFacts {
  cp: CpRow;
  /** The session that holds the claim, and its newest figures. */
  session: SessionRow | undefined;
  live: LiveRow | undefined;
  feed: FeedRow | undefined;
}

export interface FleetReading {
  /** Ordered by id, retired ones left out. */
  cps: CpFacts[];
  feeds: readonly (FeedRow | undefined)[];
}

export interface Fleet {
  /** At most `freshMs` old. */
  all(): Promise<FleetReading>;
  /** Those that are retired, ordered by id, as stored now. */
  retired(): Promise<CpFacts[]>;
  /** As stored now. */
  one(cp: string): Promise<CpFacts | undefined>;
}

export interface FleetOptions {
  table: Table;
  /** Kafka partitions of cp.status, one feed each. */
  partitions: number;
  freshMs: number;
}

export function openFleet({ table, partitions: feedCount, freshMs }: FleetOptions): Fleet {
  let shared: { reading: Promise<FleetReading>; begunMs: number } | undefined;
  const kept = keepRows();
  const read = async (ofRetired = false): Promise<FleetReading> => {
    const [rows, feeds] = await Promise.all([
      Promise.all(partitions.cps.map((pk) => table.query<CpRow>(pk, undefined, kept.known))),
      readFeeds(table, feedCount),
    ]);
    const found = rows.flat();
    const cps = found
      .map(({ value }) => value)
      .filter(({ retired }) => retired === ofRetired)
      .sort((a, b) => compare(a.cp, b.cp));
    const running = await readRunning(table, cps, kept.known);
    if (!ofRetired) kept.keep([...found, ...running.rows]);
    return {
      feeds,
      cps: cps.map((cp) => ({ cp, ...running.of(cp), feed: feeds[partitionOf(cp.cp, feedCount)] })),
    };
  };
  return {
    all() {
      const nowMs = performance.now();
      if (shared && nowMs - shared.begunMs < freshMs) return shared.reading;
      const begun = { reading: read(), begunMs: nowMs };
      shared = begun;
      // A failed reading is told to those who wait for it, and not kept for those who come next.
      begun.reading.catch(() => {
        if (shared === begun) shared = undefined;
      });
      return begun.reading;
    },
    async retired() {
      return (await read(true)).cps;
    },
    async one(id) {
      const before = shared;
      const facts = (await readSome(table, [id], feedCount)).get(id);
      // Whoever saw the point come on must not find it off in the list: news of one ends the shared reading.
      const listed = (await before?.reading.catch(() => undefined))?.cps.find(({ cp }) => cp.cp === id)?.cp;
      const told = facts?.cp.retired ? undefined : facts?.cp;
      if (shared === before && !isDeepStrictEqual(listed, told)) shared = undefined;
      return facts;
    },
  };
}

/** Those that are stored, by id, as stored now. */
export async function readSome(
  table: Table,
  ids: readonly string[],
  feedCount: number,
): Promise<Map<string, CpFacts>> {
  const feeds = [...new Set(ids.map((id) => feedsRowOf(partitionOf(id, feedCount))))];
  const wanted = [...ids.map(keys.cp), ...feeds.map((row) => keys.feeds(row * feedsPerRow))];
  const values = await readAll(table, wanted);
  const feedRows = new Map(feeds.map((row, i) => [row, values[ids.length + i] as FeedsRow | undefined]));
  const feedOf = (cp: string) => {
    const feed = partitionOf(cp, feedCount);
    return feedIn(feedRows.get(feedsRowOf(feed)), feed);
  };
  const cps = values.slice(0, ids.length).flatMap((value) => (value ? [value as CpRow] : []));
  const running = await readRunning(table, cps);
  return new Map(cps.map((cp) => [cp.cp, { cp, ...running.of(cp), feed: feedOf(cp.cp) }]));
}

export async function readFeeds(table: Table, count: number): Promise<(FeedRow | undefined)[]> {
  const rows = await table.getMany(feedsKeys(count));
  return Array.from({ length: count }, (_, feed) => feedAmong(rows, feed));
}

export interface Running {
  of(cp: CpRow): Pick<CpFacts, "session" | "live">;
  /** As they were read. */
  rows: Row[];
}

/** Sessions and figures of the charge points that are claimed. */
export async function readRunning(table: Table, cps: readonly CpRow[], known?: Known): Promise<Running> {
  const claimed = cps.flatMap(({ cp, claim }) => (claim ? [{ cp, claim }] : []));
  const wanted = claimed.flatMap(({ cp, claim }) => [keys.session(claim.driver, claim.sid), keys.live(cp)]);
  const found = await readRows(table, wanted, known);
  const rows = found.map((row) => row?.value);
  const byCp = new Map<string, ReturnType<Running["of"]>>();
  claimed.forEach(({ cp, claim }, i) => {
    const live = rows[2 * i + 1] as LiveRow | undefined;
    byCp.set(cp, {
      session: rows[2 * i] as SessionRow | undefined,
      // The figures of an earlier session say nothing about this one.
      live: live?.sid === claim.sid ? live : undefined,
    });
  });
  return {
    of: ({ cp }) => byCp.get(cp) ?? { session: undefined, live: undefined },
    rows: found.flatMap((row) => row ?? []),
  };
}

const keysPerRead = 100;

/** Rows in the order of the keys, however many. */
async function readRows(table: Table, wanted: readonly Key[], known?: Known): Promise<(Row | undefined)[]> {
  const parts: Promise<(Row | undefined)[]>[] = [];
  for (let from = 0; from < wanted.length; from += keysPerRead)
    parts.push(table.getMany(wanted.slice(from, from + keysPerRead), known));
  return (await Promise.all(parts)).flat();
}

/** Values in the order of the keys, however many. */
export async function readAll(table: Table, wanted: readonly Key[]): Promise<unknown[]> {
  return (await readRows(table, wanted)).map((row) => row?.value);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
