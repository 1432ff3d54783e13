// The live table under a story.
import { expect, test } from "vitest";
import type { CpReading } from "../../../simulator/cli/fleet-view.rules.ts";
import { storyTable } from "../../../simulator/scenarios/story-table.ts";
import { serviceReport } from "../../support/service-report.ts";

const cp = (cp_id: string, more: Partial<CpReading> = {}): CpReading => ({
  cp_id,
  state: "ON",
  engine_state: "ACTIVATED",
  current_driver: null,
  telemetry: null,
  ...more,
});
/** Without the colours. */
const plain = (lines: string[]) =>
  lines.map((line) =>
    line
      .split("\x1b[")
      .map((part, i) => (i === 0 ? part : part.replace(/^\d+m/, "")))
      .join(""),
  );

test("shows who does not run, who charges, who is not On, and whom the story names; nobody else", () => {
  const lines = plain(
    storyTable(
      {
        services: [
          serviceReport("ev-cp-e-1"),
          serviceReport("ev-cp-e-2"),
          serviceReport("ev-cp-e-5", { status: "killed" }),
        ],
        cps: [
          cp("CP-001"),
          cp("CP-002", {
            engine_state: "SUPPLYING",
            current_driver: "driver-bob",
            telemetry: { kw: 11.04, kwh: 0.042, euros: 0.01, session_id: "S-1" },
          }),
          cp("CP-005", { state: "BROKEN", engine_state: "FAULT" }),
          cp("CP-006", { state: "DISCONNECTED" }),
          cp("CP-007"),
        ],
      },
      new Set(["ev-cp-e-2", "CP-007"]),
      "rolling-failure",
      80,
      20,
    ),
  );
  expect(lines[0]).toMatch(/^── rolling-failure ─+$/);
  expect(lines.slice(1).map((line) => line.trim().split(/\s+/).slice(0, 3))).toEqual([
    ["ev-cp-e-2", "●", "running"],
    ["ev-cp-e-5", "✖", "killed"],
    ["CP-002", "▲", "charging"],
    ["CP-005", "✖", "Broken"],
    ["CP-006", "○", "Disconnected"],
    ["CP-007", "●", "On"],
  ]);
  expect(lines[3]).toContain("11.0 kW  0.042 kWh  € 0.01  driver-bob");
});

test("says so when Central does not answer", () => {
  const lines = plain(storyTable({ services: [], cps: null }, new Set(), "x", 80, 20));
  expect(lines[1]).toContain("Central");
  expect(lines[1]).toContain("does not answer");
});

test("never takes more lines or columns than there are", () => {
  const cps = Array.from({ length: 50 }, (_, i) => cp(`CP-${i}`, { state: "BROKEN" }));
  const lines = plain(storyTable({ services: [], cps }, new Set(), "a long title ".repeat(9), 40, 10));
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe("  … and 42 more");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
});
