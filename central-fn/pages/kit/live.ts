// What the page shows and the server keeps changing: asked for again and again, shared by all who show it.
//
// 1. The last good answer stays; how old it is and what is wrong stand beside it.
// 2. Nobody looks, nobody asks: a hidden page is silent, and asks at once when it is seen again.
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { type Address, type Answer, read } from "./http.ts";

export type Trouble =
  | { is: "unreachable"; sinceMs: number; detail: string }
  | { is: "refused"; status: number; detail: string };

export interface Live<T> {
  path: Address<T>;
  /** The newest good answer. */
  data: ReadonlySignal<T | undefined>;
  /** When it was last confirmed; undefined: never. */
  freshAtMs: ReadonlySignal<number | undefined>;
  trouble: ReadonlySignal<Trouble | undefined>;
  /** The next page's address, of a list. */
  next: ReadonlySignal<Address<T> | undefined>;
  /** Asks now. */
  refresh(): void;
}

interface Shared extends Live<unknown> {
  users: Map<symbol, number>;
  close(): void;
}

const shared = new Map<string, Shared>();
/** How much slower everything is asked for while the server tells changes by itself. */
let slowness = 1;
const longestRestMs = 60_000;

/** While `told`, changes are announced (see `refreshLive`): asking is a safety net and ten times rarer. */
export function changesAreTold(told: boolean): void {
  slowness = told ? 10 : 1;
}

/** Asks now for all that fits: something was said to have changed. */
export function refreshLive(fits: (path: string) => boolean = () => true): void {
  for (const [path, live] of shared) if (fits(path)) live.refresh();
}

/** The answer of `path`, asked for every `everyMs` while the component is there; undefined asks for nothing. */
export function useLive<T>(path: Address<T> | undefined, everyMs = 2_000): Live<T> | undefined {
  const [live, setLive] = useState<Live<T> | undefined>(undefined);
  useEffect(() => {
    if (path === undefined) {
      setLive(undefined);
      return;
    }
    const { live: found, leave } = joinLive<T>(path, everyMs);
    setLive(found);
    return leave;
  }, [path, everyMs]);
  return live;
}

/** For those outside of components; `leave` ends it. */
export function joinLive<T>(path: Address<T>, everyMs: number): { live: Live<T>; leave(): void } {
  const key = Symbol(path);
  const live = shared.get(path) ?? open(path);
  shared.set(path, live);
  live.users.set(key, everyMs);
  return {
    live: live as unknown as Live<T>,
    leave() {
      live.users.delete(key);
      // Going from one view to another leaves and joins again in one breath.
      setTimeout(() => {
        if (live.users.size > 0 || shared.get(path) !== live) return;
        shared.delete(path);
        live.close();
      }, 0);
    },
  };
}

function open(path: Address<unknown>): Shared {
  const data = signal<unknown>(undefined);
  const freshAtMs = signal<number | undefined>(undefined);
  const trouble = signal<Trouble | undefined>(undefined);
  const next = signal<Address<unknown> | undefined>(undefined);
  const users = new Map<symbol, number>();
  const ended = new AbortController();
  let etag: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  let again = false;
  let failures = 0;
  /** What the server said when it was asked too often, or could not. */
  let restMs = 0;

  const look = async () => {
    if (asking) {
      again = true;
      return;
    }
    clearTimeout(timer);
    asking = true;
    const answer = await read(path, { etag, signal: ended.signal });
    asking = false;
    if (ended.signal.aborted) return;
    if (answer.is === "ok") {
      etag = answer.etag;
      data.value = answer.body;
      next.value = answer.next;
    }
    failures = answer.is === "unreachable" ? failures + 1 : 0;
    restMs = "retryAfterMs" in answer ? (answer.retryAfterMs ?? 0) : 0;
    trouble.value = troubleOf(answer, trouble);
    if (answer.is === "ok" || answer.is === "same") freshAtMs.value = Date.now();
    if (again) {
      again = false;
      return look();
    }
    later();
  };
  const later = () => {
    clearTimeout(timer);
    if (document.hidden) return;
    const wanted = Math.min(...users.values(), 60_000);
    // A server that is away is looked for at the usual pace at first, then less often; spread, so that a thousand
    // pages do not come back at one instant.
    const patience = failures > 3 ? Math.min(8, failures - 2) * (0.75 + Math.random() / 2) : 1;
    const pauseMs = wanted * (failures > 0 ? patience : slowness);
    timer = setTimeout(() => void look(), Math.max(pauseMs, Math.min(restMs, longestRestMs)));
  };
  const seen = () => {
    if (!document.hidden) void look();
    else clearTimeout(timer);
  };
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", seen);
  void look();
  return {
    path,
    data,
    freshAtMs,
    trouble,
    next,
    users,
    refresh: () => void look(),
    close() {
      ended.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("online", seen);
    },
  };
}

function troubleOf(answer: Answer<unknown>, before: Signal<Trouble | undefined>): Trouble | undefined {
  switch (answer.is) {
    case "ok":
    case "same":
      return undefined;
    case "refused":
      return { is: "refused", status: answer.status, detail: answer.detail };
    case "unreachable": {
      const since = before.value?.is === "unreachable" ? before.value.sinceMs : Date.now();
      return { is: "unreachable", sinceMs: since, detail: answer.detail };
    }
  }
}
