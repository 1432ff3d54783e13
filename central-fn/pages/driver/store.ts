// What the app knows: its phone, the driver's sessions, messages and the operator's alerts, fed by the event stream and
// by asking. Whatever way an answer comes, it is merged by the same rules.
//
// 1. Without a connection the last picture stays, and how old it is can be told.
// 2. Nothing here is ever sent by itself.

import { batch, computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import type { Sample } from "../kit/chart.rules.ts";
import { nowMs } from "../kit/clock.ts";
import { type Address, addressOf } from "../kit/http.ts";
import { joinLive, type Live, refreshLive } from "../kit/live.ts";
import type { AlertView, ChargingPointView, OwnSession, PastSession, PhoneView } from "./api-types.ts";
import { followEvents } from "./events.ts";
import { keepPicture, readPicture } from "./kept.ts";
import { lineOf } from "./line.rules.ts";
import {
  isForgotten,
  type Message,
  readUpTo,
  type Sessions,
  toLookAt,
  withInbox,
  withMessages,
  without,
  withoutOld,
  withSample,
  withSessions,
} from "./merge.rules.ts";
import { runningOf } from "./now.rules.ts";
import { phoneAddress } from "./phone-calls.ts";

const kept = readPicture();
/** Asked for every so many ms; beside the event stream only as a safety net. */
const pace = { own: 2_000, told: 15_000, alerts: 10_000, phone: 2_000 };

export const told = signal(false);
const aheadMs = signal(0);
/** The server's hour, by its own word where there is one. */
export const serverMs = {
  get value(): number {
    // The signal says when to look; what is shown is the very instant, so that a countdown never begins too high.
    return Math.max(nowMs.value, Date.now()) + aheadMs.value;
  },
};

const heldPhone = signal<PhoneView | undefined>(kept?.phone);
const heldSessions = signal<Sessions>(withSessions({}, kept?.sessions ?? []));
const heldMessages = signal<readonly Message[]>(kept?.messages ?? []);
const heldHistory = signal<readonly PastSession[] | undefined>(kept?.history);
const heldAlerts = signal<readonly AlertView[]>(kept?.alerts ?? []);
const heldPoints = signal<readonly ChargingPointView[]>(kept?.points ?? []);
const heldSamples = signal<Readonly<Record<string, readonly Sample[]>>>({});

export const phone: ReadonlySignal<PhoneView | undefined> = heldPhone;
export const driver = computed(() => phone.value?.driver_id);
export const sessions: ReadonlySignal<Sessions> = heldSessions;
/** What is not over, the most urgent first. */
export const running = computed(() => runningOf(Object.values(sessions.value)));
export const messages: ReadonlySignal<readonly Message[]> = heldMessages;
export const history: ReadonlySignal<readonly PastSession[] | undefined> = heldHistory;
export const alerts: ReadonlySignal<readonly AlertView[]> = heldAlerts;
/** Of the last list that was shown. */
export const lastPoints: ReadonlySignal<readonly ChargingPointView[]> = heldPoints;
export const samples: ReadonlySignal<Readonly<Record<string, readonly Sample[]>>> = heldSamples;

/** What is the driver's own; undefined as long as nobody has said whose phone this is. */
export const own = <T>(make: (driver_id: string) => T): T | undefined =>
  driver.value === undefined ? undefined : make(driver.value);
export const ownSessionAt = (session_id: string) =>
  own((driver_id) =>
    addressOf("/drivers/:driver_id/sessions/:session_id", { param: { driver_id, session_id } }),
  );
export const pastSessions = (limit: number) =>
  own((driver_id) =>
    addressOf("/drivers/:driver_id/sessions/history", { param: { driver_id }, query: { limit } }),
  );

const phoneLive = joinLive(phoneAddress, pace.phone).live;
const current = followed((driver_id) =>
  addressOf("/drivers/:driver_id/sessions/current", { param: { driver_id } }),
);
const queue = followed((driver_id) => addressOf("/drivers/:driver_id/queue", { param: { driver_id } }));
const inbox = followed((driver_id) =>
  addressOf("/drivers/:driver_id/notifications", { param: { driver_id } }),
);
const past = followed((driver_id) =>
  addressOf("/drivers/:driver_id/sessions/history", { param: { driver_id }, query: { limit: 20 } }),
);
const announced = followed(
  (driver_id) => addressOf("/drivers/:driver_id/alerts", { param: { driver_id } }),
  pace.alerts,
);

/** The stream's own word counts like an answer. */
const streamedAtMs = signal<number | undefined>(undefined);
const networkAtMs = computed(() => {
  const times = [current.value?.freshAtMs.value, streamedAtMs.value].filter((at) => at !== undefined);
  return times.length > 0 ? Math.max(...times) : undefined;
});
/** When what is shown was last confirmed; undefined: never. */
export const confirmedMs = computed(() => networkAtMs.value ?? kept?.atMs);
export const line = computed(() =>
  lineOf(
    { freshAtMs: phoneLive.freshAtMs.value, trouble: phoneLive.trouble.value },
    { freshAtMs: networkAtMs.value, trouble: current.value?.trouble.value },
  ),
);

export function heardSession(session: OwnSession): void {
  batch(() => {
    heldSessions.value = withoutOld(withSessions(heldSessions.value, [session]));
    const known = heldSamples.value[session.session_id] ?? [];
    const next = withSample(known, session);
    if (next !== known) heldSamples.value = { ...heldSamples.value, [session.session_id]: next };
  });
}

export function heardMessages(came: readonly Message[]): void {
  heldMessages.value = withMessages(heldMessages.value, came);
}

export function markRead(sequence: number): void {
  heldMessages.value = readUpTo(heldMessages.value, sequence);
}

/** Forgets everything of another driver, who had this phone before. */
export function heardPhone(view: PhoneView): void {
  batch(() => {
    if (heldPhone.value && heldPhone.value.driver_id !== view.driver_id) {
      heldSessions.value = {};
      heldMessages.value = [];
      heldHistory.value = undefined;
    }
    heldPhone.value = view;
  });
}

export function heardPoints(points: readonly ChargingPointView[]): void {
  heldPoints.value = points;
}

/** Asks for everything of the driver's own now. */
export function lookNow(): void {
  refreshLive();
}

/** Joined while there is a driver, slower beside the event stream. */
function followed<T>(
  addressFor: (driver_id: string) => Address<T>,
  everyMs?: number,
): ReadonlySignal<Live<T> | undefined> {
  const joined = signal<Live<T> | undefined>(undefined);
  effect(() => {
    const address = own(addressFor);
    const every = everyMs ?? (told.value ? pace.told : pace.own);
    if (address === undefined) return;
    const { live, leave } = joinLive(address, every);
    untracked(() => {
      joined.value = live;
    });
    return leave;
  });
  return joined;
}

/** Calls with each new answer. */
function onAnswer<T>(live: ReadonlySignal<Live<T> | undefined>, take: (answer: T) => void): void {
  effect(() => {
    const answer = live.value?.data.value;
    if (answer !== undefined) untracked(() => take(answer));
  });
}

effect(() => {
  const view = phoneLive.data.value;
  if (view) untracked(() => heardPhone(view));
});
onAnswer(current, (session) => {
  if (session) heardSession(session);
});
onAnswer(queue, (places) => {
  for (const place of places) heardSession(place);
});
onAnswer(inbox, (newest) => {
  heldMessages.value = withInbox(heldMessages.value, newest);
});
onAnswer(past, (rows) => {
  heldHistory.value = rows;
});
onAnswer(announced, (rows) => {
  heldAlerts.value = rows;
});

// Sessions that no list names any more are looked at one by one until they are over; one that was over goes on when a
// bill or an operator's word comes late.
const lookedAt = new Map<string, () => void>();
const looksAtMost = 8;
effect(() => {
  const listed = [current.value?.data.value?.session_id ?? "", ...(queue.value?.data.value ?? []).map(sidOf)];
  const heardOf = { past: history.value ?? [], messages: messages.value };
  const wanted = current.value?.data.value === undefined ? [] : toLookAt(sessions.value, listed, heardOf);
  untracked(() => lookAt(wanted.slice(0, looksAtMost)));
});

function lookAt(sids: readonly string[]): void {
  for (const [sid, leave] of lookedAt)
    if (!sids.includes(sid)) {
      lookedAt.delete(sid);
      leave();
    }
  for (const sid of sids) {
    const address = ownSessionAt(sid);
    if (lookedAt.has(sid) || address === undefined) continue;
    const { live, leave } = joinLive(address, pace.own);
    const end = effect(() => {
      const session = live.data.value;
      if (session) untracked(() => (isGone(session) ? forget(sid) : heardSession(session)));
    });
    lookedAt.set(sid, () => {
      end();
      leave();
    });
  }
}

function isGone(session: OwnSession): boolean {
  return isForgotten(sessions.value[session.session_id], session, Date.now());
}

function forget(sid: string): void {
  heldSessions.value = without(heldSessions.value, sid);
}

function sidOf({ session_id }: { session_id: string }): string {
  return session_id;
}

/** The device's own word: what it says is down needs no time-out. */
const online = signal(navigator.onLine);
for (const name of ["online", "offline"])
  window.addEventListener(name, () => {
    online.value = navigator.onLine;
  });

effect(() => {
  const address = own((driver_id) => addressOf("/drivers/:driver_id/events", { param: { driver_id } }));
  if (address === undefined || !online.value) return;
  return followEvents(address, {
    after: () => untracked(() => messages.value.at(-1)?.sequence),
    onSession: (session) => {
      if (session) heardSession(session);
      else refreshLive((path) => path.includes("/sessions/"));
    },
    onMessage: (message) => {
      heardMessages([message]);
      refreshLive((path) => !path.endsWith("/notifications"));
    },
    onRead: markRead,
    onAnew: () => {
      heldMessages.value = [];
      refreshLive((path) => path.endsWith("/notifications"));
    },
    onHeard: (ahead) => {
      streamedAtMs.value = Date.now();
      aheadMs.value = ahead;
    },
    onTold: (is) => {
      told.value = is;
    },
  });
});
effect(() => {
  if (!online.value) told.value = false;
});

// The picture is kept at most every few seconds, and when the page is left.
const keptEveryMs = 5_000;
let keptAtMs = 0;
function keep(): void {
  const view = heldPhone.peek();
  const atMs = networkAtMs.peek();
  if (!view || atMs === undefined) return;
  keptAtMs = Date.now();
  keepPicture({
    atMs,
    phone: view,
    sessions: Object.values(heldSessions.peek()),
    messages: heldMessages.peek().slice(-100),
    history: [...(heldHistory.peek() ?? [])],
    points: [...heldPoints.peek()],
    alerts: [...heldAlerts.peek()],
  });
}
effect(() => {
  if (networkAtMs.value !== undefined && Date.now() - keptAtMs >= keptEveryMs) keep();
});
window.addEventListener("pagehide", keep);
