// What this process knows of the fleet, kept near to the table at a cost that follows what changes: rows that its own
// commits touched are read at the next refresh, every shard once per round of refreshes, whoever changed it.
import { cpOfSid, partitionOf } from "../../../wire/messages/index.ts";
import type { Key, Table } from "../../tables/port.ts";
import { type CpRow, type FeedRow, keys as keysOf, type LiveRow, partitions } from "../../tables/rows.ts";
import { type CpFacts, readAll, readFeeds, readRunning, readSome } from "../fleet.ts";

export interface FleetMirror {
  /** Keys that a commit changed. True: worth a look at once; that somebody was merely heard is not. */
  notice(keys: readonly Key[]): boolean;
  /**
   * Reads what was noticed, and with `inTurn` the next shards too. Gives the ids of those that may have changed, by a
   * row of theirs or by their feed.
   */
  refresh(inTurn: boolean): Promise<ReadonlySet<string>>;
  /** Retired ones too. */
  readonly facts: ReadonlyMap<string, CpFacts>;
  readonly feeds: readonly (FeedRow | undefined)[];
}

const shards = partitions.cps.map((pk, shard) => ({ pk, shard }));

/** `round`: after so many refreshes in turn each shard was read. The first reads all of them. */
export function openFleetMirror(table: Table, feedCount: number, round: number): FleetMirror {
  const facts = new Map<string, CpFacts>();
  let feeds: (FeedRow | undefined)[] = [];
  let noticed = new Set<string>();
  let figuresNoticed = new Set<string>();
  let feedsNoticed = true;
  let turn = -1;

  /** Gives those whose feed brought something. */
  const refreshFeeds = async (): Promise<string[]> => {
    const before = feeds;
    feeds = await readFeeds(table, feedCount);
    const touched: string[] = [];
    for (const [id, of] of facts) {
      const n = partitionOf(id, feedCount);
      const [feed, known] = [feeds[n], before[n]];
      if (feed?.canaryMs === known?.canaryMs && feed?.heard[id] === known?.heard[id]) continue;
      facts.set(id, { ...of, feed });
      touched.push(id);
    }
    return touched;
  };

  /** Once per second of each that charges: its other rows need no reading for that. */
  const refreshFigures = async (ids: readonly string[]): Promise<void> => {
    const rows = await readAll(table, ids.map(keysOf.live));
    for (const [i, id] of ids.entries()) {
      const of = facts.get(id);
      const live = rows[i] as LiveRow | undefined;
      if (of) facts.set(id, { ...of, live: live?.sid === of.cp.claim?.sid ? live : undefined });
    }
  };

  const readShards = async (due: readonly string[]): Promise<CpRow[]> => {
    const rows = await Promise.all(due.map((pk) => table.query<CpRow>(pk)));
    return rows.flat().map(({ value }) => value);
  };

  return {
    facts,
    get feeds() {
      return feeds;
    },
    notice(keys) {
      const before = noticed.size + figuresNoticed.size;
      for (const { pk, sk } of keys) {
        if (pk.startsWith("live#")) figuresNoticed.add(sk);
        else if (pk.startsWith("cps#")) noticed.add(sk);
        else if (pk.startsWith("feed#")) feedsNoticed = true;
        else if (sk.startsWith("session#")) noticed.add(cpOfSid(sk.slice("session#".length)) ?? "");
      }
      return noticed.size + figuresNoticed.size > before;
    },
    async refresh(inTurn) {
      const first = turn < 0;
      const wanted = noticed;
      const withFeeds = feedsNoticed || (inTurn && turn === 0);
      const wantedFigures = figuresNoticed;
      noticed = new Set();
      figuresNoticed = new Set();
      feedsNoticed = false;
      try {
        const moved = withFeeds ? await refreshFeeds() : [];
        const due = shards
          .filter(({ shard }) => first || (inTurn && shard % round === turn))
          .map(({ pk }) => pk);
        const cps = await readShards(due);
        const running = await readRunning(table, cps);
        const read = new Set(cps.map(({ cp }) => cp));
        for (const cp of cps)
          facts.set(cp.cp, { cp, ...running.of(cp), feed: feeds[partitionOf(cp.cp, feedCount)] });
        const rest = [...wanted].filter((id) => id !== "" && !read.has(id));
        if (rest.length > 0) for (const [id, of] of await readSome(table, rest, feedCount)) facts.set(id, of);
        const charging = [...wantedFigures].filter((id) => !read.has(id) && !wanted.has(id));
        await refreshFigures(charging);
        if (first || inTurn) turn = (turn + 1) % round;
        return new Set([...moved, ...read, ...rest, ...charging]);
      } catch (error) {
        // Nothing of what was due is lost: it is due again.
        for (const id of wanted) noticed.add(id);
        for (const id of wantedFigures) figuresNoticed.add(id);
        feedsNoticed ||= withFeeds;
        throw error;
      }
    },
  };
}
