// What a partition remembers of an idempotent producer, and whether its next batch is new, a repetition or out of
// order. Pure; the same verdicts as Apache Kafka, which also remembers five batches per producer.
import { errors } from "../codec/errors.ts";
import type { BatchHead } from "./batch.ts";

export interface ProducerState {
  readonly epoch: number;
  /** The newest batches of this epoch, oldest first, at least one. */
  readonly batches: readonly RememberedBatch[];
}

export interface RememberedBatch {
  readonly first: number;
  readonly last: number;
  readonly baseOffset: number;
}

export type Verdict =
  | { is: "new" }
  | { is: "duplicate"; baseOffset: number }
  | { is: "refused"; error: typeof errors.outOfOrderSequence | typeof errors.invalidProducerEpoch };

const rememberedBatches = 5;
const sequences = 2 ** 31;

/** Judges a batch by what is known of its producer; an unknown producer may start at any sequence (KIP-360). */
export function judge(known: ProducerState | undefined, head: BatchHead): Verdict {
  if (!known) return { is: "new" };
  if (head.producerEpoch < known.epoch) return { is: "refused", error: errors.invalidProducerEpoch };
  if (head.producerEpoch > known.epoch)
    return head.baseSequence === 0 ? { is: "new" } : { is: "refused", error: errors.outOfOrderSequence };
  const last = lastSequence(head);
  const same = known.batches.find((batch) => batch.first === head.baseSequence && batch.last === last);
  if (same) return { is: "duplicate", baseOffset: same.baseOffset };
  const newest = known.batches.at(-1);
  if (newest && head.baseSequence !== (newest.last + 1) % sequences)
    return { is: "refused", error: errors.outOfOrderSequence };
  return { is: "new" };
}

/** What is known after the batch was written at `baseOffset`. */
export function remember(
  known: ProducerState | undefined,
  head: BatchHead,
  baseOffset: number,
): ProducerState {
  const batch = { first: head.baseSequence, last: lastSequence(head), baseOffset };
  const before = known && known.epoch === head.producerEpoch ? known.batches : [];
  return { epoch: head.producerEpoch, batches: [...before, batch].slice(-rememberedBatches) };
}

function lastSequence(head: BatchHead): number {
  return (head.baseSequence + head.lastOffsetDelta) % sequences;
}
