// The permit's expiry, at every attempt to enable: late answers, lost answers, misread frames, restarts.
import { describe, expect, test } from "vitest";
import type { Supply } from "../../../../device-agent/charger/port.ts";
import { close, open, type SmallBox, smallBox } from "./small-box.ts";
import { frame, type VirtualLine, virtualLine } from "./virtual-line.ts";

const on = (notAfterMono: number | null, permit = "p1"): Supply => ({
  on: true,
  amps: 16,
  permit,
  notAfterMono,
});

function asleep(): { box: SmallBox; line: VirtualLine } {
  const box = smallBox();
  const line = virtualLine(box);
  line.want({ on: false });
  line.run(3_000);
  return { box, line };
}

const expired = (line: VirtualLine) =>
  line.told.filter(({ event }) => event.is === "permit-expired").map(({ event }) => event);
const enables = (line: VirtualLine, fromMs = 0) =>
  line.sent.filter(({ ms, command }) => ms >= fromMs && command === "FE").map(({ ms }) => ms);

describe("no enable is sent", () => {
  test("when the permit has passed before the first attempt", () => {
    const { box, line } = asleep();
    line.want(on(2_999));
    line.run(6_000);
    expect(enables(line)).toEqual([]);
    expect(expired(line)).toEqual([{ is: "permit-expired", permit: "p1" }]);
    expect(box.state).toBe(0xfe);
  });

  test("when the permit passes while the set-point is unanswered", () => {
    const { box, line } = asleep();
    box.first = (command) => (command.startsWith("SC") ? [] : undefined);
    line.want(on(4_000));
    line.run(9_000);
    expect(enables(line)).toEqual([]);
    expect(expired(line)).toHaveLength(1);
  });

  test("again after the permit, when every earlier attempt was lost", () => {
    const { box, line } = asleep();
    box.first = (command) => (command === "FE" ? [] : undefined);
    line.want(on(8_000));
    line.run(20_000);
    expect(enables(line).length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...enables(line))).toBeLessThanOrEqual(8_000);
    expect(expired(line)).toHaveLength(1);
    // The last attempt may still be on its way somewhere: sleep follows it.
    expect(line.commands(8_000)).toContain("FS");
  });

  test("again after the permit, when every earlier attempt was misread", () => {
    const { box, line } = asleep();
    box.first = (command) => (command === "FE" ? [{ afterMs: 30, text: frame("$NK") }] : undefined);
    line.want(on(7_000));
    line.run(12_000);
    expect(enables(line).length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...enables(line))).toBeLessThanOrEqual(7_000);
    expect(expired(line)).toHaveLength(1);
  });

  test("when the line came back after the permit", () => {
    const { box, line } = asleep();
    box.dead = true;
    line.run(4_000);
    line.want(on(6_000));
    line.run(12_000);
    expect(expired(line)).toHaveLength(1);
    box.dead = false;
    line.run(20_000);
    expect(enables(line)).toEqual([]);
    expect(box.state).toBe(0xfe);
  });

  test("for an attempt without answer, when the charger was found again only after the permit: it is put to sleep", () => {
    const { box, line } = asleep();
    box.first = (command) => {
      if (command === "FE") box.dead = true;
      return box.dead ? [] : undefined;
    };
    line.want(on(8_000));
    line.run(12_000);
    expect(enables(line)).toHaveLength(1);
    box.first = null;
    box.dead = false;
    box.state = 0x01;
    line.run(18_000);
    expect(expired(line)).toHaveLength(1);
    expect(box.state).toBe(0xfe);
  });

  test("by a charger found enabled: it is put to sleep", () => {
    const box = smallBox();
    const line = virtualLine(box);
    line.run(2_000);
    expect(box.state).toBe(0x01);
    line.want(on(1_000));
    line.run(4_000);
    expect(expired(line)).toHaveLength(1);
    expect(box.state).toBe(0xfe);
  });
});

describe("an enable sent in time", () => {
  test("holds although its answer was lost, when the charger is found enabled after the permit", () => {
    const { box, line } = asleep();
    box.first = (command) => {
      if (command !== "FE") return undefined;
      box.state = 0x01;
      return [];
    };
    line.want(on(3_500));
    line.run(20_000);
    expect(expired(line)).toEqual([]);
    expect(enables(line)).toHaveLength(1);
    expect(box.state).toBe(0x01);
    box.first = null;
    close(box);
    line.run(22_000);
    box.state = 0xfe;
    line.run(24_000);
    expect(expired(line)).toEqual([]);
    expect(box.state).toBe(0x02);
  });

  test("holds while the car is awaited, however long after the permit it comes", () => {
    const { box, line } = asleep();
    line.want(on(4_000));
    line.run(60_000);
    close(box);
    line.run(62_000);
    expect(expired(line)).toEqual([]);
    expect(line.lastReading()).toMatchObject({ relayClosed: true });
  });

  test("is not repeated after the permit, when the charger fell asleep before the car came", () => {
    const { box, line } = asleep();
    line.want(on(4_000));
    line.run(10_000);
    box.state = 0xfe;
    line.run(13_000);
    expect(expired(line)).toHaveLength(1);
    expect(Math.max(...enables(line))).toBeLessThanOrEqual(4_000);
    expect(box.state).toBe(0xfe);
  });
});

describe("once the relay was seen closed under it, a permit", () => {
  function charging(): { box: SmallBox; line: VirtualLine } {
    const { box, line } = asleep();
    line.want(on(4_000));
    line.run(3_600);
    close(box);
    line.run(6_000);
    expect(line.lastReading()).toMatchObject({ relayClosed: true });
    return { box, line };
  }

  test("does not expire: the charger is enabled again whenever it falls asleep", () => {
    const { box, line } = charging();
    box.state = 0xfe;
    open(box);
    line.run(9_000);
    expect(expired(line)).toEqual([]);
    expect(box.state).toBe(0x02);
  });

  test("does not expire by a restart of the charger either", () => {
    const { box, line } = charging();
    open(box);
    box.state = 0xfe;
    line.say(frame("$AT 00 00 0 0200"));
    line.say(frame("$AB 00 8.2.3"), 1_200);
    line.run(12_000);
    expect(expired(line)).toEqual([]);
    expect(box.state).toBe(0x02);
  });

  test("says nothing about the next one", () => {
    const { box, line } = charging();
    line.want({ on: false });
    line.run(8_000);
    line.want(on(7_999, "p2"));
    line.run(10_000);
    expect(expired(line)).toEqual([{ is: "permit-expired", permit: "p2" }]);
    expect(box.state).toBe(0xfe);
  });
});

test("the answer to an enable under an earlier permit does not count for the present one", () => {
  const { box, line } = asleep();
  box.first = (command, sequence) =>
    command === "FE" ? [{ afterMs: 300, text: box.answer(command, sequence) }] : undefined;
  line.want(on(4_000, "p1"));
  line.run(3_100);
  line.want(on(3_200, "p2"));
  line.run(8_000);
  expect(expired(line)).toEqual([{ is: "permit-expired", permit: "p2" }]);
  expect(box.state).toBe(0xfe);
});
