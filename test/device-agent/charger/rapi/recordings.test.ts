// The driver meets what firmware 8.2.3, D8.1.1, 7.1.3 and 5.0.1 said, at the times when they said it.
import { describe, expect, test } from "vitest";
import { advance, emptyRegister } from "../../../../device-agent/charger/register.rules.ts";
import { type Replay, replay } from "./replay.ts";
import { type VirtualLine, virtualLine } from "./virtual-line.ts";

const firmwares = ["8.2.3", "D8.1.1", "7.1.3", "5.0.1"];
const stories = ["session", "power-cut", "reset"];

function play(story: string, firmware: string): { line: VirtualLine; recorded: Replay } {
  const recorded = replay(story, firmware);
  const line = virtualLine(recorded);
  for (const { ms, text } of recorded.asynchronous) line.say(text, ms);
  for (const { ms, amps } of recorded.wishes)
    line.at(ms, () =>
      line.want(amps === null ? { on: false } : { on: true, amps, permit: `p${ms}`, notAfterMono: null }),
    );
  line.run(recorded.endMs + 2_000);
  return { line, recorded };
}

const registerOf = (counters: number[]) => counters.reduce(advance, emptyRegister).registerWs;
const starts = (line: VirtualLine) => line.told.filter(({ event }) => event.is === "booted");

describe.each(firmwares)("firmware %s", (firmware) => {
  describe.each(stories)("%s", (story) => {
    const { line, recorded } = play(story, firmware);

    test("the charger is identified at first contact and after its start, which is told once", () => {
      const identities = line.told.flatMap(({ event }) => (event.is === "identity" ? [event] : []));
      expect(starts(line)).toHaveLength(1);
      expect(identities.length).toBeGreaterThanOrEqual(2);
      for (const identity of identities)
        expect(identity).toMatchObject({
          firmware,
          maxAmps: { "8.2.3": 24, "D8.1.1": 16 }[firmware] ?? 32,
          serial: firmware.includes("8") ? expect.stringMatching(/^4A5[23]E10917BC5[23]E25C6B$/) : null,
        });
    });

    test("every state of the relay that lasted is read within 1.2 s", () => {
      let compared = 0;
      for (const [i, { ms, closed }] of recorded.relay.entries()) {
        const nextMs = recorded.relay[i + 1]?.ms ?? recorded.endMs;
        const silent = ({ fromMs, toMs }: { fromMs: number; toMs: number }) =>
          fromMs < ms + 1_200 && toMs > ms;
        if (nextMs - ms < 1_300 || recorded.silences.some(silent)) continue;
        const inForce = line.readings().findLast(({ mono }) => mono <= ms + 1_200);
        expect(inForce?.relayClosed, `after ${ms} ms`).toBe(closed);
        compared += 1;
      }
      expect(compared).toBeGreaterThan(2);
    });

    test("the register grows by what the recorded counters say, resets and all", () => {
      const told = line.readings().map(({ sessionWs }) => sessionWs);
      expect(registerOf(told)).toBe(registerOf(recorded.sessionWs.map(({ ws }) => ws)));
      expect(registerOf(told)).toBeGreaterThan(20_000);
    });

    test("nothing is commanded that a driver must not: no disable, no echo, nothing into the EEPROM", () => {
      for (const command of line.commands()) expect(command).toMatch(/^(G[VICSGU0]|F[ES]|SC \d+ V)$/);
    });
  });
});

describe.each(firmwares)("in the recorded session of firmware %s", (firmware) => {
  const { line } = play("session", firmware);

  test("the car is seen plugged in sleep, charging, in a ground fault, gone, and back", () => {
    const at = (ms: number) => line.readings().findLast(({ mono }) => mono <= ms);
    expect(at(10_500)).toMatchObject({ state: "sleeping", plugged: false });
    expect(at(19_000)).toMatchObject({ state: "charging", plugged: true, carReady: true, powerW: 3_062 });
    expect(at(46_200)).toMatchObject({ state: "fault", fault: "ground-fault", relayClosed: false });
    expect(at(48_500)).toMatchObject({ state: "no-vehicle", plugged: false, fault: null });
    expect(at(57_500)).toMatchObject({ state: "charging", plugged: true });
  });

  test("current and enable are sent as the recorded host sent them", () => {
    const orders = line.sent.filter(({ command }) => !command.startsWith("G"));
    const first = (command: string, fromMs: number) =>
      orders.find((order) => order.command === command && order.ms >= fromMs)?.ms ?? Number.POSITIVE_INFINITY;
    expect(first("SC 13 V", 13_000)).toBeLessThan(13_500);
    expect(first("SC 10 V", 21_000)).toBeLessThan(21_500);
    expect(first("FS", 34_500)).toBeLessThan(34_800);
    expect(first("FE", 39_000)).toBeLessThan(39_400);
  });
});
