// Rows of one reading, kept for the next one of the same rows: most have not changed, and need only their version asked.
import type { Key, Known, Row } from "./port.ts";

export interface KeptRows {
  known: Known;
  /** From now on these and no others. */
  keep(rows: readonly Row[]): void;
}

export function keepRows(): KeptRows {
  let kept = new Map<string, Row>();
  const name = ({ pk, sk }: Key) => `${pk}|${sk}`;
  return {
    known: (key) => kept.get(name(key)),
    keep: (rows) => {
      kept = new Map(rows.map((row) => [name(row), row]));
    },
  };
}
