// Who the charger is: asked at first contact, before anything is read or commanded.
import { describe, expect, test } from "vitest";
import { asleep, events, on } from "./sleeping-charger.ts";
import { close, smallBox } from "./small-box.ts";
import { frame, virtualLine } from "./virtual-line.ts";

describe("first contact", () => {
  test("tells who the charger is before any reading, and commands nothing before the first wish", () => {
    const line = virtualLine(smallBox());
    line.run(5_000);
    expect(line.told[0]?.event).toEqual({
      is: "identity",
      firmware: "8.2.3",
      serial: "4A52E10917BC52E25C6B",
      maxAmps: 24,
      ctRatio: 1,
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
    expect(events(line)).toEqual([
      { is: "identity", firmware: "8.2.3", serial: null, maxAmps: 24, ctRatio: 1 },
    ]);
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
