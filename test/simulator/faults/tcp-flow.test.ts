// When a chunk leaves: later by the line's delay, stalled when lost, never before the one ahead of it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { leavesAtMs } from "../../../simulator/faults/tcp-flow.ts";

test("a chunk leaves after the delay, and a lost one a retransmission time-out later", () => {
  const weather = { delayMs: 50, lossPercent: 10 };
  expect(leavesAtMs(1_000, 0, weather, [0.5, 0.5])).toBe(1_050);
  expect(leavesAtMs(1_000, 0, weather, [0.05, 0])).toBe(1_250);
  expect(leavesAtMs(1_000, 0, weather, [0.05, 1])).toBe(2_050);
  expect(leavesAtMs(1_000, 0, { delayMs: 0, lossPercent: 0 }, [0, 0])).toBe(1_000);
});

test("no chunk overtakes another, whatever is drawn and however the weather changes", () => {
  const chunk = fc.record({
    afterMs: fc.integer({ min: 0, max: 300 }),
    delayMs: fc.integer({ min: 0, max: 500 }),
    lossPercent: fc.integer({ min: 0, max: 100 }),
    dice: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
  });
  fc.assert(
    fc.property(fc.array(chunk), (chunks) => {
      let nowMs = 0;
      let lastMs = 0;
      for (const { afterMs, dice, ...weather } of chunks) {
        nowMs += afterMs;
        const atMs = leavesAtMs(nowMs, lastMs, weather, dice);
        expect(atMs).toBeGreaterThanOrEqual(Math.max(lastMs, nowMs + weather.delayMs));
        lastMs = atMs;
      }
    }),
  );
});
