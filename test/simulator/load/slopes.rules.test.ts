// What one more charge point costs.
import { describe, expect, test } from "vitest";
import { bytesPerCp, cpuSlopes } from "../../../simulator/load/slopes.rules.ts";

const size = (cps: number, cores: number, workers: number, workerBytes: number) => ({
  cps,
  cores,
  workers,
  workerBytes,
});

describe("slopes", () => {
  test("fixed costs fall out of them", () => {
    const slopes = cpuSlopes([size(1_000, 1.35, 2, 0), size(0, 0.05, 0, 0), size(100, 0.2, 1, 0)]);
    expect(slopes.map(({ from, to }) => [from, to])).toEqual([
      [0, 100],
      [100, 1_000],
    ]);
    expect(slopes[0]?.coresPerCp).toBeCloseTo(0.0015);
    expect(slopes[1]?.coresPerCp).toBeCloseTo(0.00128, 4);
  });

  test("a charge point's memory, when the larger fleet has more workers", () => {
    const base = 60e6;
    const each = 90_000;
    const sizes = [
      size(0, 0, 0, 0),
      size(100, 0, 1, base + 100 * each),
      size(1_000, 0, 2, 2 * base + 1_000 * each),
    ];
    expect(bytesPerCp(sizes)).toBeCloseTo(each);
  });

  test("one size tells no slope", () => {
    expect(cpuSlopes([size(100, 1, 1, 1)])).toEqual([]);
    expect(bytesPerCp([size(0, 0, 0, 0), size(100, 0, 1, 60e6)])).toBeUndefined();
  });
});
