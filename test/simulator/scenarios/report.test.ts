// A story's report as it is read afterwards.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportText, writeReport } from "../../../simulator/scenarios/report.ts";
import { exitCodeOf } from "../../../simulator/scenarios/verdicts.rules.ts";
import { story, verdict } from "./story.ts";

test("a failed expectation is named first, with its time and its bound, and makes the exit code 1", () => {
  const failed = story({
    verdicts: [
      verdict("CP-005 is On"),
      verdict("CP-005 is Broken", { ok: false, tookMs: 7_200 }),
      verdict("the driver is told", { ok: false, tookMs: null }),
    ],
  });
  const text = reportText(failed);
  expect(exitCodeOf(failed)).toBe(1);
  expect(text).toContain("**2 of 3 expectations failed: CP-005 is Broken; the driver is told.**");
  const [, wrong = ""] = /## What failed\n\n([\s\S]*?)\n\n##/.exec(text) ?? [];
  expect(wrong.split("\n")).toEqual([
    "- CP-005 is Broken: 7.20 s (promised ≤6 s)",
    "- the driver is told: not seen (promised ≤6 s)",
  ]);
});

test("a report without failures has no such section, and shows times, bills and the story in its order", () => {
  const text = reportText(story());
  expect(text).not.toContain("What failed");
  expect(text).toContain("| ✓ | CP-005 is Broken | 2.40 s | ≤6 s |  |");
  expect(text).toContain("| S-CP-005-1 | CP-005 | driver-eve | 77 Wh | €0.33/kWh | €0.03 | 77.4 Wh |");
  expect(text.split("## The story")[1]?.trim().split("\n")).toEqual([
    "- 1.0 s: a quiet morning",
    "- 4.0 s: ev-cp-e-5 killed (SIGKILL)",
    "- 10.0 s: ev-cp-e-5 started again",
  ]);
});

test("a note cannot break the table", () => {
  const text = reportText(story({ verdicts: [verdict("a|b", { note: "one\ntwo|three" })] }));
  expect(text).toContain("| ✓ | a\\|b | 2.40 s | ≤6 s | one two\\|three |");
});

test("report and picture lie side by side, and the one shows the other", () => {
  const dir = mkdtempSync(join(tmpdir(), "ev-report-"));
  try {
    const path = writeReport(join(dir, "deep", "down"), story());
    expect(readdirSync(join(dir, "deep", "down")).sort()).toEqual(["report.md", "timeline.svg"]);
    expect(readFileSync(path, "utf8")).toContain("](timeline.svg)");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
