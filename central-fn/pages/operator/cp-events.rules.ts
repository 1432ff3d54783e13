// A charge point's log: what the API keeps in several lists, as one, newest first. Pure.
import { euroText, kwhText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-href.ts";
import { actText } from "./act-text.rules.ts";
import type { Act, Fault, Letter, SessionRecord } from "./api-types.ts";
import { texts } from "./texts.ts";

export type EventKind = "status" | "session" | "operator" | "letter";

export interface LoggedEvent {
  key: string;
  atMs: number;
  kind: EventKind;
  text: string;
  href?: string;
  /** Something went wrong. */
  bad: boolean;
}

export interface Lists {
  faults: readonly Fault[];
  sessions: readonly SessionRecord[];
  acts: readonly Act[];
  letters: readonly Letter[];
}

export function eventsOf({ faults, sessions, acts, letters }: Lists): LoggedEvent[] {
  const { events: words } = texts.cp;
  const found: (LoggedEvent | undefined)[] = [
    ...faults.flatMap(({ state, cause, start, end }) => [
      event("status", start, words.became(texts.states[state], cause), true),
      event("status", end, words.onAgain, false),
    ]),
    ...sessions.flatMap((session) => {
      const href = hrefOf(["sessions", session.session_id]);
      const figures = words.ended(kwhText(session.energy_kwh), euroText(session.cost_eur));
      return [
        event("session", session.requested_at, words.asked(session.driver_id), false, href),
        event("session", session.completed_at, figures, session.interrupted, href),
      ];
    }),
    ...acts.map((act) => event("operator", act.decided_at, actText(act), act.outcome === "refused")),
    ...letters.map((letter) =>
      event("letter", letter.at, words.letter(letter.reason), true, hrefOf(["dead-letters", letter.ref])),
    ),
  ];
  return found
    .filter((one) => one !== undefined)
    .sort((a, b) => b.atMs - a.atMs)
    .map((one, i, all) => ({ ...one, key: `${one.kind} ${one.atMs} ${all.length - i}` }));
}

function event(
  kind: EventKind,
  at: string | null,
  text: string,
  bad: boolean,
  href?: string,
): LoggedEvent | undefined {
  if (at === null) return undefined;
  return { key: "", atMs: Date.parse(at), kind, text, bad, ...(href === undefined ? {} : { href }) };
}
