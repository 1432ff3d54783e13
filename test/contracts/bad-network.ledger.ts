// A table behind a bad network that books every message by its identity, each once, in one commit with the mark of
// its key: what was lost, doubled or changed on the way shows in its rows.
import type { Write } from "../../central-fn/tables/port.ts";
import { openSqliteTable } from "../../central-fn/tables/sqlite.ts";

export interface Item {
  key: string;
  /** From 1, without a gap. */
  n: number;
  text: string;
}

export interface Ledger {
  /** Throws when another booked the same rows meanwhile: read them again. */
  book(items: readonly Item[]): Promise<void>;
  /** The highest number of a key up to which all are booked. */
  mark(key: string): number;
  /** When a number was first booked, on the process's clock; undefined: not yet. */
  bookedMs(key: string, n: number): number | undefined;
  /** Numbers that came before one ahead of them: the order of their key was broken. */
  readonly early: readonly string[];
  /** Came again after it was booked. */
  readonly repeats: number;
  /** Texts of a key as they are in the table, by number. */
  texts(key: string): Promise<string[]>;
  close(): Promise<void>;
}

interface Booked {
  mark: number;
  /** Beyond a hole. */
  ahead: number[];
}

/** With a row for each item and each key, below the table's 100 writes. */
const mostItems = 60;

export function openLedger(): Ledger {
  const table = openSqliteTable(":memory:");
  const marks = new Map<string, number>();
  const booked = new Map<string, number>();
  const early: string[] = [];
  let repeats = 0;
  const keyOf = (key: string) => ({ pk: "marks", sk: key });

  async function bookSome(items: readonly Item[]): Promise<void> {
    const rows = new Map<string, { version: number; value: Booked }>();
    for (const key of new Set(items.map((item) => item.key))) {
      const row = await table.get<Booked>(keyOf(key));
      rows.set(key, row ?? { version: 0, value: { mark: 0, ahead: [] } });
    }
    const writes: Write[] = [];
    const fresh: Item[] = [];
    const again: Item[] = [];
    for (const item of items) {
      const value = rows.get(item.key)?.value ?? { mark: 0, ahead: [] };
      if (item.n <= value.mark || value.ahead.includes(item.n)) {
        again.push(item);
        continue;
      }
      fresh.push(item);
      value.ahead.push(item.n);
      if (item.n > value.mark + 1) early.push(`${item.key}/${item.n} after ${value.mark}`);
      for (let next = value.ahead.indexOf(value.mark + 1); next >= 0; ) {
        value.ahead.splice(next, 1);
        value.mark += 1;
        next = value.ahead.indexOf(value.mark + 1);
      }
      writes.push({ do: "put", key: effectOf(item), value: item.text, expect: 0 });
    }
    for (const [key, { version, value }] of rows)
      writes.push({ do: "put", key: keyOf(key), value, expect: version });
    const result = await table.commit(writes);
    if (result.is === "conflict") throw new Error(`booked by another: ${JSON.stringify(result.keys)}`);
    repeats += again.length;
    const nowMs = performance.now();
    for (const item of fresh) booked.set(`${item.key}/${item.n}`, nowMs);
    for (const [key, { value }] of rows) marks.set(key, value.mark);
  }

  return {
    async book(items) {
      for (let from = 0; from < items.length; from += mostItems)
        await bookSome(items.slice(from, from + mostItems));
    },
    mark: (key) => marks.get(key) ?? 0,
    bookedMs: (key, n) => booked.get(`${key}/${n}`),
    early,
    get repeats() {
      return repeats;
    },
    texts: async (key) => (await table.query<string>(`effects#${key}`)).map(({ value }) => value),
    close: () => table.close(),
  };
}

function effectOf({ key, n }: Item) {
  return { pk: `effects#${key}`, sk: String(n).padStart(9, "0") };
}
