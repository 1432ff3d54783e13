// The car's battery and manners, and who comes and goes by themselves.
import { describe, expect, test } from "vitest";
import {
  advanceCar,
  type Car,
  carNextAt,
  carSees,
  isFull,
  newCar,
} from "../../../simulator/charger/car.rules.ts";
import { drawCar } from "../../../simulator/charger/cars.ts";
import type { FirmwareName } from "../../../simulator/charger/firmware.ts";
import {
  advancePoint,
  newPoint,
  type Point,
  type PointInput,
} from "../../../simulator/charger/point.rules.ts";
import { restoredPoint, savedOf } from "../../../simulator/charger/point.saved.ts";
import { Listener } from "./recorded.ts";

/** Runs a car at a fixed offer until it is full; the seconds that took and the powers on the way. */
function fill(car: Car): { seconds: number; drawsMa: number[] } {
  let now = carSees(car, { is: "pwm", amps: 32 }, true);
  const drawsMa: number[] = [];
  while (!isFull(now)) {
    const at = carNextAt(now);
    if (at === null) throw new Error("the car waits for nothing");
    now = advanceCar(now, at);
    drawsMa.push(now.drawMa);
  }
  return { seconds: now.nowMs / 1000, drawsMa };
}

describe("a car", () => {
  test("asks for energy only while the pilot offers some", () => {
    const car = newCar({ needWh: 100, maxW: 7200, readyMs: 500, stopMs: 200 }, 1, 0);
    const offered = advanceCar(carSees(car, { is: "pwm", amps: 16 }, false), 499);
    expect(offered.ready).toBe(false);
    const ready = advanceCar(offered, 500);
    expect(ready).toMatchObject({ ready: true, drawMa: 0 });
    const charging = carSees(ready, { is: "pwm", amps: 16 }, true);
    expect(charging.drawMa).toBe(16_000);
    const withdrawn = carSees(charging, { is: "steady" }, true);
    expect(advanceCar(withdrawn, 699).ready).toBe(true);
    expect(advanceCar(withdrawn, 700)).toMatchObject({ ready: false, drawMa: 0 });
  });

  test("takes the least of offer and own power, behind the current transformer", () => {
    const charging = (maxW: number) =>
      carSees(
        advanceCar(carSees(newCar({ needWh: 1000, maxW }, 19, 0), { is: "pwm", amps: 77 }, true), 600),
        { is: "pwm", amps: 77 },
        true,
      );
    expect(charging(400_000).drawMa).toBe(77_000);
    expect(charging(45_600).drawMa).toBe(10_000);
  });

  test("takes less and less at the end, and exactly what it lacked within a step", () => {
    const { drawsMa } = fill(newCar({ needWh: 60, maxW: 7680 }, 1, 0));
    expect(drawsMa[0]).toBe(32_000);
    const tail = drawsMa.filter((ma) => ma > 0);
    expect(tail.at(-1)).toBeLessThan(8000);
    expect([...tail].sort((a, b) => b - a)).toEqual(tail);
  });

  test("of the usual kind is full after 15 to 45 seconds", () => {
    const durations: number[] = [];
    for (let seed = 1; seed <= 200; seed++) {
      const { car } = drawCar(seed, 7680);
      durations.push(fill(newCar(car, 1, 0)).seconds);
    }
    expect(Math.min(...durations)).toBeGreaterThan(14);
    expect(Math.max(...durations)).toBeLessThan(48);
  });
});

function asleep(seed: number, firmware: FirmwareName = "8.2.3"): Listener {
  const point = newPoint({ firmware, ctRatio: 3, maxAmps: 30, cars: "auto", seed }, 0);
  const on = advancePoint(point, 0, [{ is: "mains", on: true }]).point;
  return new Listener(on).until(5000, [{ is: "bytes", bytes: "$FS\r" }]).until(10_000);
}

const enable: PointInput = { is: "bytes", bytes: "$FE\r" };
const sleep: PointInput = { is: "bytes", bytes: "$FS\r" };

/** Runs until `done`, at most `withinMs`; the milliseconds it took or null. */
function waitFor(charger: Listener, withinMs: number, done: (point: Point) => boolean): number | null {
  const from = charger.point.nowMs;
  for (let at = from; at <= from + withinMs; at += 50) {
    charger.until(at);
    if (done(charger.point)) return at - from;
  }
  return null;
}

describe("cars that come by themselves", () => {
  test("nobody comes to a sleeping charger, nor to one that has just booted", () => {
    expect(waitFor(asleep(1), 60_000, (point) => point.car !== null)).toBeNull();
  });

  test("one comes 1 to 3 s after the charger is enabled, some never; each leaves 2 to 10 s after the end or overstays", () => {
    const arrivals: (number | null)[] = [];
    const stays: number[] = [];
    for (let seed = 1; seed <= 150; seed++) {
      const charger = asleep(seed).until(10_000, [enable]);
      const came = waitFor(charger, 5000, (point) => point.car !== null);
      arrivals.push(came);
      if (came === null) continue;
      charger.until(charger.point.nowMs + 8000);
      expect(charger.point.intervalFrom).not.toBeNull();
      charger.until(charger.point.nowMs, [sleep]);
      stays.push(waitFor(charger, 60_000, (point) => point.car === null) ?? Number.POSITIVE_INFINITY);
    }
    const never = arrivals.filter((came) => came === null).length;
    expect(never).toBeGreaterThan(0);
    expect(never).toBeLessThan(15);
    for (const came of arrivals) if (came !== null) expect(came).toBeGreaterThanOrEqual(1000);
    for (const came of arrivals) if (came !== null) expect(came).toBeLessThanOrEqual(3200);
    const long = stays.filter((stay) => stay > 10_200);
    expect(long.length).toBeGreaterThan(0);
    expect(long.length).toBeLessThan(25);
    for (const stay of long) expect(stay >= 19_900 && stay <= 40_300).toBe(true);
    for (const stay of stays) expect(stay).toBeGreaterThanOrEqual(2000);
  });

  test("a full car stops drawing, the relay opens, and it leaves without being told", () => {
    const charger = asleep(4).until(10_000, [enable]);
    expect(waitFor(charger, 60_000, (point) => point.car !== null && isFull(point.car))).not.toBeNull();
    charger.until(charger.point.nowMs + 1900);
    expect(charger.point.box.evse).toBe(2);
    expect(charger.point.intervals.at(-1)?.endMono).not.toBeNull();
    expect(waitFor(charger, 40_300, (point) => point.car === null)).not.toBeNull();
    const delivered = charger.point.trueMicroWs / 3600e6;
    expect(delivered).toBeGreaterThan(20);
  });

  test("a car whose charging was called off before it began leaves too", () => {
    const charger = asleep(4).until(10_000, [enable]);
    waitFor(charger, 5000, (point) => point.car !== null);
    charger.until(charger.point.nowMs + 100, [sleep]);
    expect(waitFor(charger, 15_500, (point) => point.car === null)).not.toBeNull();
    expect(charger.point.intervals).toEqual([]);
  });

  test("without mains nobody moves", () => {
    const charger = asleep(4).until(10_000, [enable]);
    waitFor(charger, 5000, (point) => point.car !== null);
    charger.until(charger.point.nowMs + 5000, [{ is: "mains", on: false }]);
    expect(waitFor(charger, 120_000, (point) => point.car === null)).toBeNull();
  });

  test("the car and its battery outlive the process, which is a power cut for the box", () => {
    const charger = asleep(4).until(10_000, [enable]);
    waitFor(charger, 5000, (point) => point.car !== null);
    charger.until(charger.point.nowMs + 10_000);
    const saved = savedOf(charger.point);
    const options = { firmware: "8.2.3" as const, ctRatio: 3, maxAmps: 30, cars: "auto" as const, seed: 4 };
    const back = restoredPoint(options, structuredClone(saved), 100_000);
    const again = new Listener(advancePoint(back, 100_000, [{ is: "mains", on: true }]).point).until(103_000);
    expect(again.point.car?.missingMicroWs).toBe(charger.point.car?.missingMicroWs);
    expect(again.point.trueMicroWs).toBe(charger.point.trueMicroWs);
    expect(again.point.box.meter).toMatchObject({
      sessionWs: 0,
      countedWs: charger.point.box.meter.countedWs,
    });
    // Nobody says FS: it charges by itself, and the truth goes on from where it was.
    again.until(112_000);
    expect(again.point.box.evse).toBe(3);
    expect(again.point.trueMicroWs).toBeGreaterThan(charger.point.trueMicroWs);
  });

  test("the intervals of the closed relay add up to the register", () => {
    const charger = asleep(9);
    for (let round = 0; round < 5; round++) {
      charger.until(charger.point.nowMs + 100, [enable]).until(charger.point.nowMs + 20_000, [sleep]);
      charger.until(charger.point.nowMs + 60_000);
    }
    const { intervals, trueMicroWs } = charger.point;
    expect(intervals.length).toBeGreaterThan(2);
    expect(intervals.reduce((sum, { ws }) => sum + ws, 0)).toBe(Math.floor(trueMicroWs / 1e6));
  });
});
