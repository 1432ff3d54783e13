// The book of expectations: when one is met, how it is told, and what a story's verdicts mean as an exit code. Pure.
import { durationText } from "../cli/text.ts";
import type { StoryRecord, Verdict } from "./record.ts";

export interface Bound {
  /** The promise, in seconds. */
  withinS: number;
}

/** How long an expectation is waited for beyond its promise, so that a late one is told with its time. */
export function patienceMs({ withinS }: Bound): number {
  return withinS * 1_000 + Math.max(10_000, withinS * 1_000);
}

/** `tookMs` null: it did not come at all. */
export function judge(
  what: string,
  bound: Bound,
  atMs: number,
  tookMs: number | null,
  note: string,
): Verdict {
  const boundMs = bound.withinS * 1_000;
  return { what, ok: tookMs !== null && tookMs <= boundMs, atMs, tookMs, boundMs, note };
}

/** "✓ CP-005 is Broken   2.31 s (promised ≤6 s)". */
export function verdictText({ what, ok, tookMs, boundMs, note }: Verdict): string {
  const told = note === "" ? "" : `: ${note}`;
  const time = timeText({ tookMs, boundMs });
  return `${ok ? "✓" : "✗"} ${what}${told}${time === "" ? "" : `  [${time}]`}`;
}

export function timeText({ tookMs, boundMs }: Pick<Verdict, "tookMs" | "boundMs">): string {
  if (boundMs === null) return "";
  const promised = `promised ≤${boundMs / 1_000} s`;
  return tookMs === null ? `not seen, ${promised}` : `${durationText(tookMs)}, ${promised}`;
}

export function failedOf({ verdicts }: Pick<StoryRecord, "verdicts">): Verdict[] {
  return verdicts.filter(({ ok }) => !ok);
}

/** 0: every expectation met. 1: one failed. 2: the story could not be played to its end, or expected nothing. */
export function exitCodeOf(story: Pick<StoryRecord, "verdicts" | "brokeOff">): 0 | 1 | 2 {
  if (failedOf(story).length > 0) return 1;
  return story.brokeOff !== null || story.verdicts.length === 0 ? 2 : 0;
}

/** "9 of 9 expectations met", "1 of 9 expectations failed: CP-005 is Broken". */
export function summaryText(story: Pick<StoryRecord, "verdicts" | "brokeOff">): string {
  const failed = failedOf(story);
  const all = story.verdicts.length;
  const off = story.brokeOff === null ? "" : `; broke off: ${story.brokeOff}`;
  if (failed.length === 0) return `${all} of ${all} expectations met${off}`;
  return `${failed.length} of ${all} expectations failed: ${failed.map(({ what }) => what).join("; ")}${off}`;
}
