// Writes a story down while it is played, tells it as it goes, and waits for what it expects.
import { setTimeout as delay } from "node:timers/promises";
import { Complaint } from "../fleet/complaint.ts";
import type { Act, Moment, Step, Verdict } from "./record.ts";
import type { LookOnce, Within } from "./scenario.ts";
import { judge, patienceMs, verdictText } from "./verdicts.rules.ts";

/** An expectation never came: the rest of the story makes no sense. Its verdict is in the book. */
export class StoryEnds extends Error {
  override name = "StoryEnds";
}

/** Whoever plays the story wants it to end here. */
export class StoryStopped extends Complaint {
  override name = "StoryStopped";
}

const lookEveryMs = 40;

export class StoryBook {
  readonly begin: Moment = moment();
  readonly steps: Step[] = [];
  readonly acts: Act[] = [];
  readonly verdicts: Verdict[] = [];
  #lastAct: Moment = this.begin;
  readonly #tell: (atMs: number, text: string) => void;
  #stop: AbortSignal | undefined;

  /** `stop`, with its reason as text, ends the story between two looks. */
  constructor(tell: (atMs: number, text: string) => void, stop?: AbortSignal) {
    this.#tell = tell;
    this.#stop = stop;
  }

  /** Throws StoryStopped when the story is to end. */
  goOn(): void {
    if (this.#stop?.aborted) throw new StoryStopped(String(this.#stop.reason));
  }

  /** The story is over: what is still written is how its traces are undone, and that is not stopped. */
  close(): void {
    this.#stop = undefined;
  }

  get lastAct(): Moment {
    return this.#lastAct;
  }

  atMs(at: Moment = moment()): number {
    return Math.round(at.monoMs - this.begin.monoMs);
  }

  say(text: string): void {
    this.steps.push({ atMs: this.atMs(), text });
    this.#tell(this.atMs(), text);
  }

  /** From now on expectations are measured from here. Throws StoryStopped. */
  act(text: string, names: readonly string[]): Moment {
    this.goOn();
    const at = moment();
    this.#lastAct = at;
    this.acts.push({ atMs: this.atMs(at), text, names: [...names] });
    this.#tell(this.atMs(at), text);
    return at;
  }

  judge(verdict: Verdict): void {
    this.verdicts.push(verdict);
    this.#tell(verdict.atMs, verdictText(verdict));
  }

  check(what: string, ok: boolean, note = ""): void {
    this.judge({ what, ok, atMs: this.atMs(), tookMs: null, boundMs: null, note });
  }

  /**
   * Waits until `look` sees it, beyond the bound if need be. `read` tells a note and, when that is better known, the
   * instant on the wall; its `wrong` makes the expectation fail although something was seen. Throws StoryEnds, and
   * StoryStopped.
   */
  async expect<T>(
    what: string,
    within: Within,
    look: LookOnce<T>,
    read: (seen: T) => { note?: string; wallMs?: number; wrong?: string } = () => ({}),
    waitMs = patienceMs(within),
  ): Promise<T> {
    const since = within.since ?? this.#lastAct;
    const sampled = within.figure === undefined ? {} : { figure: within.figure };
    const until = performance.now() + waitMs;
    for (;;) {
      this.goOn();
      const seen = await look();
      if (seen !== undefined && seen !== false) {
        const { note = "", wallMs, wrong } = read(seen);
        const at = moment();
        const tookMs = wallMs === undefined ? at.monoMs - since.monoMs : Math.max(0, wallMs - since.wallMs);
        const verdict = { ...judge(what, within, this.atMs(at), tookMs, wrong ?? note), ...sampled };
        this.judge(wrong === undefined ? verdict : { ...verdict, ok: false });
        return seen;
      }
      if (performance.now() > until) {
        this.judge({ ...judge(what, within, this.atMs(), null, ""), ...sampled });
        throw new StoryEnds(what);
      }
      await delay(lookEveryMs);
    }
  }
}

export function moment(): Moment {
  return { monoMs: performance.now(), wallMs: Date.now() };
}
