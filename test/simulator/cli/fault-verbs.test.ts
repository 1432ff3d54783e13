// What the fault verbs take and say, without a fleet.
import { describe, expect, test } from "vitest";
import { faultOf } from "../../../simulator/cli/disconnect.ts";
import { adviceLines } from "../../../simulator/cli/fault-advice.rules.ts";
import { dated, merged, shownAs } from "../../../simulator/cli/log-lines.rules.ts";

const typed = (values: Record<string, string>, ...flags: string[]) =>
  faultOf({ values: new Map(Object.entries(values)), flags: new Set(flags) });

describe("ev disconnect", () => {
  test("cuts when nothing else is said; a delay and a loss may come together", () => {
    expect(typed({})).toEqual({ how: "cut" });
    expect(typed({}, "--half-open")).toEqual({ how: "half-open" });
    expect(typed({ "--delay": "250" })).toEqual({ how: "delay", ms: 250 });
    expect(typed({ "--loss": "5" })).toEqual({ how: "loss", percent: 5 });
    expect(typed({ "--delay": "40", "--loss": "5" })).toEqual({ how: "delay", ms: 40, percent: 5 });
  });
  test.each([
    [() => typed({ "--loss": "5" }, "--half-open"), /--half-open/],
    [() => typed({ "--loss": "101" }), /--loss=101: a whole number from 0 to 100/],
    [() => typed({ "--delay": "soon" }), /--delay=soon/],
  ])("refuses what makes no sense", (refused, why) => {
    expect(refused).toThrow(why);
  });
});

test.each([
  ["gone", { name: "ev-cp-e-5", role: "engine", subject: "CP-005" }, "ev-cp-m-5", "ev start ev-cp-e-5"],
  [
    "cut",
    { name: "ev-cp-m-5", role: "monitor", subject: "CP-005" },
    "CP-005 Disconnected",
    "ev connect ev-cp-m-5",
  ],
  [
    "gone",
    { name: "ev-driver-bob", role: "driver", subject: "driver-bob" },
    "inbox",
    "ev start ev-driver-bob",
  ],
  ["cut", { name: "ev-kafka", role: "kafka", subject: null }, ".feed", "ev connect ev-kafka"],
] as const)(
  "after a fault (%s %j) it is said where to look and what mends it",
  (blow, struck, where, mend) => {
    const lines = adviceLines(blow, struck, "http://localhost:8000");
    expect(lines.join("\n")).toContain(where);
    expect(lines.at(-1)).toContain(mend);
    expect(lines.join("\n")).not.toContain("null");
  },
);

describe("the lines of several logs", () => {
  const a = dated("ev-a", [
    "2026-01-01T00:00:02.000Z INFO a | second",
    "    at a stack",
    "2026-01-01T00:00:04.000Z INFO a | fourth",
  ]);
  const b = dated("ev-bridge", ["2026-01-01T00:00:03.000Z INFO b | third"], "2026-01-01T00:00:01.000Z");
  test("come by their time, a line without one behind the line it belongs to", () => {
    expect(merged([...a, ...b]).map(({ line }) => line.split("| ").at(-1)?.trim())).toEqual([
      "second",
      "at a stack",
      "third",
      "fourth",
    ]);
  });
  test("carry their service's name, padded, coloured on a terminal alone; one log stands for itself", () => {
    const [first] = a;
    if (!first) throw new Error("no line");
    expect(shownAs(["ev-a", "ev-bridge"], false)(first)).toBe(`ev-a      | ${first.line}`);
    expect(shownAs(["ev-a", "ev-bridge"], true)(first)).toBe(`\x1b[32mev-a     \x1b[0m | ${first.line}`);
    expect(shownAs(["ev-a"], true)(first)).toBe(first.line);
  });
});
