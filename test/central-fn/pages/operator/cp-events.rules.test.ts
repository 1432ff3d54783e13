// One log of four lists.
import { expect, it } from "vitest";
import { actText } from "../../../../central-fn/pages/operator/act-text.rules.ts";
import { eventsOf } from "../../../../central-fn/pages/operator/cp-events.rules.ts";
import { indented } from "../../../../central-fn/pages/operator/payload.rules.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 4, 3, 10, minute)).toISOString();
const act = {
  request_id: "O-1",
  operator_id: "olga",
  action: "stop-cp",
  cp_id: "CP-1",
  session_id: null,
  reason: "cable damaged",
  detail: {},
  outcome: "done" as const,
  refused_because: null,
  requested_at: at(5),
  decided_at: at(5),
};

it("is newest first, a fault and its end are two lines, and each has a key of its own", () => {
  const events = eventsOf({
    faults: [
      {
        cp_id: "CP-1",
        state: "BROKEN",
        from: "ON",
        cause: "no answer",
        start: at(1),
        end: at(5),
        duration_s: 240,
      },
    ],
    sessions: [],
    acts: [act],
    letters: [],
  });
  expect(events.map(({ kind, text, bad }) => [kind, text, bad])).toEqual([
    ["status", "became On again", false],
    ["operator", "olga, stop: cable damaged", false],
    ["status", "became Broken: no answer", true],
  ]);
  expect(new Set(events.map(({ key }) => key)).size).toBe(3);
});

it("an act that was refused says why", () => {
  expect(actText({ ...act, reason: null, outcome: "refused", refused_because: "it is retired" })).toBe(
    "olga, stop (refused: it is retired)",
  );
});

it("a payload is indented when it is JSON, and left alone when it is not", () => {
  expect(indented('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(indented('{"a":')).toBe('{"a":');
});
