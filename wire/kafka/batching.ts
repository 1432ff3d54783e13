// The producer's queue: what arrived while the last batch was on its way is the next batch, in order of arrival.
import type { OutRecord } from "./port.ts";
import type { Refusal } from "./refused.ts";

/** Records that were given together; settled when all of them are. */
export interface Call {
  /** Records of the call that are neither in the log nor refused yet. */
  open: number;
  refused: Refusal[];
  /** Called once, when nothing is open. */
  settled(refused: readonly Refusal[]): void;
}

export interface Waiting {
  record: OutRecord;
  bytes: number;
  /** The call that brought it. */
  call: Call;
}

/** Without a reason when the record is in the log, with one when it is refused; once per record. */
export function settle({ record, call }: Pick<Waiting, "record" | "call">, reason?: string): void {
  if (reason !== undefined) call.refused.push({ record, reason });
  call.open--;
  if (call.open === 0) call.settled(call.refused);
}

export interface Limits {
  records: number;
  bytes: number;
}

export interface WaitingQueue {
  readonly length: number;
  put(waiting: Waiting): void;
  /** The oldest records within the limits, at least one when any waits. */
  take(limits: Limits): Waiting[];
}

export function openQueue(): WaitingQueue {
  let items: Waiting[] = [];
  let head = 0;
  return {
    get length() {
      return items.length - head;
    },
    put(waiting) {
      items.push(waiting);
    },
    take(limits) {
      let end = head;
      let bytes = 0;
      while (end < items.length && end - head < limits.records) {
        bytes += items[end]?.bytes ?? 0;
        if (bytes > limits.bytes && end > head) break;
        end++;
      }
      const batch = items.slice(head, end);
      head = end;
      // Shifting a long array record by record would cost more than the records.
      if (head > 4_096 || head === items.length) {
        items = items.slice(head);
        head = 0;
      }
      return batch;
    },
  };
}
