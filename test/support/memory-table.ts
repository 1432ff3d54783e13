// An in-memory twin of the table port: the same versions, conditions, order and limits, synchronous inside.
import {
  type CommitResult,
  type Key,
  maxValueBytes,
  maxWritesPerCommit,
  type QueryRange,
  type Row,
  type Table,
  type Write,
} from "../../central-fn/tables/port.ts";

export interface MemoryTable extends Table {
  getNow<V = unknown>(key: Key): Row<V> | undefined;
  queryNow<V = unknown>(pk: string, range?: QueryRange): Row<V>[];
  commitNow(writes: readonly Write[]): CommitResult;
  /** Every row, ordered by pk and sk, without versions. */
  dump(): { pk: string; sk: string; value: unknown }[];
  /** Called before each commit; a test changes rows or throws here. */
  beforeCommit: ((writes: readonly Write[]) => void) | undefined;
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
    const found = stored(key);
    return found && { ...key, version: found.version, value: JSON.parse(found.json) as V };
  }

  function queryNow<V>(pk: string, range: QueryRange = {}): Row<V>[] {
    if (range.prefix !== undefined && (range.from !== undefined || range.to !== undefined))
      throw new Error("a range has either a prefix or bounds");
    const rows = [...(partitions.get(pk) ?? [])]
      .filter(
        ([sk]) =>
          (range.prefix === undefined || sk.startsWith(range.prefix)) &&
          (range.from === undefined || byBytes(sk, range.from) >= 0) &&
          (range.to === undefined || byBytes(sk, range.to) <= 0),
      )
      .sort(([a], [b]) => byBytes(a, b))
      .map(([sk, found]) => ({ pk, sk, version: found.version, value: JSON.parse(found.json) as V }));
    if (range.newestFirst) rows.reverse();
    return range.limit === undefined ? rows : rows.slice(0, range.limit);
  }

  function commitNow(writes: readonly Write[]): CommitResult {
    if (writes.length === 0 || writes.length > maxWritesPerCommit)
      throw new Error(`a commit has 1 to ${maxWritesPerCommit} writes, not ${writes.length}`);
    const named = new Set(writes.map(({ key }) => JSON.stringify([key.pk, key.sk])));
    if (named.size !== writes.length) throw new Error("a commit names each key once");
    table.beforeCommit?.(writes);
    const wrong = writes.filter(
      (write) => write.expect !== "any" && (stored(write.key)?.version ?? 0) !== write.expect,
    );
    if (wrong.length > 0) return { is: "conflict", keys: wrong.map((write) => write.key) };
    for (const write of writes) {
      const rows = partitions.get(write.key.pk) ?? new Map<string, Stored>();
      partitions.set(write.key.pk, rows);
      if (write.do === "delete") rows.delete(write.key.sk);
      if (write.do === "put") {
        const json = JSON.stringify(write.value);
        if (Buffer.byteLength(json) > maxValueBytes) throw new Error(`value of ${json.length} characters`);
        rows.set(write.key.sk, { version: (stored(write.key)?.version ?? 0) + 1, json });
      }
    }
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
      if (keys.length > 100) throw new Error(`${keys.length} keys in one read`);
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
