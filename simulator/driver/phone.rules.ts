// What a driver does with a phone: pure, from what the driver API answered to what to ask next and what to say.
//
// 1. The idempotency key is durable before its request is sent: a killed phone asks the same again, not anew.
// 2. A session that was started by hand is followed like one of the list, and the list waits for it.
// 3. A notification is shown once, by its sequence; the last one shown is durable.
// 4. Paused, it asks for nothing and confirms nothing by itself. What was begun by hand is confirmed by hand.
import { isOver, lineOf, type Session, type Shown } from "./phone-lines.rules.ts";
import type { Wish } from "./requests-file.ts";

export type { Session } from "./phone-lines.rules.ts";

export interface Notification {
  sequence: number;
  type: string;
  message: string;
}

/** What survives a kill. */
export interface Durable {
  /** Index of the next wish. */
  next: number;
  following: { key: string; wish: Wish; sid: string | null } | null;
  /** Sequence of the last notification shown. */
  notified: number;
  /** The person at the page has paused the list. */
  paused: boolean;
  /** The newest sessions that the list asked for, oldest first. */
  asked: string[];
}

export interface Phone {
  durable: Durable;
  restUntilMs: number;
  shown: Shown | null;
  /** Since when the followed session is nowhere to be seen. */
  lostSinceMs: number | null;
  /** The last growth of the followed session's energy. */
  grown: { energyKwh: number; atMs: number } | null;
  reachable: boolean | null;
  inboxAtMs: number;
}

export type Input =
  | { is: "tick"; nowMs: number; freshKey: string }
  | { is: "accepted"; nowMs: number; session: Session }
  /** The request was refused for good: asking the same again would be refused again. */
  | { is: "refused"; nowMs: number; reason: string }
  | { is: "session"; nowMs: number; session: Session | null }
  | { is: "inbox"; nowMs: number; notifications: readonly Notification[] }
  | { is: "unreachable"; nowMs: number; reason: string }
  /** The person at the page pauses the list, or lets it go on. */
  | { is: "pause"; nowMs: number; paused: boolean };

export type Effect =
  | { do: "persist"; durable: Durable }
  | { do: "ask"; key: string; wish: Wish }
  /** Look at this session; null: at the current one, whichever it is. */
  | { do: "look"; sid: string | null }
  /** Take the offer that came at the head of the line. */
  | { do: "confirm"; sid: string }
  | { do: "read-inbox"; after: number }
  | { do: "say"; text: string };

export interface Turn {
  phone: Phone;
  effects: Effect[];
}

export interface Plan {
  wishes: readonly Wish[];
  loop: boolean;
}

/** From the end of one session to the next request. */
export const restMs = 4_000;
/** Between two IN_PROGRESS lines. */
const progressMs = 3_000;
/** Between two looks into the inbox while nothing happens. */
const inboxMs = 5_000;
/** A session that is not seen, or gets no energy, for so long no longer holds up the list: its outcome comes by the inbox. */
const lostMs = 60_000;

const askedAtMost = 20;

export const blank: Durable = { next: 0, following: null, notified: 0, paused: false, asked: [] };

/** A phone switched on at `startedMs`; it waits a rest before its first request, as a fleet just started needs. */
export function openPhone(durable: Durable, startedMs: number): Phone {
  return {
    durable,
    restUntilMs: startedMs + restMs,
    shown: null,
    lostSinceMs: null,
    grown: null,
    reachable: null,
    inboxAtMs: 0,
  };
}

export function decide(phone: Phone, input: Input, plan: Plan): Turn {
  switch (input.is) {
    case "tick":
      return tick(phone, input.nowMs, input.freshKey, plan);
    case "accepted":
      return accepted(phone, input.session, input.nowMs);
    case "refused":
      return refused(phone, input.reason, input.nowMs);
    case "session":
      return session(phone, input.session, input.nowMs);
    case "inbox":
      return inbox(phone, input.notifications);
    case "unreachable":
      if (phone.reachable === false) return { phone, effects: [] };
      return {
        phone: { ...phone, reachable: false },
        effects: [say(`${input.reason}; trying again until it helps`)],
      };
    case "pause":
      return pause(phone, input.paused, input.nowMs);
  }
}

function pause(phone: Phone, paused: boolean, nowMs: number): Turn {
  const { durable } = phone;
  if (durable.paused === paused) return { phone, effects: [] };
  // A request without an answer is not sent again later. Had it arrived, its session is found as the current one.
  const unanswered = paused && durable.following !== null && durable.following.sid === null;
  const next: Durable = { ...durable, paused, following: unanswered ? null : durable.following };
  return {
    phone: { ...phone, durable: next, restUntilMs: nowMs + restMs },
    effects: [
      { do: "persist", durable: next },
      say(paused ? "automatic requests are paused" : "automatic requests go on"),
    ],
  };
}

function tick(phone: Phone, nowMs: number, freshKey: string, plan: Plan): Turn {
  const { following, notified } = phone.durable;
  const inboxDue = nowMs >= phone.inboxAtMs;
  const effects: Effect[] = inboxDue ? [{ do: "read-inbox", after: notified }] : [];
  const next = inboxDue ? { ...phone, inboxAtMs: nowMs + inboxMs } : phone;
  if (following?.sid) return { phone: next, effects: [...effects, { do: "look", sid: following.sid }] };
  if (following) return { phone: next, effects: [...effects, { do: "ask", ...following }] };
  const wish = phone.durable.paused ? undefined : wishAt(plan, phone.durable.next);
  if (nowMs < phone.restUntilMs || !wish || phone.reachable !== true)
    return { phone: next, effects: [...effects, { do: "look", sid: null }] };
  const durable = { ...phone.durable, following: { key: freshKey, wish, sid: null } };
  return {
    phone: { ...next, durable, shown: null },
    effects: [...effects, { do: "persist", durable }, { do: "ask", key: freshKey, wish }],
  };
}

/** The wish at this place; undefined when the list is empty or worked off. */
export function wishAt(plan: Plan, index: number): Wish | undefined {
  if (plan.wishes.length === 0) return undefined;
  return plan.loop ? plan.wishes[index % plan.wishes.length] : plan.wishes[index];
}

function accepted(phone: Phone, answer: Session, nowMs: number): Turn {
  const { following } = phone.durable;
  if (!following) return { phone, effects: [] };
  const asked = [...phone.durable.asked.filter((sid) => sid !== answer.session_id), answer.session_id];
  const durable = {
    ...phone.durable,
    following: { ...following, sid: answer.session_id },
    asked: asked.slice(-askedAtMost),
  };
  const turn = session({ ...phone, durable }, answer, nowMs);
  return { phone: turn.phone, effects: [{ do: "persist", durable }, ...turn.effects] };
}

function refused(phone: Phone, reason: string, nowMs: number): Turn {
  const cp = phone.durable.following?.wish.cp_id ?? "";
  const { phone: next, effects } = moveOn(phone, nowMs);
  return { phone: next, effects: [say(`DENIED ${cp}: ${reason}`), ...effects] };
}

/** The followed session is over: the list moves on, after a rest. */
function moveOn(phone: Phone, nowMs: number): Turn {
  const { durable } = phone;
  // A session made by hand does not use up a wish.
  const fromList = durable.following !== null && durable.following.key !== byHand;
  const over: Durable = { ...durable, next: durable.next + (fromList ? 1 : 0), following: null };
  return {
    phone: {
      ...phone,
      durable: over,
      restUntilMs: nowMs + restMs,
      shown: null,
      lostSinceMs: null,
      grown: null,
      inboxAtMs: nowMs,
    },
    effects: [{ do: "persist", durable: over }],
  };
}

/** Stands in place of a key for a session that this list did not ask for. */
export const byHand = "by-hand";

function session(phone: Phone, seen: Session | null, nowMs: number): Turn {
  const back = reached(phone);
  const { following } = back.phone.durable;
  if (!seen) return lost(back, nowMs);
  if (!following) {
    const adopted = { key: byHand, wish: { cp_id: seen.cp_id, vehicle_id: "" }, sid: seen.session_id };
    const durable = { ...back.phone.durable, following: adopted };
    const turn = show({ ...back.phone, durable, shown: null }, seen, nowMs);
    return { phone: turn.phone, effects: [...back.effects, { do: "persist", durable }, ...turn.effects] };
  }
  if (following.sid !== seen.session_id) return back;
  const turn = show({ ...back.phone, lostSinceMs: null }, seen, nowMs);
  return { phone: turn.phone, effects: [...back.effects, ...turn.effects] };
}

function reached(phone: Phone): Turn {
  if (phone.reachable === true) return { phone, effects: [] };
  const effects = phone.reachable === false ? [say("Central answers again")] : [];
  return { phone: { ...phone, reachable: true }, effects };
}

function lost({ phone, effects }: Turn, nowMs: number): Turn {
  const { following } = phone.durable;
  if (!following?.sid) return { phone, effects };
  const sinceMs = phone.lostSinceMs ?? nowMs;
  if (nowMs - sinceMs < lostMs) return { phone: { ...phone, lostSinceMs: sinceMs }, effects };
  return leave(phone, `no word of ${following.sid} at ${following.wish.cp_id}`, nowMs, effects);
}

function leave(phone: Phone, why: string, nowMs: number, before: Effect[]): Turn {
  const turn = moveOn(phone, nowMs);
  const text = `${why} for ${lostMs / 1000} s: going on, its outcome will come as a notification`;
  return { phone: turn.phone, effects: [...before, say(text), ...turn.effects] };
}

function show(phone: Phone, seen: Session, nowMs: number): Turn {
  const energyKwh = seen.energy_kwh ?? 0;
  const { shown } = phone;
  const line = lineOf(seen, shown, nowMs);
  const place = seen.place ?? null;
  const changed = shown?.status !== seen.status || (shown.place ?? null) !== place;
  const due = changed || (seen.status === "CHARGING" && nowMs - shown.atMs >= progressMs);
  const effects: Effect[] = due ? [say(line)] : [];
  const { following, paused } = phone.durable;
  if (seen.offered && !paused && following?.key !== byHand)
    effects.push({ do: "confirm", sid: seen.session_id });
  if (isOver(seen.status)) {
    const turn = moveOn(phone, nowMs);
    return { phone: turn.phone, effects: [...effects, ...turn.effects] };
  }
  const grown =
    seen.status === "CHARGING" && phone.grown && energyKwh <= phone.grown.energyKwh
      ? phone.grown
      : { energyKwh, atMs: nowMs };
  if (nowMs - grown.atMs >= lostMs) return leave(phone, `no energy at ${seen.cp_id}`, nowMs, effects);
  const next = due ? { status: seen.status, atMs: nowMs, energyKwh, place } : shown;
  return { phone: { ...phone, shown: next, grown, inboxAtMs: changed ? nowMs : phone.inboxAtMs }, effects };
}

function inbox(phone: Phone, notifications: readonly Notification[]): Turn {
  const fresh = notifications
    .filter(({ sequence }) => sequence > phone.durable.notified)
    .sort((a, b) => a.sequence - b.sequence);
  const last = fresh.at(-1);
  if (!last) return { phone, effects: [] };
  const durable = { ...phone.durable, notified: last.sequence };
  const lines = fresh.map(({ sequence, message }) => say(`notification ${sequence}: ${message}`));
  return { phone: { ...phone, durable }, effects: [...lines, { do: "persist", durable }] };
}

function say(text: string): Effect {
  return { do: "say", text };
}
