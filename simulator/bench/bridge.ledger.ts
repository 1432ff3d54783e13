// What of a run's events is in Kafka: lost, doubled, out of order. Pure.
import { firstSeq, placesIn, seqAt, stampUsAt } from "./load/event-packets.ts";

export interface Verdict {
  expected: number;
  /** Records of the run in Kafka. */
  records: number;
  lost: number;
  /** Records beyond the first of their event. */
  repeats: number;
  /** Events that stand behind a later one of their device. */
  outOfOrder: number;
  /** Two records of one event with different bytes, or events that nobody sent. */
  foreign: number;
}

export interface Ledger {
  /** False when the record is none of the run's. */
  take(value: Uint8Array, partition?: number): boolean;
  verdict(): Verdict;
  /** When the record's event was first sent, µs of the monotonic clock. */
  stampUs(value: Uint8Array): number;
}

/** For a run of `connections` devices with `share` events each, named by its journal. */
export function openLedger(journal: string, connections: number, share: number): Ledger {
  const seen = Array.from({ length: connections }, () => new Float64Array(share));
  const highest = new Int32Array(connections).fill(-1);
  const verdict = { expected: connections * share, records: 0, repeats: 0, outOfOrder: 0, foreign: 0 };
  let places: ReturnType<typeof placesIn> | undefined;
  let cpAt = 0;
  let journalAt = 0;
  const mark = Buffer.from(journal);

  return {
    take(value) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      if (!places) {
        places = placesIn(value);
        cpAt = bytes.indexOf('"cp":"CP-B') + 10;
        journalAt = bytes.indexOf('"journal":"') + 11;
      }
      if (bytes.compare(mark, 0, mark.length, journalAt, journalAt + mark.length) !== 0) return false;
      verdict.records++;
      const device = Number(bytes.toString("latin1", cpAt, cpAt + 4));
      const index = seqAt(value, places) - firstSeq;
      const stampUs = stampUsAt(value, places);
      const stamps = seen[device];
      if (!stamps || index < 0 || index >= share) verdict.foreign++;
      else if (stamps[index] !== 0) {
        verdict.repeats++;
        if (stamps[index] !== stampUs) verdict.foreign++;
      } else {
        stamps[index] = stampUs;
        if (index < (highest[device] ?? 0)) verdict.outOfOrder++;
        else highest[device] = index;
      }
      return true;
    },
    verdict: () => {
      const there = seen.reduce((sum, stamps) => sum + stamps.filter((us) => us !== 0).length, 0);
      return { ...verdict, lost: verdict.expected - there };
    },
    stampUs: (value) => (places ? stampUsAt(value, places) : 0),
  };
}
