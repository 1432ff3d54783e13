// The stage on which a scenario is played: its verbs, over the doors of a running fleet.
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceReport } from "../fleet/control-messages.ts";
import { cpIdOf, cpNumberIn } from "../fleet/typed-names.ts";
import { chargingVerbs } from "./charging-verbs.ts";
import type { LogWatch } from "./log-watch.ts";
import type { Doors } from "./public-doors.ts";
import type { SessionRecord } from "./record.ts";
import type { Stage } from "./scenario.ts";
import { serviceActs } from "./service-acts.ts";
import { sightsOf } from "./sights.ts";
import { moment, type StoryBook } from "./story-book.ts";
import type { Witness } from "./witness.ts";

export interface StageParts {
  doors: Doors;
  book: StoryBook;
  logs: LogWatch;
  witness: Witness;
  forMs: number;
  rounds: number;
}

export interface OpenStage {
  stage: Stage;
  sessions: SessionRecord[];
  /** Cars that are left go, and what is not billed yet is expected to be. */
  curtain(): Promise<void>;
  /** Cars come and go as before, whatever happened. */
  tidy(): Promise<void>;
  /** What was added goes, lines are mended. */
  undo(): Promise<void>;
}

export function openStage(parts: StageParts): OpenStage {
  const { doors, book, logs, witness } = parts;
  const touched = new Set<string>();
  const { acts, undo } = serviceActs(doors, book, touched);
  const { verbs, sessions, curtain, tidy } = chargingVerbs(doors, book);
  const stage: Stage = {
    doors,
    forMs: parts.forMs,
    rounds: parts.rounds,
    say: (text) => book.say(text),
    expect: (what, within, look, note) =>
      book.expect(what, within, look, (seen) => ({ note: note?.(seen) ?? "" })),
    check: (what, ok, note) => book.check(what, ok, note),
    now: moment,
    anyMoment: () => delay(Math.random() * 1_000),
    cps: () => witness.newest().cps ?? [],
    services: () => witness.newest().services,
    free: (...wanted) => freeNames(wanted, witness.newest().services),
    ...acts,
    ...verbs,
    ...sightsOf(doors, book, logs, witness, touched),
  };
  return { stage, sessions, curtain, tidy, undo };
}

function freeNames(wanted: readonly string[], services: readonly ServiceReport[]): string[] {
  const taken = new Set(services.map(({ subject }) => subject));
  return wanted.map((name) => {
    const number = cpNumberIn(name);
    let free = name;
    for (let n = 1; taken.has(free); n++)
      free = number === undefined ? `${name}-${n + 1}` : cpIdOf(number + n);
    taken.add(free);
    return free;
  });
}
