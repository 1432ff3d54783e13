import { describe, expect, it } from "vitest";
import { openStreams } from "../../bridge/streams.ts";

const identity = (over: { cp?: string; journal?: string; epoch?: number } = {}) => ({
  cp: "CP-001",
  src: "engine" as const,
  journal: "aaaaaaaa-1111",
  epoch: 1,
  seq: 1,
  ...over,
});
const payload = Buffer.from("{}");

describe("streams of events", () => {
  it("are one per device, journal and epoch, also when those of one topic alternate", () => {
    const streams = openStreams();
    const [old, young] = [identity(), identity({ epoch: 2 })];
    const first = streams.of("t", old);
    const second = streams.of("t", young);
    expect(first).not.toBe(second);
    expect([streams.of("t", old), streams.of("t", young), streams.of("t", old)]).toEqual([
      first,
      second,
      first,
    ]);
    expect(streams.of("t", old)).toBe(first);
    expect(streams.of("t", identity({ journal: "bbbbbbbb" }))).not.toBe(first);
    expect(streams.size).toBe(3);
  });

  it("are forgotten when there are too many, but never one with something on its way or to acknowledge", () => {
    const streams = openStreams(100);
    const onItsWay = streams.of("busy", identity({ cp: "BUSY" }));
    onItsWay.onTheWay.set(1, payload);
    const toAck = streams.of("done", identity({ cp: "DONE" }));
    toAck.toAck.push(1);
    for (let i = 0; i < 1_000; i++) streams.of(`t${i}`, identity({ cp: `CP-${i}` }));
    expect(streams.size).toBeLessThanOrEqual(100);
    expect(streams.of("busy", identity({ cp: "BUSY" }))).toBe(onItsWay);
    expect(streams.of("done", identity({ cp: "DONE" }))).toBe(toAck);
  });
});
