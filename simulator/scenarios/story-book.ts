// Writes a story down while it is played, tells it as it goes, and waits for what it expects.
import { setTimeout as delay } from "node:timers/promises";
import type { Act, Moment, Step, Verdict } from "./record.ts";
import type { LookOnce, Within } from "./scenario.ts";
import { judge, patienceMs, verdictText } from "./verdicts.rules.ts";

/** An expectation never came: the rest of the story makes no sense. Its verdict is in the book. */
export class StoryEnds extends Error {
  override name = "StoryEnds";
}

const lookEveryMs = 40;

export class StoryBook {
  readonly begin: Moment = moment();
  readonly steps: Step[] = [];
  readonly acts: Act[] = [];
  readonly verdicts: Verdict[] = [];
  #lastAct: Moment = this.begin;
  readonly #tell: (atMs: number, text: string) => void;

  constructor(tell: (atMs: number, text: string) => void) {
    this.#tell = tell;
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

  /** From now on expectations are measured from here. */
  act(text: string, names: readonly string[]): Moment {
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
   * instant on the wall; its `wrong` makes the expectation fail although something was seen. Throws StoryEnds.
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
