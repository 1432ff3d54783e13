// How answers that come by different ways come together: pure.
//
// 1. A session never goes back: what is further stays, whichever answer was late.
// 2. A message is kept once, by its sequence, and what was read stays read.
import type { OwnSession } from "../../api/driver/own-session.view.ts";
import type { Sample } from "../kit/chart.rules.ts";
import { isOver } from "./session.rules.ts";

/** As in the life of a session: what pauses or is offered may go to and fro. */
const order: Record<OwnSession["phase"], number> = {
  requested: 0,
  scheduled: 1,
  queued: 2,
  offered: 2,
  accepted: 3,
  intent: 4,
  charging: 5,
  suspended: 5,
  rejected: 6,
  expired: 6,
  cancelled: 6,
  aborted: 6,
  needs_review: 7,
  ended: 8,
  billed: 9,
};

type Standing = Pick<OwnSession, "phase" | "waived">;

/** How far it is; a review whose outcome is told is further than one that is open. */
function standingOf({ phase, waived }: Standing): number {
  return order[phase] + (waived ? 0.5 : 0);
}

/** The one that is further; of two that are equally far the one whose figures are newer, else the one that came. */
export function further(known: OwnSession | undefined, came: OwnSession): OwnSession {
  if (!known || standingOf(came) > standingOf(known)) return came;
  if (standingOf(came) < standingOf(known)) return known;
  return (known.figures_at ?? "") > (came.figures_at ?? "~") ? known : came;
}

/** Own sessions by id, as they were last answered. */
export type Sessions = Readonly<Record<string, OwnSession>>;

export function withSessions(sessions: Sessions, came: readonly OwnSession[]): Sessions {
  const next: Record<string, OwnSession> = { ...sessions };
  for (const session of came) next[session.session_id] = further(next[session.session_id], session);
  return next;
}

/** A request that was not decided by then has expired. */
const decidedWithinMs = 120_000;

/** The network began anew and knows nothing of a session that it once showed: it answers as to one just asked for. */
export function isForgotten(known: OwnSession | undefined, came: OwnSession, nowMs: number): boolean {
  const undecided = came.phase === "requested" && came.requested_at === null;
  return undecided && nowMs - Date.parse(known?.requested_at ?? "") > decidedWithinMs;
}

export function without(sessions: Sessions, sid: string): Sessions {
  return Object.fromEntries(Object.entries(sessions).filter(([id]) => id !== sid));
}

/** What an inbox's events say of a session that was over before: it went to a review, or got its bill, however late. */
const inboxSays: Readonly<Record<string, Standing>> = {
  review: { phase: "needs_review", waived: false },
  waived: { phase: "needs_review", waived: true },
  completed: { phase: "billed", waived: false },
};

export interface HeardOf {
  /** Rows of the list of past sessions. */
  past: readonly (Standing & Pick<OwnSession, "session_id">)[];
  messages: readonly Pick<Message, "event" | "session_id">[];
}

/**
 * Ids to be looked at one by one, in no list that just came: known and not over as far as known, heard of as not over,
 * or known as less far than was heard of.
 */
export function toLookAt(
  sessions: Sessions,
  listed: readonly string[],
  { past, messages }: HeardOf = { past: [], messages: [] },
): string[] {
  const open = Object.values(sessions).flatMap((one) => (isOver(one) ? [] : [one.session_id]));
  const isBehind = (sid: string, heard: Standing) => {
    const known = sessions[sid];
    return known !== undefined && standingOf(heard) > standingOf(known);
  };
  const fromPast = past.filter((row) =>
    sessions[row.session_id] ? isBehind(row.session_id, row) : !isOver(row),
  );
  const fromMessages = messages.flatMap(({ event, session_id: sid }) => {
    const heard = inboxSays[event];
    return heard && sid !== null && isBehind(sid, heard) ? [sid] : [];
  });
  const wanted = [...open, ...fromPast.map(({ session_id }) => session_id), ...fromMessages];
  return [...new Set(wanted)].filter((sid) => !listed.includes(sid)).sort();
}

/** Without those that were over long ago: at most `most` of what is over, the newest by when they were asked for. */
export function withoutOld(sessions: Sessions, most = 20): Sessions {
  const all = Object.values(sessions);
  const over = all.filter(isOver).sort((a, b) => (b.requested_at ?? "").localeCompare(a.requested_at ?? ""));
  const kept = [...all.filter((one) => !isOver(one)), ...over.slice(0, most)];
  return kept.length === all.length ? sessions : Object.fromEntries(kept.map((one) => [one.session_id, one]));
}

export interface Message {
  sequence: number;
  created_at: string | null;
  message: string;
  type: "SESSION" | "QUEUE" | "ALERT";
  event: string;
  session_id: string | null;
  cp_id: string | null;
  read: boolean;
}

/** Its words with every instant ("2026-01-10T09:35Z") as `text` gives it: people read hours of their own clock. */
export function wordsOf({ message }: Pick<Message, "message">, text: (atMs: number) => string): string {
  return message.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z/g, (instant) =>
    text(Date.parse(instant)),
  );
}

/** As many as an inbox keeps. */
const messagesAtMost = 500;

/** Oldest first, each once. */
export function withMessages(known: readonly Message[], came: readonly Message[]): Message[] {
  const bySequence = new Map(known.map((message) => [message.sequence, message]));
  for (const message of came) {
    const read = message.read || bySequence.get(message.sequence)?.read === true;
    bySequence.set(message.sequence, { ...message, read });
  }
  return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence).slice(-messagesAtMost);
}

/** With the newest of an inbox as it was asked for. One that began anew has other messages under known sequences. */
export function withInbox(known: readonly Message[], newest: readonly Message[]): Message[] {
  const writtenAt = new Map(known.map(({ sequence, created_at }) => [sequence, created_at]));
  const anew = newest.some(
    ({ sequence, created_at }) => (writtenAt.get(sequence) ?? created_at) !== created_at,
  );
  return withMessages(anew || newest.length === 0 ? [] : known, newest);
}

/** Everything up to `sequence` is read. */
export function readUpTo(messages: readonly Message[], sequence: number): Message[] {
  return messages.map((one) => (one.sequence <= sequence && !one.read ? { ...one, read: true } : one));
}

export function unreadOf(messages: readonly Message[]): number {
  return messages.filter(({ read }) => !read).length;
}

/** Whether messages before the first one here exist: sequences begin at 1 and have no gap. */
export function firstGap(messages: readonly Message[]): { after: number; limit: number } | undefined {
  const first = messages[0]?.sequence ?? 1;
  const limit = Math.min(100, first - 1);
  return limit > 0 ? { after: first - 1 - limit, limit } : undefined;
}

const samplesAtMost = 360;

/** With the session's power in kW, when its figures are newer than the last; thinned evenly when there are many. */
export function withSample(samples: readonly Sample[], session: OwnSession): readonly Sample[] {
  const atMs = Date.parse(session.figures_at ?? "");
  const last = samples.at(-1);
  if (Number.isNaN(atMs) || session.power_kw === null || (last && atMs <= last.atMs)) return samples;
  const next = [...samples, { atMs, value: session.power_kw }];
  if (next.length <= samplesAtMost) return next;
  return next.filter((_, i) => i % 2 === 0 || i === next.length - 1);
}
