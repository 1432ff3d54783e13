import { describe, expect, it } from "vitest";
import { afterBatch, allOf, doneBefore, rereadPauseMs } from "../../../wire/kafka/consumer.rules.ts";
import type { InRecord } from "../../../wire/kafka/port.ts";

const record = (offset: string): InRecord => ({
  topic: "t",
  partition: 0,
  offset,
  timestampMs: 0,
  key: null,
  value: new Uint8Array(),
  headers: {},
});
const batch = ["7", "9", "10"].map(record);

describe("after a batch", () => {
  it("everything done is committed", () => {
    expect(afterBatch(batch, allOf(batch))).toEqual({ commit: "10", retry: false });
  });
  it("a part done is committed, the rest is read again", () => {
    expect(afterBatch(batch, "9")).toEqual({ commit: "9", retry: true });
  });
  it("nothing done commits nothing", () => {
    expect(afterBatch(batch, null)).toEqual({ commit: null, retry: true });
  });
  it("an offset of another batch is a bug and throws", () => {
    expect(() => afterBatch(batch, "8")).toThrow("offset 8");
  });
  it("what failed keeps back itself and all after it, never what is before", () => {
    expect(doneBefore(batch, [])).toBe("10");
    expect(doneBefore(batch, [2, 1])).toBe("7");
    expect(doneBefore(batch, [0])).toBe(null);
    expect(doneBefore([], [])).toBe(null);
  });
  it("pauses grow to 4 s", () => {
    expect([1, 2, 3, 100].map(rereadPauseMs)).toEqual([250, 500, 1_000, 4_000]);
  });
});
