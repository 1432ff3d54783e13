// The fleet on this page: fed by the server's event stream, and by asking where there is none or it is cut.

import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { listen, type ServerEvent } from "../kit/events.ts";
import { type Address, addressOf } from "../kit/http.ts";
import { changesAreTold, joinLive, refreshLive, type Trouble } from "../kit/live.ts";
import { token } from "../kit/token.ts";
import type { ChargePointDetail } from "./api-types.ts";
import { type Fleet, type FleetChange, snapshotOf, totalsOf, withChange } from "./fleet.rules.ts";
import { recordSamples } from "./samples.ts";

interface Head {
  active_requests: number;
  feed: { stale_since: string | null };
}
type Snapshot = Head & { charging_points: ChargePointDetail[] };
type Change = Head & FleetChange;
export interface Counts {
  dead_letters: number;
  reviews: number;
  alerts: number;
}

const held = signal<Fleet | undefined>(undefined);
const heldHead = signal<Head | undefined>(undefined);
const heldCounts = signal<Counts | undefined>(undefined);
const heard = signal<number | undefined>(undefined);
const asked = signal<Trouble | undefined>(undefined);
const streaming = signal(false);

/** Undefined: nothing has come yet. */
export const fleet: ReadonlySignal<Fleet | undefined> = held;
export const staleSince = computed(() => heldHead.value?.feed.stale_since ?? null);
export const activeRequests = computed(() => heldHead.value?.active_requests ?? 0);
export const counts: ReadonlySignal<Counts | undefined> = heldCounts;
/** When the server last said something about the fleet. */
export const heardAtMs: ReadonlySignal<number | undefined> = heard;
export const trouble = computed(() => (streaming.value ? undefined : asked.value));
export const isStreaming: ReadonlySignal<boolean> = streaming;
export const totals = computed(() => totalsOf(held.value?.values() ?? []));

/** Begins to follow the fleet, as soon as there is a token, and for as long as the page is there. */
export function followFleet(): void {
  let stop: (() => void) | undefined;
  effect(() => {
    stop?.();
    stop = token.value === null ? undefined : follow();
  });
}

const streamWithinMs = 1_500;

function follow(): () => void {
  let leave: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = () => {
    clearTimeout(timer);
    leave ??= poll();
  };
  const stopAsking = () => {
    clearTimeout(timer);
    leave?.();
    leave = undefined;
  };
  const hush = listen(addressOf("/events"), {
    // The server's heartbeats come every 8 s.
    silentMs: 20_000,
    onEvent: take,
    onTold(told) {
      streaming.value = told;
      changesAreTold(told);
      if (told) stopAsking();
      else ask();
    },
  });
  // A stream that stands brings the first picture itself.
  timer = setTimeout(ask, streamWithinMs);
  return () => {
    hush();
    stopAsking();
    changesAreTold(false);
    streaming.value = false;
  };
}

function take({ type, data }: ServerEvent): void {
  batch(() => {
    heard.value = Date.now();
    switch (type) {
      case "snapshot": {
        const snapshot = JSON.parse(data) as Snapshot;
        hold(snapshotOf(snapshot.charging_points), snapshot);
        break;
      }
      case "change": {
        const change = JSON.parse(data) as Change;
        const changed = new Set([...change.charging_points.map(({ cp_id }) => cp_id), ...change.removed]);
        hold(withChange(held.value ?? new Map(), change), change);
        if (changed.size > 0) refreshLive((path) => changed.has(/^\/cp\/([^/?]+)/.exec(path)?.[1] ?? ""));
        break;
      }
      case "counts": {
        heldCounts.value = JSON.parse(data) as Counts;
        refreshLive((path) => /^\/(reviews|dead-letters|alerts)/.test(path));
        break;
      }
    }
  });
}

function hold(next: Fleet, { active_requests, feed }: Head): void {
  held.value = next;
  const before = heldHead.value;
  if (before?.active_requests !== active_requests || before.feed.stale_since !== feed.stale_since)
    heldHead.value = { active_requests, feed };
  recordSamples(next, Date.now());
}

/** Where no events come: the whole fleet, every two seconds. */
function poll(): () => void {
  const { live, leave } = joinLive(addressOf("/cp", { query: { view: "full" } }) as Address<Snapshot>, 2_000);
  let taken: Snapshot | undefined;
  const end = effect(() => {
    const snapshot = live.data.value;
    const freshAtMs = live.freshAtMs.value;
    asked.value = live.trouble.value;
    if (streaming.peek()) return;
    if (freshAtMs !== undefined) heard.value = freshAtMs;
    if (snapshot && snapshot !== taken) hold(snapshotOf(snapshot.charging_points), snapshot);
    taken = snapshot;
  });
  return () => {
    end();
    leave();
  };
}
