// A table that tells which keys this process has just changed. A hint for whoever shows what is stored, never the truth:
// what other processes commit is not told.
import type { Key, Table } from "./port.ts";

export interface WatchedTable extends Table {
  /** `listener` hears the keys of every commit that was done; it must not throw. */
  onCommit(listener: (keys: readonly Key[]) => void): void;
}

export function watchedTable(table: Table): WatchedTable {
  const listeners: ((keys: readonly Key[]) => void)[] = [];
  return {
    get: (key) => table.get(key),
    getMany: (keys, known) => table.getMany(keys, known),
    query: (pk, range, known) => table.query(pk, range, known),
    async commit(writes) {
      const result = await table.commit(writes);
      if (result.is === "done" && listeners.length > 0) {
        const changed = writes.filter((write) => write.do !== "check").map(({ key }) => key);
        for (const listener of listeners) listener(changed);
      }
      return result;
    },
    close: () => table.close(),
    onCommit: (listener) => void listeners.push(listener),
  };
}
