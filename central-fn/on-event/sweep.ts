// One sweep over every charge point: reads all rows, carries out what is due.

import { partitionOf } from "../../wire/messages/index.ts";
import { feedAmong } from "../rules/feeds.ts";
import type { KeptRows } from "../tables/kept.ts";
import type { Row } from "../tables/port.ts";
import { type CpRow, feedsKeys, partitions as tablePartitions } from "../tables/rows.ts";
import { carryOut, queryRows, readRows, type Steps } from "./execute.ts";
import { isDue, planSweep, type SweepTimes, sweepTimes } from "./sweep.rules.ts";

/** Resolves to the number of charge points for which something was done. `kept` are the rows of the sweep before. */
export function* sweep(
  partitions: number,
  nowMs: number,
  times: SweepTimes = sweepTimes,
  kept?: KeptRows,
): Steps<number> {
  const feeds = yield* readRows(feedsKeys(partitions));
  const read: Row[] = [];
  let done = 0;
  for (const pk of tablePartitions.cps) {
    const rows = yield* queryRows(pk, kept?.known);
    for (const row of rows) {
      if (row) read.push(row);
      const cp = (row as Row<CpRow>).value;
      const feed = partitionOf(cp.cp, partitions);
      const heard = feedAmong(feeds, feed);
      if (!isDue(cp, heard, nowMs, times)) continue;
      yield* carryOut((rows) => planSweep(rows, cp.cp, feed, nowMs, times), nowMs);
      done += 1;
    }
  }
  kept?.keep(read);
  return done;
}
