// One sweep over every charge point: reads all rows, carries out what is due.

import { partitionOf } from "../../wire/messages/index.ts";
import { errorText } from "../../wire/process/log.ts";
import { feedAmong } from "../rules/feeds.ts";
import type { KeptRows } from "../tables/kept.ts";
import type { Row } from "../tables/port.ts";
import { type CpRow, feedsKeys, partitions as tablePartitions } from "../tables/rows.ts";
import { carryOut, isEverybodys, queryRows, readRows, type Steps } from "./execute.ts";
import { isDue, planSweep, type SweepTimes, sweepTimes } from "./sweep.rules.ts";

/**
 * Resolves to the number of charge points for which something was done. The clock is asked for each of them: a sweep may
 * wait long for Kafka. One whose decision breaks costs the others nothing; its error is thrown when all have had their
 * turn. `kept` are the rows of the sweep before.
 */
export function* sweep(
  partitions: number,
  now: () => number,
  times: SweepTimes = sweepTimes,
  kept?: KeptRows,
): Steps<number> {
  const feeds = yield* readRows(feedsKeys(partitions));
  const read: Row[] = [];
  let done = 0;
  let broken: Error | undefined;
  for (const pk of tablePartitions.cps) {
    const rows = yield* queryRows(pk, kept?.known);
    for (const row of rows) {
      if (row) read.push(row);
      const cp = (row as Row<CpRow>).value;
      const feed = partitionOf(cp.cp, partitions);
      const heard = feedAmong(feeds, feed);
      const nowMs = now();
      if (!isDue(cp, heard, nowMs, times)) continue;
      try {
        yield* carryOut((rows) => planSweep(rows, cp.cp, feed, nowMs, times), nowMs);
        done += 1;
      } catch (error) {
        if (isEverybodys(error)) throw error;
        broken ??= new Error(`${cp.cp}: ${errorText(error)}`, { cause: error });
      }
    }
  }
  kept?.keep(read);
  if (broken) throw broken;
  return done;
}
