// When an expectation is met, and what a story's verdicts mean.
import { describe, expect, test } from "vitest";
import {
  exitCodeOf,
  judge,
  patienceMs,
  summaryText,
  verdictText,
} from "../../../simulator/scenarios/verdicts.rules.ts";
import { story, verdict } from "./story.ts";

describe("an expectation", () => {
  test("is met when it is seen within its bound, the bound included", () => {
    expect(judge("x", { withinS: 6 }, 0, 5_999, "").ok).toBe(true);
    expect(judge("x", { withinS: 6 }, 0, 6_000, "").ok).toBe(true);
  });

  test("fails when it is seen late, and its time is told beside the bound", () => {
    const late = judge("CP-005 is Broken", { withinS: 6 }, 0, 6_001, "");
    expect(late.ok).toBe(false);
    expect(verdictText({ ...late, tookMs: 7_200 })).toBe("✗ CP-005 is Broken  [7.20 s, promised ≤6 s]");
  });

  test("fails when it is never seen", () => {
    const never = judge("CP-005 is Broken", { withinS: 6 }, 0, null, "");
    expect(never.ok).toBe(false);
    expect(verdictText(never)).toBe("✗ CP-005 is Broken  [not seen, promised ≤6 s]");
  });

  test("is waited for beyond its bound, so that a late one has a time", () => {
    expect(patienceMs({ withinS: 6 })).toBeGreaterThanOrEqual(12_000);
    expect(patienceMs({ withinS: 30 })).toBeGreaterThanOrEqual(60_000);
  });

  test("without a time is told with its note alone", () => {
    expect(
      verdictText(
        verdict("nobody else was touched", {
          boundMs: null,
          tookMs: null,
          ok: false,
          note: "CP-002 was broken",
        }),
      ),
    ).toBe("✗ nobody else was touched: CP-002 was broken");
  });
});

describe("a story's exit code", () => {
  test("is 0 when every expectation was met", () => {
    expect(exitCodeOf(story())).toBe(0);
    expect(summaryText(story())).toBe("2 of 2 expectations met");
  });

  test("is 1 when one failed, whatever happened after it, and the failed one is named", () => {
    const failed = story({
      verdicts: [verdict("CP-005 is Broken", { ok: false }), verdict("CP-005 is On")],
      brokeOff: "the fleet ended",
    });
    expect(exitCodeOf(failed)).toBe(1);
    expect(summaryText(failed)).toBe(
      "1 of 2 expectations failed: CP-005 is Broken; broke off: the fleet ended",
    );
  });

  test("is 2 when it broke off without a failed expectation, or expected nothing", () => {
    expect(exitCodeOf(story({ brokeOff: "the fleet ended" }))).toBe(2);
    expect(exitCodeOf(story({ verdicts: [] }))).toBe(2);
  });
});
