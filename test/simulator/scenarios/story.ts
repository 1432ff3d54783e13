// A story's record for tests of what is made of it.
import type { Span, StoryRecord, Verdict } from "../../../simulator/scenarios/record.ts";

export function verdict(what: string, more: Partial<Verdict> = {}): Verdict {
  return { what, ok: true, atMs: 5_000, tookMs: 2_400, boundMs: 6_000, note: "", ...more };
}

export function span(look: Span["look"], fromS: number, toS: number, driver: string | null = null): Span {
  return { look, driver, fromMs: fromS * 1_000, toMs: toS * 1_000 };
}

/** An engine dies in mid-session and comes back. */
export function story(more: Partial<StoryRecord> = {}): StoryRecord {
  return {
    name: "a-story",
    title: "an engine dies & comes back",
    startedAtMs: Date.parse("2026-03-01T12:00:00Z"),
    fleet: "a fleet",
    tookMs: 20_000,
    steps: [{ atMs: 1_000, text: "a quiet morning" }],
    acts: [
      { atMs: 4_000, text: "ev-cp-e-5 killed (SIGKILL)", names: ["ev-cp-e-5"] },
      { atMs: 10_000, text: "ev-cp-e-5 started again", names: ["ev-cp-e-5"] },
    ],
    verdicts: [verdict("CP-005 is Broken"), verdict("CP-005 is On", { atMs: 12_000, boundMs: 30_000 })],
    sessions: [
      {
        sid: "S-CP-005-1",
        cp: "CP-005",
        driver: "driver-eve",
        bill: { energyWh: 77, priceEurPerKwh: 0.33, costEur: 0.03, meteredWh: 77.4 },
      },
    ],
    rows: new Map([
      ["CP-001", [span("on", 0, 20)]],
      [
        "CP-005",
        [
          span("on", 0, 2),
          span("charging", 2, 6, "driver-eve"),
          span("broken", 6, 12, "driver-eve"),
          span("on", 12, 20),
        ],
      ],
      ["ev-cp-e-1", [span("running", 0, 20)]],
      ["ev-cp-e-5", [span("running", 0, 4), span("killed", 4, 10), span("running", 10, 20)]],
    ]),
    brokeOff: null,
    ...more,
  };
}
