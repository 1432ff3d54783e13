// What this process knows of the fleet, kept near to the table at a cost that follows what changes: rows that its own
// commits touched are read at the next refresh, every shard once per round of refreshes, whoever changed it.
import { cpOfSid, partitionOf } from "../../../wire/messages/index.ts";
import type { Key, Table } from "../../tables/port.ts";
import { type CpRow, type FeedRow, partitions } from "../../tables/rows.ts";
import { type CpFacts, readFeeds, readRunning, readSome } from "../fleet.ts";

export interface FleetMirror {
  /** Keys that a commit changed. */
  notice(keys: readonly Key[]): void;
  /** Reads what is due. Gives the ids of those that may have changed, by a row of theirs or by their feed. */
  refresh(): Promise<ReadonlySet<string>>;
  /** Retired ones too. */
  readonly facts: ReadonlyMap<string, CpFacts>;
  readonly feeds: readonly (FeedRow | undefined)[];
}

const shards = partitions.cps.map((pk, shard) => ({ pk, shard }));

/** `round`: after so many refreshes each shard was read. The first reads all of them. */
export function openFleetMirror(table: Table, feedCount: number, round: number): FleetMirror {
  const facts = new Map<string, CpFacts>();
  let feeds: (FeedRow | undefined)[] = [];
  let noticed = new Set<string>();
  let feedsNoticed = true;
  let turn = -1;

  /** Gives those whose feed brought something. */
  const refreshFeeds = async (): Promise<string[]> => {
    const before = feeds;
    feeds = await readFeeds(table, feedCount);
    const heard = (feed: FeedRow | undefined) => JSON.stringify(feed);
    const moved = new Set(feeds.flatMap((feed, n) => (heard(feed) === heard(before[n]) ? [] : [n])));
    if (moved.size === 0) return [];
    const touched: string[] = [];
    for (const [id, of] of facts) {
      const n = partitionOf(id, feedCount);
      if (!moved.has(n)) continue;
      facts.set(id, { ...of, feed: feeds[n] });
      touched.push(id);
    }
    return touched;
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
      for (const { pk, sk } of keys) {
        if (pk.startsWith("cps#") || pk.startsWith("live#")) noticed.add(sk);
        else if (pk.startsWith("feed#")) feedsNoticed = true;
        else if (sk.startsWith("session#")) noticed.add(cpOfSid(sk.slice("session#".length)) ?? "");
      }
    },
    async refresh() {
      const first = turn < 0;
      const wanted = noticed;
      const withFeeds = feedsNoticed || turn === 0;
      noticed = new Set();
      feedsNoticed = false;
      try {
        const moved = withFeeds ? await refreshFeeds() : [];
        const due = shards.filter(({ shard }) => first || shard % round === turn).map(({ pk }) => pk);
        const cps = await readShards(due);
        const running = await readRunning(table, cps);
        const read = new Set(cps.map(({ cp }) => cp));
        for (const cp of cps)
          facts.set(cp.cp, { cp, ...running(cp), feed: feeds[partitionOf(cp.cp, feedCount)] });
        const rest = [...wanted].filter((id) => id !== "" && !read.has(id));
        if (rest.length > 0) for (const [id, of] of await readSome(table, rest, feedCount)) facts.set(id, of);
        turn = (turn + 1) % round;
        return new Set([...moved, ...read, ...rest]);
      } catch (error) {
        // Nothing of what was due is lost: it is due again.
        for (const id of wanted) noticed.add(id);
        feedsNoticed ||= withFeeds;
        throw error;
      }
    },
  };
}
