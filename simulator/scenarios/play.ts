// Plays one scenario on a running fleet, from the first look to the written record, and leaves the fleet as it was.
import { Complaint } from "../fleet/complaint.ts";
import type { ServiceReport } from "../fleet/control-messages.ts";
import { LogWatch } from "./log-watch.ts";
import type { Doors } from "./public-doors.ts";
import type { StoryRecord } from "./record.ts";
import type { Scenario } from "./scenario.ts";
import { openStage } from "./stage.ts";
import { StoryBook, StoryEnds } from "./story-book.ts";
import { type Glance, openWitness } from "./witness.ts";

export interface PlayOptions {
  doors: Doors;
  /** How the fleet is named in the report. */
  fleet: string;
  forMs: number;
  rounds: number;
  /** Leave the fleet as the story left it. */
  keep: boolean;
  /** Ends the story between two looks, its reason in words; what it did is undone all the same. */
  stop?: AbortSignal;
  /** The fleet ends with its story: after a stop nothing on it needs to be undone. */
  isOwn?: boolean;
  tell(atMs: number, text: string): void;
  onGlance(glance: Glance): void;
}

/** Rejects with a Complaint when the story cannot even begin. */
export async function playScenario(scenario: Scenario, options: PlayOptions): Promise<StoryRecord> {
  const { doors } = options;
  const before = await doors.services();
  const logs = new LogWatch(
    doors.logPath,
    before.map(({ name }) => name),
  );
  const book = new StoryBook(options.tell, options.stop);
  const witness = await openWitness(doors, book.begin.monoMs, options.onGlance);
  const scene = openStage({ doors, book, logs, witness, forMs: options.forMs, rounds: options.rounds });
  let brokeOff: string | null = null;
  const guarded = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (error instanceof StoryEnds) return;
      brokeOff ??= error instanceof Complaint ? error.message : String(error);
    }
  };
  await guarded(async () => {
    await scenario.play(scene.stage);
    await scene.curtain();
  });
  book.close();
  await guarded(() => scene.tidy());
  if (!options.keep && !(options.isOwn && options.stop?.aborted)) {
    await guarded(() => restore(doors, book, before));
    await guarded(() => scene.undo());
  }
  await guarded(() => witness.close());
  logs.close();
  return {
    name: scenario.name,
    title: scenario.title,
    startedAtMs: book.begin.wallMs,
    fleet: options.fleet,
    tookMs: book.atMs(),
    steps: book.steps,
    acts: book.acts,
    verdicts: book.verdicts,
    sessions: scene.sessions,
    rows: witness.rows,
    brokeOff,
  };
}

/** What ran before runs again. */
async function restore(doors: Doors, book: StoryBook, before: readonly ServiceReport[]): Promise<void> {
  const now = new Map((await doors.services()).map((one) => [one.name, one]));
  const frozen = before.filter((one) => one.status === "running" && now.get(one.name)?.status === "paused");
  if (frozen.length > 0) await doors.ask({ verb: "unpause", services: frozen.map(({ name }) => name) });
  const ran = before.filter(({ pid }) => pid !== null);
  const gone = ran.map(({ name }) => name).filter((name) => now.get(name)?.pid === null);
  if (gone.length === 0) return;
  book.say(`starting again what the story left dead: ${gone.join(", ")}`);
  await doors.ask({ verb: "start", services: gone });
}
