// A round of questions and the reading that comes of it.
import { describe, expect, test } from "vitest";
import { asleep, on } from "./sleeping-charger.ts";
import { close } from "./small-box.ts";
import { frame } from "./virtual-line.ts";

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
