// A charger that starts by itself: told once, put to sleep or set up again at once, identified anew.
import { describe, expect, test } from "vitest";
import type { ChargerEvent, Supply } from "../../../../device-agent/charger/port.ts";
import { close, open, type SmallBox, smallBox } from "./small-box.ts";
import { frame, type VirtualLine, virtualLine } from "./virtual-line.ts";

const on: Supply = { on: true, amps: 16, permit: "p1", notAfterMono: null };

function asleep(): { box: SmallBox; line: VirtualLine } {
  const box = smallBox();
  const line = virtualLine(box);
  line.want({ on: false });
  line.run(3_000);
  return { box, line };
}

function charging(): { box: SmallBox; line: VirtualLine } {
  const { box, line } = asleep();
  line.want(on);
  line.run(3_600);
  close(box);
  line.run(6_000);
  return { box, line };
}

function eventsOf<K extends ChargerEvent["is"]>(line: VirtualLine, is: K, fromMs = 0) {
  return line.told.filter(({ ms, event }) => ms >= fromMs && event.is === is);
}

describe("a charger that starts by itself", () => {
  test.each([
    ["no supply is wished", false],
    ["supply is wished", true],
  ])("is told once, and identified anew, when %s", (_, supplying) => {
    const { box, line } = supplying ? charging() : asleep();
    const bootMs = line.nowMs + 500;
    line.run(bootMs);
    box.dead = true;
    open(box);
    box.state = 0x00;
    line.say(`\nrelayCloseMs: 100\r\n${frame("$AT 00 00 0 0200")}`, 100);
    line.at(bootMs + 1_300, () => {
      box.dead = false;
      box.state = box.plugged ? 0x02 : 0x01;
      box.amps = 24;
    });
    line.say(frame("$AB 00 8.2.3"), 1_300);
    line.run(bootMs + 3_000);
    expect(eventsOf(line, "booted")).toHaveLength(1);
    expect(eventsOf(line, "identity", bootMs)).toHaveLength(1);
    const orders = line.commands(bootMs + 1_300).filter((command) => !command.startsWith("G"));
    expect(orders).toEqual(supplying ? ["SC 16 V"] : ["FS"]);
    expect(line.sent.find(({ ms }) => ms >= bootMs + 1_300)).toEqual({
      ms: bootMs + 1_300,
      command: supplying ? "SC 16 V" : "FS",
    });
    expect(eventsOf(line, "unreachable")).toEqual([]);
  });

  test("is told again when its self-test failed", () => {
    const { line } = asleep();
    line.say(frame("$AT 00 00 0 0200"));
    line.say(frame("$AB 07 8.2.3"), 1_200);
    line.run(6_000);
    expect(eventsOf(line, "booted").map(({ event }) => event)).toMatchObject([
      { selfTest: "under way" },
      { selfTest: "no-ground" },
    ]);
  });

  test("of firmware 5 is put to sleep at its first word after the start, the only other sign it gives", () => {
    const box = smallBox();
    box.legacy = true;
    const line = virtualLine(box);
    line.want({ on: false });
    line.run(3_000);
    box.dead = true;
    box.state = 0x00;
    line.say(frame("$ST 00"));
    line.at(4_300, () => {
      box.dead = false;
      box.state = 0x02;
    });
    line.say(frame("$ST 02"), 1_300);
    line.run(4_500);
    expect(line.commands(4_300)[0]).toBe("FS");
    expect(box.state).toBe(0xfe);
    expect(eventsOf(line, "booted")).toHaveLength(1);
  });

  test("unheard is noticed by its counter, and gets its current set again", () => {
    const { box, line } = charging();
    box.sessionWs = 46_000;
    line.run(8_000);
    box.amps = 24;
    box.sessionWs = 500;
    line.run(10_000);
    expect(box.amps).toBe(16);
    expect(line.lastReading()).toMatchObject({ sessionWs: 500 });
  });
});
