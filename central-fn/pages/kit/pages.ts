// A list that the server gives in pages: the first is kept fresh, further ones are fetched when they are asked for.
//
// 1. What was shown stays shown while new entries come (pages.rules.ts).
// 2. A page may be empty although there are more, when a filter fits few: the next ones are fetched by themselves, some
//    of them, and "none" is said only at the end of the list.
import { useEffect, useRef, useState } from "preact/hooks";
import { type Address, read } from "./http.ts";
import { type Trouble, useLive } from "./live.ts";
import { withFirst, withNext } from "./pages.rules.ts";

export interface Pages<T> {
  /** Undefined: nothing has come yet. */
  rows: readonly T[] | undefined;
  trouble: Trouble | undefined;
  hasMore: boolean;
  more(): void;
  /** More is on its way. */
  isLooking: boolean;
  /** Why more did not come when it was last asked for; `unreachable`: no answer. */
  failed: { is: "refused"; detail: string } | { is: "unreachable" } | undefined;
}

/** Everything that was fetched so far, and where it goes on. */
interface Held<T> {
  path: Address<T[]>;
  rows: readonly T[];
  next: Address<T[]> | undefined;
}

const emptyPagesAtMost = 5;

/** Undefined as `path` asks for nothing. */
export function usePages<T>(
  path: Address<T[]> | undefined,
  keyOf: (row: T) => string,
  everyMs = 5_000,
): Pages<T> {
  const joined = useLive(path, everyMs);
  const [kept, setHeld] = useState<Held<T> | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Pages<T>["failed"]>(undefined);
  const asked = useRef(path);
  const followed = useRef(0);
  // Another list begins at its first page.
  useEffect(() => {
    asked.current = path;
    followed.current = 0;
    setHeld(undefined);
    setBusy(false);
    setFailed(undefined);
  }, [path]);

  const live = joined?.path === path ? joined : undefined;
  const first = live?.data.value;
  const firstNext = live?.next.value;
  const held = kept?.path === path ? kept : undefined;
  // A first page without a next one is the whole list.
  const isWhole = first !== undefined && firstNext === undefined;
  const grown = held && first && !isWhole ? withFirst(held.rows, first, keyOf) : undefined;
  useEffect(() => {
    if (!first) return;
    setHeld((now) => {
      if (now === undefined || now.path !== path || isWhole) return undefined;
      const all = withFirst(now.rows, first, keyOf);
      return all && { ...now, rows: all };
    });
  }, [first, firstNext]);

  const rows = grown ?? first;
  const next = grown && held ? held.next : firstNext;
  const more = async () => {
    if (path === undefined || next === undefined || rows === undefined || busy) return;
    setBusy(true);
    const answer = await read(next);
    if (asked.current !== path) return;
    setBusy(false);
    setFailed(
      answer.is === "refused" ? answer : answer.is === "unreachable" ? { is: "unreachable" } : undefined,
    );
    if (answer.is === "ok")
      setHeld((now) => ({
        path,
        rows: withNext(now?.path === path ? now.rows : rows, answer.body, keyOf),
        next: answer.next,
      }));
  };
  const mayFollow = rows?.length === 0 && next !== undefined && !failed;
  useEffect(() => {
    if (!mayFollow || busy || followed.current >= emptyPagesAtMost) return;
    followed.current += 1;
    void more();
  });
  return {
    rows,
    trouble: live?.trouble.value,
    hasMore: next !== undefined,
    more: () => void more(),
    isLooking: busy || (mayFollow && followed.current < emptyPagesAtMost),
    failed,
  };
}
