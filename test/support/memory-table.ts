// An in-memory twin of the table port: the same versions, conditions, order and limits, synchronous inside, so
// that the simulation can use it too.
import { checkedRangeIsEmpty, checkedValues, checkKey, checkKeys } from "../../central-fn/tables/limits.ts";
import type { CommitResult, Key, QueryRange, Row, Table, Write } from "../../central-fn/tables/port.ts";

export interface MemoryTable extends Table {
  getNow<V = unknown>(key: Key): Row<V> | undefined;
  queryNow<V = unknown>(pk: string, range?: QueryRange): Row<V>[];
  commitNow(writes: readonly Write[]): CommitResult;
  /** Every row, ordered by pk and sk, without versions. */
  dump(): { pk: string; sk: string; value: unknown }[];
  /** Called before each commit; a test changes rows or throws here. */
  beforeCommit: ((writes: readonly Write[]) => void) | undefined;
  /** Commits that were done. */
  readonly commits: number;
}

interface Stored {
  version: number;
  json: string;
}

export function memoryTable(): MemoryTable {
  const partitions = new Map<string, Map<string, Stored>>();
  let commits = 0;

  const stored = (key: Key) => partitions.get(key.pk)?.get(key.sk);

  function getNow<V>(key: Key): Row<V> | undefined {
    checkKey(key);
    const found = stored(key);
    return found && { ...key, version: found.version, value: JSON.parse(found.json) as V };
  }

  function queryNow<V>(pk: string, range: QueryRange = {}): Row<V>[] {
    checkKey({ pk, sk: "any" });
    if (checkedRangeIsEmpty(range)) return [];
    const { from, to, prefix, limit } = range;
    const rows = [...(partitions.get(pk) ?? [])]
      .filter(
        ([sk]) =>
          (prefix === undefined || sk.startsWith(prefix)) &&
          (from === undefined || byBytes(sk, from) >= 0) &&
          (to === undefined || byBytes(sk, to) <= 0),
      )
      .sort(([a], [b]) => byBytes(a, b))
      .map(([sk, found]) => ({ pk, sk, version: found.version, value: JSON.parse(found.json) as V }));
    if (range.newestFirst) rows.reverse();
    return limit === undefined ? rows : rows.slice(0, limit);
  }

  function commitNow(writes: readonly Write[]): CommitResult {
    const values = checkedValues(writes);
    table.beforeCommit?.(writes);
    const wrong = writes.filter(
      (write) => write.expect !== "any" && (stored(write.key)?.version ?? 0) !== write.expect,
    );
    if (wrong.length > 0) return { is: "conflict", keys: wrong.map((write) => write.key) };
    writes.forEach((write, i) => {
      const rows = partitions.get(write.key.pk) ?? new Map<string, Stored>();
      partitions.set(write.key.pk, rows);
      if (write.do === "delete") rows.delete(write.key.sk);
      if (write.do === "put")
        rows.set(write.key.sk, { version: (stored(write.key)?.version ?? 0) + 1, json: values[i] ?? "" });
    });
    commits += 1;
    return { is: "done" };
  }

  const table: MemoryTable = {
    beforeCommit: undefined,
    get commits() {
      return commits;
    },
    getNow,
    queryNow,
    commitNow,
    dump: () =>
      [...partitions.keys()]
        .sort(byBytes)
        .flatMap((pk) => queryNow(pk).map(({ sk, value }) => ({ pk, sk, value }))),
    get: async <V>(key: Key) => getNow<V>(key),
    getMany: async (keys) => {
      checkKeys(keys);
      return keys.map((key) => getNow(key));
    },
    query: async <V>(pk: string, range?: QueryRange) => queryNow<V>(pk, range),
    commit: async (writes) => commitNow(writes),
    close: async () => {},
  };
  return table;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
