// Figures and times as people read them.
import { describe, expect, it } from "vitest";
import {
  ageText,
  clockText,
  durationText,
  euroText,
  kmText,
  kwhText,
  kwText,
  minorText,
  priceText,
  stopwatchText,
  whenText,
} from "../../../../central-fn/pages/kit/format.ts";

const nowMs = new Date(2026, 4, 3, 14, 3, 27).getTime();
const second = 1_000;
const hour = 3_600_000;

describe("figures", () => {
  it("have their unit, and a dash where nothing is known", () => {
    expect([kwText(11), kwhText(1.2345), euroText(1_234.5), minorText(300), priceText(0.3)]).toEqual([
      "11.0 kW",
      "1.235 kWh",
      "€1,234.50",
      "€3.00",
      "€0.30/kWh",
    ]);
    expect([priceText(0.12345), kmText(0.4), kmText(12.34)]).toEqual(["€0.12345/kWh", "400 m", "12.3 km"]);
    expect([kwText(null), kwhText(undefined), minorText(null)]).toEqual(["–", "–", "–"]);
  });
});

describe("times", () => {
  it("are of 24 hours, with the day where it is another", () => {
    expect(clockText(nowMs)).toBe("14:03:27");
    expect(whenText(nowMs, nowMs)).toBe("14:03");
    expect(whenText(nowMs - 20 * hour, nowMs)).toBe("2 May, 18:03");
    expect(whenText(nowMs - 200 * 24 * hour, nowMs)).toMatch(/^15 Oct 2025, 1\d:03$/);
    expect(whenText("no instant", nowMs)).toBe("–");
  });

  it.each([
    [8 * second, "8 s", "0:08"],
    [185 * second, "3 min", "3:05"],
    [2 * hour, "2 h", "2:00:00"],
    [2 * hour + 300 * second, "2 h 5 min", "2:05:00"],
    [76 * hour, "3 d 4 h", "76:00:00"],
    [-5, "0 s", "0:00"],
  ])("%d ms last %s, on a watch %s", (ms, lasts, watch) => {
    expect([durationText(ms), stopwatchText(ms)]).toEqual([lasts, watch]);
  });

  it("say how old something is that should be fresh", () => {
    expect(ageText(nowMs - 2_000, nowMs)).toBe("now");
    expect(ageText(nowMs - 40_000, nowMs)).toBe("40 s old");
    expect(ageText(undefined, nowMs)).toBe("–");
  });
});
