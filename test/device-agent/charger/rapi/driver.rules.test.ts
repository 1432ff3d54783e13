// The driver's rules under virtual time: who the charger is, what it is told, what is read, what goes wrong.
import { describe, expect, test } from "vitest";
import type { Supply } from "../../../../device-agent/charger/port.ts";
import { close, type SmallBox, smallBox } from "./small-box.ts";
import { frame, type VirtualLine, virtualLine } from "./virtual-line.ts";

const on = (more: Partial<Extract<Supply, { on: true }>> = {}): Supply => ({
  on: true,
  amps: 16,
  permit: "p1",
  notAfterMono: null,
  ...more,
});
const off: Supply = { on: false };

/** A line whose charger has been identified and put to sleep. */
function asleep(
  change: (box: SmallBox) => void = () => {},
  ctRatio = 1,
): { box: SmallBox; line: VirtualLine } {
  const box = smallBox();
  change(box);
  const line = virtualLine(box, { ctRatio });
  line.want(off);
  line.run(3_000);
  expect(box.state).toBe(0xfe);
  return { box, line };
}

const events = (line: VirtualLine, fromMs = 0) =>
  line.told.filter(({ ms, event }) => ms >= fromMs && event.is !== "reading").map(({ event }) => event);

describe("first contact", () => {
  test("tells who the charger is before any reading, and commands nothing before the first wish", () => {
    const line = virtualLine(smallBox());
    line.run(5_000);
    expect(line.told[0]?.event).toEqual({
      is: "identity",
      firmware: "8.2.3",
      serial: "4A52E10917BC52E25C6B",
      maxAmps: 24,
    });
    expect(line.told[1]?.event).toMatchObject({ is: "reading" });
    expect(line.told[1]?.ms).toBeLessThan(500);
    expect(new Set(line.commands())).toEqual(new Set(["GV", "GC", "GI", "GS", "GU"]));
  });

  test("does without a serial number where the firmware has none", () => {
    const box = smallBox();
    box.serial = null;
    const line = virtualLine(box);
    line.run(1_000);
    expect(line.told[0]?.event).toMatchObject({ is: "identity", serial: null });
    expect(line.commands().filter((command) => command === "GI")).toHaveLength(1);
  });

  test("survives a serial number whose raw bytes break every frame, without calling the charger unreachable", () => {
    const box = smallBox();
    box.serial = " JR\r$^\u00bc52E25C6B";
    const line = virtualLine(box);
    line.run(15_000);
    expect(line.readings().length).toBeGreaterThan(3);
    expect(line.told[0]?.event.is).toBe("identity");
    expect(events(line)).toEqual([{ is: "identity", firmware: "8.2.3", serial: null, maxAmps: 24 }]);
  });

  test("believes a serial number only when it was told twice alike", () => {
    const box = smallBox();
    let asked = 0;
    box.first = (command, sequence) => {
      if (command !== "GI") return undefined;
      asked += 1;
      const serial = asked === 1 ? " JRabcd52E25C6C" : " JRabcd52E25C6B";
      return [{ afterMs: 30, text: frame(`$OK ${serial} :${sequence}`) }];
    };
    const line = virtualLine(box);
    line.run(1_000);
    expect(line.told[0]?.event).toMatchObject({ serial: "4A526162636452E25C6B" });
    expect(asked).toBe(3);
  });

  test("reads firmware 5, which has no flags, no volts and decimal states", () => {
    const { box, line } = asleep((small) => {
      small.legacy = true;
      small.firmware = "5.0.1 4.0.1";
      small.serial = null;
    });
    expect(events(line)[0]).toMatchObject({ firmware: "5.0.1", maxAmps: 24 });
    expect(line.lastReading()).toMatchObject({ state: "sleeping", plugged: false, relayClosed: false });
    box.plugged = true;
    line.run(4_500);
    expect(line.lastReading()).toMatchObject({ state: "sleeping", plugged: true });
    line.want(on());
    line.run(5_000);
    close(box, 15_840);
    line.run(6_500);
    expect(line.lastReading()).toMatchObject({
      state: "charging",
      relayClosed: true,
      carReady: true,
      powerW: 3_802,
    });
  });
});

describe("a round of questions", () => {
  test("comes about every second, with power while the relay is closed", () => {
    const { box, line } = asleep();
    line.want(on());
    line.run(4_000);
    close(box, 10_000);
    box.sessionWs = 7_200;
    line.run(20_000);
    const readings = line.readings(10_000);
    expect(readings.length).toBeGreaterThanOrEqual(9);
    expect(readings.length).toBeLessThanOrEqual(11);
    expect(readings.at(-1)).toMatchObject({
      relayClosed: true,
      powerW: 2_400,
      sessionWs: 7_200,
      carReady: true,
    });
  });

  test("applies the current-transformer ratio to power, session and lifetime energy", () => {
    const { box, line } = asleep((small) => {
      small.totalWh = 1_000;
    }, 20);
    line.want(on());
    line.run(4_000);
    close(box, 10_000);
    box.sessionWs = 7_200;
    line.run(6_000);
    expect(line.lastReading()).toMatchObject({ powerW: 48_000, sessionWs: 144_000, lifetimeWh: 20_000 });
  });

  test("follows at once when the charger tells a change, with the counters of that moment", () => {
    const { box, line } = asleep();
    line.want(on());
    line.run(4_000);
    close(box);
    line.say(frame("$AT 03 03 16 0340"));
    line.run(4_200);
    expect(line.lastReading()).toMatchObject({ relayClosed: true });
  });

  test("follows at once on request, and on a wish", () => {
    const { line } = asleep();
    line.run(line.lastReading().mono + 500);
    const before = line.readings().length;
    line.readNow();
    line.run(line.nowMs + 100);
    expect(line.readings()).toHaveLength(before + 1);
  });

  test("tells two readings of the same relay state only 300 ms apart: the meter integrates in steps", () => {
    const { line } = asleep();
    for (let i = 0; i < 20; i++) {
      line.readNow();
      line.run(line.nowMs + 70);
    }
    const monos = line.readings().map(({ mono }) => mono);
    for (const [i, mono] of monos.entries())
      if (i > 0) expect(mono - (monos[i - 1] ?? 0)).toBeGreaterThanOrEqual(300);
  });

  test("sees plug and unplug in sleep, and does not know while the charger is disabled or starting", () => {
    const { box, line } = asleep();
    box.plugged = true;
    line.say(frame("$AT fe 01 24 0300"));
    line.run(3_200);
    expect(line.lastReading()).toMatchObject({ plugged: true, state: "sleeping" });
    line.want(on());
    line.run(5_000);
    box.first = (command, sequence) => {
      if (command === "GS") return [{ afterMs: 30, text: frame(`$OK ff 0 01 0300 :${sequence}`) }];
      return command === "FE" ? [{ afterMs: 30, text: frame(`$OK :${sequence}`) }] : undefined;
    };
    line.run(7_000);
    expect(line.lastReading()).toMatchObject({ plugged: null, state: "disabled" });
    box.first = (command, sequence) =>
      command === "GS" ? [{ afterMs: 30, text: frame(`$OK 00 0 01 0700 :${sequence}`) }] : undefined;
    line.run(9_000);
    expect(line.lastReading()).toMatchObject({ plugged: null, state: "starting" });
  });

  test.each([
    [0x04, "vent-required"],
    [0x05, "diode-check"],
    [0x06, "ground-fault"],
    [0x07, "no-ground"],
    [0x08, "stuck-relay"],
    [0x09, "self-test"],
    [0x0a, "over-temperature"],
    [0x0b, "over-current"],
    [0x0c, "unknown"],
    [0x0e, "relay-closure"],
  ])("names fault %i %s, and sends neither sleep nor enable into it", (state, fault) => {
    const { box, line } = asleep();
    box.state = state;
    line.run(5_000);
    expect(line.lastReading()).toMatchObject({ state: "fault", fault });
    line.want(on());
    line.run(8_000);
    expect(line.commands(3_100)).not.toContain("FE");
    expect(line.commands(3_100)).not.toContain("FS");
    expect(line.commands(3_100)).not.toContain("SC 16 V");
  });

  test("asks again before it believes a counter that leapt or fell, and a relay that changed unannounced", () => {
    const { box, line } = asleep();
    line.want(on());
    line.run(4_000);
    close(box);
    box.sessionWs = 46_551;
    line.run(6_000);
    let damaged = 0;
    box.first = (command, sequence) => {
      damaged += 1;
      // Each wrong answer comes once, with a right checksum.
      if (damaged === 1 && command === "GS")
        return [{ afterMs: 30, text: frame(`$OK 03 0 03 0300 :${sequence}`) }];
      if (damaged === 4 && command === "GU") return [{ afterMs: 30, text: frame(`$OK 6551 0 :${sequence}`) }];
      if (damaged === 8 && command === "GU")
        return [{ afterMs: 30, text: frame(`$OK 946551 0 :${sequence}`) }];
      return undefined;
    };
    line.run(15_000);
    expect(damaged).toBeGreaterThan(8);
    for (const reading of line.readings(6_000))
      expect(reading).toMatchObject({ sessionWs: 46_551, relayClosed: true });
    box.sessionWs = 120;
    line.run(17_000);
    expect(line.lastReading()).toMatchObject({ sessionWs: 120 });
  });

  test("is not kept busy by a charger that never says the same twice", () => {
    const { box, line } = asleep();
    let asked = 0;
    box.first = (command, sequence) =>
      command === "GS"
        ? [{ afterMs: 0, text: frame(`$OK ${["01", "02", "03"][asked++ % 3]} 0 01 0300 :${sequence}`) }]
        : undefined;
    line.run(13_000);
    expect(asked).toBeLessThan(80);
  });
});

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
