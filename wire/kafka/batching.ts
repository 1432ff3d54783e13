// The producer's queue: what arrived while the last batch was on its way is the next batch, in order of arrival.
import type { OutRecord } from "./port.ts";

export interface Waiting {
  record: OutRecord;
  bytes: number;
  /** Called once: without a reason when the record is in the log, with one when it is refused. */
  settle(refusal?: string): void;
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

/** Fixed cost of a record on the wire beside key, value and headers, generously. */
const recordOverheadBytes = 64;

/** Upper bound of what the record takes on the wire, bytes. */
export function recordBytes(record: OutRecord): number {
  let bytes = recordOverheadBytes + Buffer.byteLength(record.key);
  bytes += typeof record.value === "string" ? Buffer.byteLength(record.value) : record.value.byteLength;
  for (const [name, value] of Object.entries(record.headers ?? {}))
    bytes += 8 + Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}
