// A list that the server gives in pages: the first is kept fresh, further ones are fetched when they are asked for.
import { useEffect, useState } from "preact/hooks";
import { type Address, read } from "./http.ts";
import { type Trouble, useLive } from "./live.ts";

export interface Pages<T> {
  /** Undefined: nothing has come yet. */
  rows: readonly T[] | undefined;
  trouble: Trouble | undefined;
  hasMore: boolean;
  more(): void;
}

interface Further<T> {
  rows: readonly T[];
  next: Address<T[]> | undefined;
}

export function usePages<T>(path: Address<T[]>, keyOf: (row: T) => string, everyMs = 5_000): Pages<T> {
  const live = useLive(path, everyMs);
  const [further, setFurther] = useState<Further<T> | undefined>(undefined);
  // Another list begins at its first page.
  useEffect(() => setFurther(undefined), [path]);
  const first = live?.data.value;
  const next = further ? further.next : live?.next.value;
  const seen = new Set<string>();
  // Entries that come meanwhile push others onto a page that is there already.
  const rows =
    first &&
    [...first, ...(further?.rows ?? [])].filter((row) => {
      const key = keyOf(row);
      return !seen.has(key) && seen.add(key);
    });
  return {
    rows,
    trouble: live?.trouble.value,
    hasMore: next !== undefined,
    more() {
      if (next === undefined) return;
      void read(next).then((answer) => {
        if (answer.is === "ok")
          setFurther({ rows: [...(further?.rows ?? []), ...answer.body], next: answer.next });
      });
    },
  };
}
