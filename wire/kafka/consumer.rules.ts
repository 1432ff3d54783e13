// What to do after a handler has spoken about its batch.
import type { InRecord } from "./port.ts";

/**
 * What a handler says of the records of one topic-partition: the offset of the last record up to which, without a
 * gap, all is done (null: not even the first).
 */
export type DoneUpTo = string | null;

export interface Verdict {
  /** Commit up to and including this offset; null: nothing new. */
  commit: string | null;
  /** Records remain: read them again after a pause. */
  retry: boolean;
}

/** Throws when the offset named is not of this batch: a bug in the handler. */
export function afterBatch(records: readonly InRecord[], done: DoneUpTo): Verdict {
  if (done === null) return { commit: null, retry: records.length > 0 };
  const index = records.findIndex((record) => record.offset === done);
  if (index < 0) throw new Error(`offset ${done} is not one of this batch`);
  return { commit: done, retry: index < records.length - 1 };
}

/** Offset to return when everything is done. */
export function allOf(records: readonly InRecord[]): DoneUpTo {
  return records.at(-1)?.offset ?? null;
}

/** Offset to return when the records of these indices failed: what is before the first of them is done. */
export function doneBefore(records: readonly InRecord[], failed: Iterable<number>): DoneUpTo {
  let first = records.length;
  for (const index of failed) first = Math.min(first, index);
  return records[first - 1]?.offset ?? null;
}

/** Pause before reading again what failed `failures` times in a row: 250 ms doubling to 4 s. */
export function rereadPauseMs(failures: number): number {
  return Math.min(4_000, 250 * 2 ** Math.min(failures - 1, 10));
}
