// Each oddity of the firmware that a driver has to live with, one by one.
import { expect, test } from "vitest";
import { framed } from "../../../simulator/charger/rapi.ts";
import { Listener, runningPoint } from "./recorded.ts";

const car = { is: "arrive" as const, car: { needWh: 100_000, maxW: 3840 } };
const fresh = (firmware: "8.2.3" | "D8.1.1" | "7.1.3" | "5.0.1" = "8.2.3") =>
  new Listener(runningPoint(firmware));

/** A box that charges a car at 16 A, a minute into its life. */
function charging(firmware: "8.2.3" | "D8.1.1" | "7.1.3" | "5.0.1" = "8.2.3"): Listener {
  const box = fresh(firmware).until(1000, [car]).until(20_000);
  expect(box.point.box.evse).toBe(3);
  return box;
}

const flags = (box: Listener) => box.point.box.vflags;
const sessionWs = (box: Listener) => Number(box.ask("$GU :01")[0]?.split(" ")[1]);

test("the golden frames of the protocol come out byte for byte", () => {
  expect(fresh().ask("$GS^30")).toEqual(["$OK 01 0 01 0200^12"]);
  expect(fresh().ask("$GV :01^2E")).toEqual(["$OK 8.2.3 5.2.1 :01^34"]);
  expect(framed("AT 03 03 24 0540")).toBe("$AT 03 03 24 0540^36\r");
  expect(framed("AB 00 8.2.3")).toBe("$AB 00 8.2.3^1E\r");
});

test.each([
  ["no checksum", "$GE", "$OK 24 0001^20"],
  ["a lower-case checksum", "$GV :01^2e", "$OK 8.2.3 5.2.1 :01^34"],
  ["the old sum", "$GE*B0", "$OK 24 0001^20"],
  ["garbage before the frame", "xyz$GE", "$OK 24 0001^20"],
  ["garbage after the checksum", "$GE^26xyz", "$OK 24 0001^20"],
  ["a second $ that starts the frame anew", "$GS :0$GE", "$OK 24 0001^20"],
  ["a line feed after the last line", "\n$GE", "$OK 24 0001^20"],
  ["a one-digit sequence id, which comes back with two", "$GE :5", "$OK 24 0001 :05^2F"],
  ["a lower-case sequence id, which comes back in upper case", "$GE :ab", "$OK 24 0001 :AB^29"],
  ["sequence id 00, which is not echoed", "$GE :00", "$OK 24 0001^20"],
  ["a sequence id that is none, which is not echoed", "$GE :xy", "$OK 24 0001^20"],
  ["a wrong checksum, without sequence id", "$GE :05^00", "$NK^21"],
  ["a wrong sum", "$GE*00", "$NK^21"],
  ["eleven words", "$GE 1 2 3 4 5 6 7 8 9 :05", "$NK^21"],
  ["an unknown command", "$XX :05", "$NK :05^0B"],
])("%s is answered", (_, line, answer) => {
  const box = fresh();
  const [said] = box.ask(line);
  // The body counts; checksums of the table above are computed by the same rule.
  expect(said?.replace(/\^..$/, "")).toBe(answer.replace(/\^..$/, ""));
  expect(said).toBe(framed(answer.slice(1).replace(/\^..$/, "")).slice(0, -1));
});

test("a line ended by LF alone gets no reply", () => {
  const box = fresh().until(0, [{ is: "bytes", bytes: "$GS^30\n" }]);
  expect(box.until(1000).said).toEqual([]);
});

test("31 characters are answered, 32 are dropped without a word", () => {
  expect(fresh().ask(`$GS ${"1".repeat(27)}`)).toHaveLength(1);
  const box = fresh();
  expect(box.ask(`$GS ${"1".repeat(28)}`)).toEqual([]);
  expect(box.ask("$GE")).toHaveLength(1);
});

test("of twelve commands at once five are answered, and the line is well afterwards", () => {
  const box = fresh();
  const line = (i: number) => `$GS :${(0x34 + i).toString(16)}^2D`.slice(0, 7);
  const burst = Array.from({ length: 12 }, (_, i) => framed(line(i).slice(1))).join("");
  expect(burst).toHaveLength(132);
  const answers = box.ask(burst);
  expect(answers.map((text) => text.slice(-6, -3))).toEqual([":34", ":35", ":36", ":37", ":38"]);
  expect(box.ask("$GE :01")).toHaveLength(1);
});

test("the echo, once on, stays on whatever it is told", () => {
  const box = fresh();
  box.ask("$FF E 1");
  expect(box.ask("$FF E 0").join("|")).toContain("$FF E 0|$OK^20");
  expect(box.ask("$GE")[0]).toBe("$GE");
});

test.each([
  ["$SC 10.5", "$NK 80"],
  ["$SC abc", "$OK 75"],
  ["$SC -1", "$NK 80"],
  ["$SC 262", "$OK 6"],
  ["$SC 5", "$NK 6"],
])("%s is parsed carelessly: %s", (line, answer) => {
  const box = fresh();
  expect(box.ask(line)[0]?.replace(/\^..$/, "")).toBe(answer);
  // Clamped, and applied.
  expect(box.ask("$GE")[0]).toContain(`OK ${answer.split(" ")[1]} `);
});

test("a volatile set-point is capped at the EEPROM's, survives unplugging and not a power cut", () => {
  const box = fresh();
  expect(box.ask("$SC 30 V")[0]).toContain("$NK 24");
  expect(box.ask("$SC 13 V")[0]).toContain("$OK 13");
  box
    .until(1000, [car])
    .until(9000, [{ is: "leave" }])
    .until(12_000);
  expect(box.ask("$GC")[0]).toContain("$OK 6 80 13 24");
  box
    .until(13_000, [
      { is: "mains", on: false },
      { is: "mains", on: true },
    ])
    .until(20_000);
  expect(box.ask("$GC")[0]).toContain("$OK 6 80 24 24");
});

test("a set-point given after a boot with the car plugged is forgotten a second after the relay closed", () => {
  const box = charging();
  box
    .until(21_000, [
      { is: "mains", on: false },
      { is: "mains", on: true },
    ])
    .until(24_700);
  expect(box.ask("$SC 10 V :01")[0]).toContain("$OK 10");
  box.until(30_000);
  expect(box.since(24_700).map((text) => text.split(" ").slice(0, 4).join(" "))).toEqual(
    expect.arrayContaining(["$AT 03 03 10", "$AT 03 03 24"]),
  );
  expect(box.point.box.amps).toBe(24);
});

test.each(["D8.1.1", "7.1.3", "5.0.1"] as const)("firmware %s knows no heartbeat", (firmware) => {
  for (const line of ["$GY", "$SY", "$SY 5 6", "$SY 165"])
    expect(fresh(firmware).ask(line)).toEqual(["$NK^21"]);
});

test("a missed heartbeat lowers the current without stopping; acknowledged, the EEPROM's maximum comes back", () => {
  const box = charging();
  box.ask("$SC 13 V");
  expect(box.ask("$SY 5 3")[0]).toContain("$OK 5 3 0");
  box.until(27_000);
  expect(box.point.box.amps).toBe(6);
  expect(flags(box) & 0x40).toBe(0x40);
  expect(box.ask("$SY")[0]).toContain("$NK 5 3 2");
  expect(box.ask("$SY 165")[0]).toContain("$OK 5 3 1");
  expect(box.point.box.amps).toBe(24);
});

test("a heartbeat interval of 66 s wraps in 16 bits and is missed after half a second", () => {
  const box = charging();
  box.ask("$SY 66 6");
  expect(box.until(box.point.nowMs + 600).point.box.amps).toBe(6);
});

test("after power-on with a car the firmware starts charging by itself, and FS on the boot frame prevents it", () => {
  const boot = () =>
    charging().until(21_000, [
      { is: "mains", on: false },
      { is: "mains", on: true },
    ]);
  const alone = boot().until(30_000);
  const bootFrame = alone.said.find(({ text, ms }) => ms > 21_000 && text.startsWith("$AB"));
  const closed = alone.said.find(({ text, ms }) => ms > 21_000 && text.startsWith("$AT 03"));
  expect(bootFrame?.ms).toBeGreaterThan(24_300);
  const byItselfMs = (closed?.ms ?? 0) - (bootFrame?.ms ?? 0);
  expect(Math.abs(byItselfMs - 2300)).toBeLessThan(60);

  const kept = boot()
    .until(bootFrame?.ms ?? 0, [])
    .until((bootFrame?.ms ?? 0) + 5, [{ is: "bytes", bytes: "$FS\r" }]);
  const intervals = kept.point.intervals.length;
  kept.until(40_000);
  expect(kept.point.box.evse).toBe(0xfe);
  expect(kept.point.intervals).toHaveLength(intervals);
});

test("FE in a fault answers OK and changes nothing", () => {
  const box = charging()
    .until(21_000, [{ is: "fault", fault: "gfci" }])
    .until(22_000);
  expect(box.ask("$FE :01")).toEqual(["$OK :01^3B"]);
  expect(box.point.box.evse).toBe(6);
});

test("disabled, the box no longer sees the car come or go", () => {
  const box = charging();
  box.ask("$FD");
  expect(box.ask("$G0")).toEqual(["$OK 2^32"]);
  const from = box.point.nowMs;
  box.until(from + 1000, [{ is: "leave" }]).until(from + 3000);
  expect(box.since(from)).toEqual([]);
  expect(flags(box) & 0x100).toBe(0x100);
  box.ask("$FE");
  expect(box.until(from + 5000).point.box.evse).toBe(1);
});

test("asleep, plug and unplug are told, the opening of the relay is not", () => {
  const box = charging();
  const from = box.point.nowMs;
  box.ask("$FS");
  box.until(from + 4000);
  expect(flags(box) & 0x40).toBe(0);
  expect(box.since(from).map((text) => text.slice(0, 6))).toEqual(["$OK^20", "$AT fe"]);
  box.until(from + 4000, [{ is: "leave" }]).until(from + 5000);
  expect(box.since(from + 4000).map((text) => text.slice(0, 6))).toEqual(["$AT fe"]);
});

test("asleep, the relay waits for a stubborn car, three seconds at most", () => {
  const stubborn = { ...car, car: { ...car.car, stopMs: 60_000 } };
  const box = fresh().until(1000, [stubborn]).until(20_000);
  const from = box.point.nowMs;
  box.until(from, [{ is: "bytes", bytes: "$FS\r" }]);
  expect(flags(box.until(from + 2900)) & 0x40).toBe(0x40);
  expect(flags(box.until(from + 3200)) & 0x40).toBe(0);
});

test("commands sent during the self-test before closing are answered late and in a burst", () => {
  const box = fresh("7.1.3").until(1000, [car]).until(2300);
  const from = box.point.nowMs;
  box.until(from, [{ is: "bytes", bytes: "$GS :01\r$GG :02\r" }]).until(from + 2000);
  const [first, second, third] = box.said.filter(({ ms }) => ms >= from);
  expect(first?.text).toContain("$AT 03");
  expect((second?.ms ?? 0) - from).toBeGreaterThan(800);
  expect((third?.ms ?? 0) - (second?.ms ?? 0)).toBeLessThanOrEqual(2);
});

test("the lifetime counter moves only when the car leaves, in whole Wh; the session counter stays until the next car", () => {
  const box = charging();
  const total = () => Number(box.ask("$GU")[0]?.split(" ")[2]?.replace(/\^..$/, ""));
  expect(total()).toBe(0);
  box.until(60_000, [{ is: "leave" }]).until(61_000);
  const ws = sessionWs(box);
  expect(ws).toBeGreaterThan(100_000);
  expect(total()).toBe(Math.floor(ws / 3600));
  box.until(70_000, [car]).until(71_000);
  expect(sessionWs(box)).toBe(0);
});

test("a glitch on the pilot resets the session counter without a word", () => {
  const box = charging();
  const from = box.point.nowMs;
  box.until(from + 1000, [{ is: "glitch" }]).until(from + 1200);
  expect(box.since(from)).toEqual([]);
  expect(sessionWs(box)).toBeLessThan(3000);
  expect(flags(box) & 0x40).toBe(0x40);
});

test("a power cut loses the session counter, while the truth about the energy goes on", () => {
  const box = charging();
  const before = box.point.trueMicroWs;
  box
    .until(21_000, [{ is: "mains", on: false }])
    .until(25_000, [{ is: "bytes", bytes: "$GS\r" }])
    .until(26_000);
  expect(box.since(21_000)).toEqual([]);
  box.until(27_000, [{ is: "mains", on: true }]).until(34_000);
  expect(sessionWs(box)).toBeLessThan(12_000);
  expect(box.point.trueMicroWs).toBeGreaterThan(before);
  expect(box.point.intervals).toHaveLength(2);
});

test("a car that leaves during a power cut leaves no energy behind in the counters", () => {
  const box = charging()
    .until(21_000, [{ is: "mains", on: false }])
    .until(22_000, [{ is: "leave" }]);
  box.until(23_000, [{ is: "mains", on: true }]).until(30_000);
  expect(box.ask("$GU")[0]).toContain("$OK 0 0^");
});

test("FR gets no reply, and with the relay closed takes four seconds to begin", () => {
  const box = charging();
  const from = box.point.nowMs;
  box.until(from, [{ is: "bytes", bytes: "$FR :01\r" }]).until(from + 3900);
  expect(box.since(from)).toEqual([]);
  box.until(from + 8000);
  expect(box.since(from)[0]).toMatch(/^relayCloseMs/);
});

test("limits are refused by 8.2.3, and by the others but while a car is there", () => {
  expect(charging().ask("$S3 1")).toEqual(["$NK^21"]);
  expect(fresh("7.1.3").ask("$SH 1")).toEqual(["$NK^21"]);
  const box = charging("7.1.3");
  expect(box.ask("$S3 1")).toEqual(["$OK^20"]);
  box.until(950_000);
  expect(box.point.box.evse).toBe(0xfe);
  expect(flags(box) & 0x04).toBe(0x04);
});

test("heat throttles in two steps, refuses more meanwhile, and gives the current back at 62 °C", () => {
  const box = charging();
  const at = (deciC: number) => {
    const from = box.point.nowMs;
    return box.until(from + 10, [{ is: "temperature", deciC }]).until(from + 2500).point.box.amps;
  };
  expect(at(649)).toBe(24);
  expect(at(650)).toBe(12);
  expect(box.ask("$SC 20 V")[0]).toContain("$NK 12");
  expect(at(680)).toBe(6);
  expect(at(630)).toBe(6);
  expect(at(620)).toBe(24);
});

test("too hot, the box serves nobody for five seconds, opens, and waits for the car to leave", () => {
  const box = charging().until(21_000, [{ is: "fault", fault: "over-temperature" }]);
  expect(box.until(22_000).ask("$GS")).toEqual([]);
  box.until(27_000);
  expect(box.ask("$GS :01")[0]).toMatch(/^\$OK 0a /);
  expect(flags(box) & 0x42).toBe(0x02);
  box
    .until(28_000, [{ is: "fault", fault: null }])
    .until(29_000, [{ is: "leave" }])
    .until(31_000);
  expect(box.point.box.evse).toBe(1);
});

test("a ground fault within two seconds of closing is a hard one; later it tries again after five minutes", () => {
  const early = fresh().until(1000, [car]).until(4000);
  expect(early.point.box.evse).toBe(3);
  early.until(4100, [{ is: "fault", fault: "gfci" }]).until(4200, [{ is: "fault", fault: null }]);
  early.until(700_000);
  expect(early.point.box.evse).toBe(6);
  expect(flags(early) & 0x02).toBe(0x02);
  early.until(701_000, [{ is: "leave" }]).until(703_000);
  expect(early.point.box.evse).toBe(1);

  const late = charging()
    .until(21_000, [{ is: "fault", fault: "gfci" }])
    .until(21_500, [{ is: "fault", fault: null }]);
  expect(late.until(320_000).point.box.evse).toBe(6);
  expect(late.until(325_000).point.box.evse).toBe(3);
});

test("without a ground it opens a second after closing; at power-on without a car only a reset helps", () => {
  const box = fresh()
    .until(500, [{ is: "fault", fault: "no-ground" }])
    .until(1000, [car])
    .until(9000);
  expect(box.point.box.evse).toBe(7);
  expect(box.ask("$GF :01")[0]).toContain("$OK 0 1 0");
  box.until(10_000, [{ is: "leave" }]).until(12_000, [
    { is: "mains", on: false },
    { is: "mains", on: true },
  ]);
  box.until(20_000, [{ is: "fault", fault: null }]).until(21_000);
  expect(box.since(12_000).some((text) => text.startsWith("$AB 07"))).toBe(true);
  expect(box.point.box.evse).toBe(7);
  box.until(22_000, [{ is: "bytes", bytes: "$FR\r" }]).until(30_000);
  expect(box.point.box.evse).toBe(1);
});

test("a stuck relay is found after opening, and only a reset without the fault ends it", () => {
  const box = charging()
    .until(21_000, [{ is: "fault", fault: "stuck-relay" }])
    .until(22_000, [{ is: "leave" }]);
  box.until(25_000);
  expect(box.point.box.evse).toBe(8);
  box.ask("$FE");
  expect(box.point.box.evse).toBe(8);
  box.until(26_000, [{ is: "reset" }]).until(34_000);
  expect(box.since(26_000).some((text) => text.startsWith("$AB 08"))).toBe(true);
  box.until(35_000, [{ is: "fault", fault: null }, { is: "reset" }]).until(43_000);
  expect(box.point.box.evse).toBe(1);
});

test("a failed ground-fault test before closing is state 09", () => {
  const box = fresh()
    .until(500, [{ is: "fault", fault: "self-test" }])
    .until(1000, [car])
    .until(9000);
  expect(box.point.box.evse).toBe(9);
  expect(box.point.intervals).toEqual([]);
});

test("the meter is within three per cent of the truth over a minute, and never above it", () => {
  const box = charging().until(80_000);
  const meteredShare = box.point.box.meter.countedWs / (box.point.trueMicroWs / 1e6);
  expect(meteredShare).toBeGreaterThan(0.96);
  expect(meteredShare).toBeLessThan(1);
});

test("a mute line carries nothing, a corrupting one spoils as many frames as it was told", () => {
  const box = fresh().until(0, [{ is: "mute", ms: 2000 }]);
  expect(box.ask("$GE")).toEqual([]);
  box.until(2500, [{ is: "corrupt", frames: 1 }]);
  const [spoilt] = box.ask("$GE");
  expect(spoilt?.slice(0, 11)).toBe("$OK 24 0001");
  expect(`${spoilt}\r`).not.toBe(framed("OK 24 0001"));
  expect(`${box.ask("$GE")[0]}\r`).toBe(framed("OK 24 0001"));
});

test("a state that was advanced can be advanced again with the same result", () => {
  const box = charging();
  const before = JSON.stringify(box.point);
  const on = () =>
    new Listener(box.point)
      .until(30_000, [{ is: "bytes", bytes: "$SC 12\r$SY 9 6\r" }])
      .until(50_000, [{ is: "leave" }])
      .until(60_000);
  const first = on();
  expect(JSON.stringify(box.point)).toBe(before);
  expect(JSON.stringify(first.point)).toBe(JSON.stringify(on().point));
  expect(first.said).toEqual(on().said);
});
