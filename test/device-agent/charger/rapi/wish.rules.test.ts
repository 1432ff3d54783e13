// What the charger is told to make it follow a wish.
import { describe, expect, test } from "vitest";
import { asleep, events, off, on } from "./sleeping-charger.ts";
import { close, smallBox } from "./small-box.ts";
import { frame, virtualLine } from "./virtual-line.ts";

describe("off", () => {
  test("is sleep, never disable", () => {
    const { line } = asleep();
    expect(line.commands()).toContain("FS");
    expect(line.commands()).not.toContain("FD");
  });

  test.each([
    ["no vehicle", 0x01, "01"],
    ["connected", 0x02, "02"],
    ["charging", 0x03, "03"],
    ["disabled", 0xff, "ff"],
  ])("is said again when the charger is found %s", (_, state) => {
    const { box, line } = asleep();
    box.state = state;
    line.run(4_500);
    expect(box.state).toBe(0xfe);
  });

  test("is said at once when the charger tells that it is charging", () => {
    const { box, line } = asleep();
    box.state = 0x03;
    line.say(frame("$AT 03 03 24 0340"), 333);
    line.run(3_333 + 150);
    expect(line.commands(3_333)).toContain("FS");
    expect(box.state).toBe(0xfe);
  });

  test("is not repeated while the charger sleeps with its relay still closed", () => {
    const { box, line } = asleep();
    line.want(on());
    line.run(4_000);
    close(box);
    line.run(6_000);
    box.first = (command, sequence) => {
      if (command !== "FS") return undefined;
      box.state = 0xfe;
      return [{ afterMs: 30, text: frame(`$OK :${sequence}`) }];
    };
    line.want(off);
    line.run(8_900);
    expect(line.lastReading()).toMatchObject({ state: "sleeping", relayClosed: true });
    expect(line.commands(6_000).filter((command) => command === "FS")).toHaveLength(1);
    box.relayClosed = false;
    line.run(10_500);
    expect(line.lastReading()).toMatchObject({ state: "sleeping", relayClosed: false, powerW: 0 });
  });

  test("comes after the enable that is in flight, and does not wait for more", () => {
    const { box, line } = asleep();
    box.first = (command, sequence) =>
      command === "FE" ? [{ afterMs: 270, text: box.answer(command, sequence) }] : undefined;
    line.want(on());
    line.run(3_100);
    expect(line.commands(3_000)).toContain("FE");
    line.want(off);
    line.run(3_600);
    expect(box.state).toBe(0xfe);
  });
});

describe("on", () => {
  test("is a set-point, then enable", () => {
    const { box, line } = asleep();
    line.want(on({ amps: 13 }));
    line.run(3_500);
    expect(line.commands(3_000).filter((command) => /^[FS]/.test(command))).toEqual(["SC 13 V", "FE"]);
    expect(box).toMatchObject({ state: 0x01, amps: 13 });
  });

  test("above the charger's maximum enables at that maximum", () => {
    const { box, line } = asleep();
    line.want(on({ amps: 32 }));
    line.run(3_500);
    expect(box).toMatchObject({ state: 0x01, amps: 24 });
  });

  test("is not held down by the lower maximum of a charger that started with a car and assumes its supply", () => {
    const box = smallBox();
    box.maxAmps = 12;
    box.vflags = 0x0001;
    const line = virtualLine(box);
    line.want(on());
    line.run(3_000);
    expect(line.told[0]?.event).toMatchObject({ is: "identity", maxAmps: 12 });
    expect(box.amps).toBe(12);
    close(box);
    box.maxAmps = 24;
    box.amps = 24;
    box.vflags = 0;
    line.say(frame("$AT 03 03 24 0340"));
    line.run(3_500);
    expect(box.amps).toBe(16);
    expect(events(line, 3_000)).toMatchObject([{ is: "identity", maxAmps: 24 }]);
  });

  test("takes a clamped set-point as applied, and asks for more only later", () => {
    const { box, line } = asleep();
    box.first = (command, sequence) =>
      command.startsWith("SC") ? [{ afterMs: 30, text: frame(`$NK 12 :${sequence}`) }] : undefined;
    line.want(on());
    line.run(20_000);
    expect(box.state).toBe(0x01);
    expect(line.commands().filter((command) => command.startsWith("SC"))).toHaveLength(1);
    expect(line.notes.join()).toContain("asked for 16 A, the charger took 12 A");
    line.run(40_000);
    expect(line.commands().filter((command) => command.startsWith("SC"))).toHaveLength(2);
  });

  test("does not enable a charger that answers with more current than was asked for", () => {
    const { box, line } = asleep();
    box.first = (command, sequence) =>
      command.startsWith("SC") ? [{ afterMs: 30, text: frame(`$NK 80 :${sequence}`) }] : undefined;
    line.want(on());
    line.run(8_000);
    expect(line.commands()).not.toContain("FE");
    box.first = null;
    line.run(10_000);
    expect(box).toMatchObject({ state: 0x01, amps: 16 });
  });

  test("leaves a charger alone that throttles itself, and sets its current again when it overshoots", () => {
    const { box, line } = asleep();
    line.want(on());
    line.run(4_000);
    close(box);
    line.run(6_000);
    box.first = (command, sequence) =>
      command.startsWith("SC") ? [{ afterMs: 30, text: frame(`$NK 8 :${sequence}`) }] : undefined;
    line.say(frame("$AT 03 03 8 0340"));
    line.run(30_000);
    expect(line.commands(6_000).filter((command) => !command.startsWith("G"))).toEqual([]);
    expect(line.lastReading()).toMatchObject({ relayClosed: true, fault: null });
    box.first = null;
    line.say(frame("$AT 03 03 24 0340"));
    line.run(30_200);
    expect(line.commands(30_000)).toContain("SC 16 V");
  });

  test("changes the current of a running charge without enabling again", () => {
    const { box, line } = asleep();
    line.want(on());
    line.run(4_000);
    close(box);
    line.run(6_000);
    line.want(on({ amps: 10 }));
    line.run(7_000);
    expect(line.commands(6_000).filter((command) => !command.startsWith("G"))).toEqual(["SC 10 V"]);
  });

  test("enables again when somebody put the charger to sleep", () => {
    const { box, line } = asleep();
    line.want(on());
    line.run(4_000);
    box.state = 0xfe;
    line.run(6_000);
    expect(box.state).toBe(0x01);
  });

  test.each([Number.NaN, 5, 81, 10.5, -1])("of %s A is a bug of the caller", (amps) => {
    expect(() => asleep().line.want(on({ amps }))).toThrow(RangeError);
  });
});
