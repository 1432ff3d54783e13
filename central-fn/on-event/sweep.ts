// One sweep over every charge point: reads all rows, carries out what is due.

import { partitionOf } from "../../wire/messages/index.ts";
import type { Row } from "../tables/port.ts";
import { type CpRow, type FeedRow, keys, partitions as tablePartitions } from "../tables/rows.ts";
import { carryOut, queryRows, readRows, type Steps } from "./execute.ts";
import { isDue, planSweep, type SweepTimes, sweepTimes } from "./sweep.rules.ts";

/** Resolves to the number of charge points for which something was done. */
export function* sweep(partitions: number, nowMs: number, times: SweepTimes = sweepTimes): Steps<number> {
  const feedKeys = Array.from({ length: partitions }, (_, feed) => keys.feed(feed));
  const feeds = yield* readRows(feedKeys);
  let done = 0;
  for (const pk of tablePartitions.cps) {
    for (const row of yield* queryRows(pk)) {
      const cp = (row as Row<CpRow>).value;
      const feed = partitionOf(cp.cp, partitions);
      const heard = (feeds[feed] as Row<FeedRow> | undefined)?.value;
      if (!isDue(cp, heard, nowMs, times)) continue;
      yield* carryOut((rows) => planSweep(rows, cp.cp, feed, nowMs, times), nowMs);
      done += 1;
    }
  }
  return done;
}
