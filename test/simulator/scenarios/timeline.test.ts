// From looks at the fleet to the picture of a story.
import { describe, expect, test } from "vitest";
import {
  addSample,
  isCalm,
  type Rows,
  shownRows,
  troublesOf,
} from "../../../simulator/scenarios/timeline.rules.ts";
import { timelineSvg } from "../../../simulator/scenarios/timeline-svg.ts";
import { span, story, verdict } from "./story.ts";

const at = (look: "on" | "broken" | "charging", driver: string | null = null) =>
  new Map([["CP-001", { look, driver }]]);

describe("spans", () => {
  test("a state lasts until the look that shows another one", () => {
    const rows: Rows = new Map();
    for (const [atMs, sample] of [
      [0, at("on")],
      [250, at("on")],
      [500, at("broken")],
      [750, at("broken")],
    ] as const)
      addSample(rows, atMs, sample);
    expect(rows.get("CP-001")).toEqual([span("on", 0, 0.5), span("broken", 0.5, 0.75)]);
  });

  test("another driver begins another span", () => {
    const rows: Rows = new Map();
    addSample(rows, 0, at("charging", "a"));
    addSample(rows, 1_000, at("charging", "b"));
    expect(rows.get("CP-001")).toEqual([span("charging", 0, 1, "a"), span("charging", 1, 1, "b")]);
  });

  test("who came later begins later", () => {
    const rows: Rows = new Map();
    addSample(rows, 0, at("on"));
    addSample(rows, 1_000, new Map([["CP-011", { look: "on", driver: null }]]));
    expect(rows.get("CP-011")?.[0]?.fromMs).toBe(1_000);
  });

  test("trouble is what is neither On nor charging; Central's absence says nothing about a point", () => {
    expect(troublesOf([span("on", 0, 1), span("unknown", 1, 2), span("charging", 2, 3)])).toEqual([]);
    expect(troublesOf([span("on", 0, 1), span("broken", 1, 2)])).toEqual(["broken"]);
    expect(isCalm([span("running", 0, 1)])).toBe(true);
    expect(isCalm([span("running", 0, 1), span("killed", 1, 2)])).toBe(false);
  });
});

describe("the picture", () => {
  test("shows who charged, had trouble or was acted upon, charge points first", () => {
    const { rows, acts } = story();
    expect(shownRows(rows, acts)).toEqual(["CP-005", "ev-cp-e-5"]);
  });

  test("is an SVG without script, with every state as a class, and says the same in words", () => {
    const svg = timelineSvg(story());
    expect(svg.startsWith("<svg ")).toBe(true);
    expect(svg).not.toMatch(/<script|onload|href=/);
    for (const look of ["on", "charging", "broken", "running", "killed"])
      expect(svg, look).toContain(`class="band ${look}"`);
    expect(svg).toContain("CP-005: On from 0.0 s, charging from 2.0 s, Broken from 6.0 s, On from 12.0 s");
    expect(svg).toContain("prefers-color-scheme: dark");
  });

  test("is well formed whatever a name holds", () => {
    const named = story({
      title: 'a "title" <with> & signs',
      rows: new Map([["CP-<b>", [span("broken", 0, 20, '"><script>')]]]),
    });
    const svg = timelineSvg(named);
    expect(svg).not.toContain("<script>");
    expect(svg).not.toContain("<b>");
    expect(openTags(svg)).toEqual([]);
    expect(openTags(timelineSvg(story()))).toEqual([]);
  });

  test("puts spans and marks where they belong in time", () => {
    const svg = timelineSvg(story());
    const killed = /class="band killed" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/.exec(svg);
    const scale = (960 - 150 - 16) / 20;
    expect(Number(killed?.[1])).toBeCloseTo(150 + 4 * scale, 0);
    expect(Number(killed?.[2])).toBeCloseTo(6 * scale, 0);
    expect(svg).toContain(`<circle class="flag" cx="${killed?.[1]}"`);
  });

  test("marks a failed expectation", () => {
    const svg = timelineSvg(story({ verdicts: [verdict("CP-005 is Broken", { ok: false })] }));
    expect(svg).toContain("1 expectation failed");
    expect(svg).toMatch(/class="wrong"[^>]*>✗/);
    expect(timelineSvg(story())).toContain("every expectation met");
  });
});

/** Tags that are not closed in order; empty for a well-formed text. */
function openTags(svg: string): string[] {
  const open: string[] = [];
  for (const [, close, name = "", empty] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (empty === "/") continue;
    if (close !== "/") open.push(name);
    else if (open.pop() !== name) return [`</${name}>`];
  }
  return open;
}
