// From two looks at counters to figures.
import { describe, expect, test } from "vitest";
import {
  figuresBetween,
  figuresLine,
  type Look,
  processRows,
} from "../../../simulator/load/figures.rules.ts";

const worker = {
  name: "ev-cps-1",
  holds: 100,
  opened: 100,
  connected: 99,
  relaysClosed: 7,
  backlog: 2,
  lateMs: 12,
};
const look = (part: Partial<Look>): Look => ({
  atMs: 0,
  processes: [],
  written: 0,
  lag: 0,
  eventLag: 0,
  workers: [],
  ...part,
});
const process = (name: string, cpuS: number) => ({
  name,
  role: "cps",
  holds: 100,
  cpuS,
  residentBytes: 60e6,
});

describe("figures", () => {
  const before = look({
    written: 1_000,
    processes: [process("ev-cps-1", 10), process("gone", 5)],
    workers: [{ ...worker, served: 40 }],
  });
  const after = look({
    atMs: 10_000,
    written: 1_500,
    lag: 3,
    processes: [process("ev-cps-1", 12), process("new", 1)],
    workers: [{ ...worker, served: 45 }],
  });
  const figures = figuresBetween(before, after);

  test("are differences over the time between", () => {
    expect(figures).toMatchObject({
      messagesPerS: 50,
      sessionsPerMin: 30,
      lag: 3,
      backlog: 2,
      connected: 99,
    });
    expect(figures.cores).toBeCloseTo(0.3);
  });

  test("count a process that was started in between from its beginning, and none that is gone", () => {
    expect(figures.processes.map(({ name, cores }) => [name, cores])).toEqual([
      ["ev-cps-1", 0.2],
      ["new", 0.1],
    ]);
  });

  test("count a process that was started again from 0", () => {
    const again = figuresBetween(before, { ...after, processes: [process("ev-cps-1", 1)] });
    expect(again.cores).toBeCloseTo(0);
  });

  test("read as one line and as a table", () => {
    expect(figuresLine(figures)).toBe(
      "99 of 100 charge points connected, 7 charging · 50 messages/s, 30 sessions/min · lag 3 · 0.30 cores",
    );
    expect(processRows(figures)[1]).toEqual(["ev-cps-1", "100", "20.0 %", "60 MB", "600 kB"]);
  });
});
