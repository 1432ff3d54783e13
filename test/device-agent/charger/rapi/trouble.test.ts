// What goes wrong on the line, and what the charger does by itself: the driver's rules under virtual time.
import { describe, expect, test } from "vitest";
import type { ChargerEvent, Supply } from "../../../../device-agent/charger/port.ts";
import { close, type SmallBox, smallBox } from "./small-box.ts";
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

describe("an exchange", () => {
  test("that the charger misread is repeated", () => {
    const { box, line } = charging();
    let misread = 0;
    box.first = () => (misread++ < 3 ? [{ afterMs: 30, text: "$NK^21\r" }] : undefined);
    line.run(9_000);
    expect(line.readings(6_500).length).toBeGreaterThanOrEqual(2);
    expect(eventsOf(line, "unreachable")).toEqual([]);
  });

  test("whose reply was damaged is repeated without waiting for its time-out", () => {
    const { box, line } = charging();
    let damaged = 0;
    box.first = () => (damaged++ === 0 ? [{ afterMs: 30, text: "$OK 03 3 03 0540 :7F^00\r" }] : undefined);
    line.run(9_000);
    const monos = line.readings(5_000).map(({ mono }) => mono);
    expect(monos.length).toBeGreaterThanOrEqual(3);
    for (const [i, mono] of monos.entries()) expect(mono - (monos[i - 1] ?? mono)).toBeLessThan(1_700);
  });

  test("without reply is repeated after 2.5 s, and so is one whose reply is no frame at all", () => {
    const { box, line } = charging();
    let lost = 0;
    box.first = () => (lost++ === 0 ? [{ afterMs: 30, text: "relayCloseMs: 25\r\n" }] : undefined);
    line.run(12_000);
    const [first, second] = line.sent.filter(({ ms }) => ms > 6_000);
    expect((second?.ms ?? 0) - (first?.ms ?? 0)).toBe(2_500);
    expect(eventsOf(line, "unreachable")).toEqual([]);
  });

  test("answered late is not mistaken for the next one", () => {
    const { box, line } = charging();
    box.sessionWs = 5_000;
    line.run(8_000);
    // Every answer of the next seconds comes in one burst, as after a self-test.
    box.first = (command, sequence, atMs) => [
      { afterMs: Math.max(30, 10_600 - atMs), text: box.answer(command, sequence) },
    ];
    line.run(20_000);
    for (const reading of line.readings(8_000))
      expect(reading).toMatchObject({ sessionWs: 5_000, state: "charging" });
    expect(eventsOf(line, "unreachable")).toEqual([]);
  });

  test("is not disturbed by what the charger tells between command and answer", () => {
    const { box, line } = asleep();
    box.first = (command, sequence) =>
      command === "GS"
        ? [
            { afterMs: 10, text: `\nrelayCloseMs: 25\r\nrelayHoldPwm: 75\r\n${frame("$AT fe 01 24 0300")}` },
            { afterMs: 30, text: box.answer(command, sequence) },
          ]
        : undefined;
    box.plugged = true;
    line.run(4_500);
    expect(line.lastReading()).toMatchObject({ plugged: true, state: "sleeping" });
  });

  test("is never two at a time", () => {
    const box = smallBox();
    let unanswered = 0;
    let most = 0;
    const line = virtualLine({
      hear(command, sequence, atMs) {
        unanswered += 1;
        most = Math.max(most, unanswered);
        line.at(atMs + 30, () => {
          unanswered -= 1;
        });
        return box.hear(command, sequence, atMs);
      },
    });
    line.want({ on: false });
    line.run(2_000);
    line.want(on);
    line.readNow();
    line.run(2_010);
    line.want({ on: false });
    line.run(10_000);
    expect(most).toBe(1);
  });
});

describe("a charger that does not answer", () => {
  test("is unreachable after four seconds, told once, and tried again about every second", () => {
    const { box, line } = charging();
    box.dead = true;
    line.run(11_000);
    const [told] = eventsOf(line, "unreachable");
    expect(told?.ms).toBeGreaterThan(9_000);
    expect(told?.ms).toBeLessThanOrEqual(10_100);
    line.setOpenable(false);
    const before = line.opens.length;
    line.run(31_000);
    expect(line.opens.length - before).toBeGreaterThanOrEqual(17);
    expect(eventsOf(line, "unreachable")).toHaveLength(1);
    line.setOpenable(true);
    box.dead = false;
    line.run(33_000);
    expect(eventsOf(line, "identity", 31_000)).toHaveLength(1);
    expect(line.readings(31_000).length).toBeGreaterThan(0);
    expect(line.commands(31_000)).toContain("SC 16 V");
  });

  test("is tried anew every 1.5 s when its line opens and stays silent", () => {
    const { box, line } = charging();
    box.dead = true;
    line.run(36_000);
    expect(line.opens.length).toBeGreaterThanOrEqual(16);
    expect(eventsOf(line, "unreachable")).toHaveLength(1);
  });

  test("is unreachable too when it answers garbage, or asserts that it cannot read us", () => {
    for (const text of ["$OK zz :01^FF\r", "$NK^21\r", "\u0000\u00ff$$$\r"]) {
      const { box, line } = charging();
      box.first = () => [{ afterMs: 5, text }];
      line.run(11_000);
      expect(eventsOf(line, "unreachable")).toHaveLength(1);
    }
    const { box, line } = charging();
    box.first = (_, sequence) => [{ afterMs: 5, text: frame(`$OK zz ?? :${sequence}`) }];
    line.run(11_000);
    expect(eventsOf(line, "unreachable")).toHaveLength(1);
    expect(line.sent.filter(({ ms }) => ms > 6_000).length).toBeLessThan(40);
  });

  test("a second time is told a second time", () => {
    const { box, line } = charging();
    for (const dead of [true, false, true, false]) {
      box.dead = dead;
      line.run(line.nowMs + 8_000);
    }
    expect(eventsOf(line, "unreachable")).toHaveLength(2);
    expect(eventsOf(line, "identity")).toHaveLength(3);
  });

  test("from the beginning is unreachable, with the reason that the line gave", () => {
    const line = virtualLine(smallBox());
    line.setOpenable(false);
    line.run(5_000);
    expect(eventsOf(line, "unreachable").map(({ event }) => event)).toMatchObject([
      { reason: expect.stringContaining("no such file") },
    ]);
  });

  test("is not unreachable when its line closed for a moment only", () => {
    const { line } = charging();
    line.cut("unplugged");
    line.run(9_000);
    expect(eventsOf(line, "unreachable")).toEqual([]);
    expect(eventsOf(line, "identity", 6_000)).toHaveLength(1);
  });

  test("is put to sleep when it is back, if the wish fell meanwhile", () => {
    const { box, line } = charging();
    box.dead = true;
    line.run(8_000);
    line.want({ on: false });
    line.run(15_000);
    box.dead = false;
    line.run(20_000);
    expect(box.state).toBe(0xfe);
    expect(line.commands()).not.toContain("FD");
  });

  test("is not blamed when it was our own process that stood still", () => {
    const { box, line } = charging();
    const answers: (() => void)[] = [];
    box.first = (command, sequence) => {
      answers.push(() => line.say(box.answer(command, sequence)));
      return [];
    };
    line.run(7_100);
    expect(answers).toHaveLength(1);
    box.first = null;
    line.stall(30_000);
    for (const answer of answers) answer();
    line.run(40_000);
    expect(eventsOf(line, "unreachable")).toEqual([]);
    expect(line.readings(37_000).length).toBeGreaterThan(0);
  });
});
