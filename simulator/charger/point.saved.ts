// What of a simulated point outlives its process: the EEPROM, the truth about the energy, and the car, which is a
// thing of the world. The process's end is a power cut for the box.
import * as z from "zod";
import type { BoxOptions } from "./box.state.ts";
import { newCar } from "./car.rules.ts";
import { meteredRegisterWs, newPoint, type Point, type PointOptions, trueRegisterWs } from "./point.rules.ts";

const count = z.number().int().min(0);

export const SavedPoint = z.object({
  version: z.literal(1),
  eeprom: z.object({
    amps: count.max(255),
    hwMaxAmps: count.max(255).nullable(),
    totalWh: count,
    heartbeatS: count,
    heartbeatAmps: count,
    gfiTrips: count,
    noGroundTrips: count,
    stuckRelayTrips: count,
  }),
  trueMicroWs: z.number().min(0),
  countedWs: count,
  intervals: z.array(
    z.object({
      startMono: z.number(),
      endMono: z.number().nullable(),
      ws: z.number(),
      meteredWs: z.number(),
    }),
  ),
  car: z
    .object({
      needWh: z.number().positive(),
      maxW: z.number().positive(),
      missingMicroWs: z.number(),
      readyMs: count,
      stopMs: count,
      followMs: count,
    })
    .nullable(),
  cars: z.object({ seed: count, charged: z.boolean() }),
});
export type SavedPoint = z.infer<typeof SavedPoint>;

export function savedOf(point: Point): SavedPoint {
  const { box, car } = point;
  return {
    version: 1,
    eeprom: { ...box.eeprom },
    trueMicroWs: point.trueMicroWs,
    countedWs: box.meter.countedWs,
    // An interval under way ends here for whoever reads this after the process has died.
    intervals: point.intervals.map((interval) => ({ ...interval, endMono: interval.endMono ?? point.nowMs })),
    car:
      car === null
        ? null
        : {
            needWh: car.needWh,
            maxW: car.maxW,
            missingMicroWs: car.missingMicroWs,
            readyMs: car.readyMs,
            stopMs: car.stopMs,
            followMs: car.followMs,
          },
    cars: { seed: point.cars.seed, charged: point.cars.charged },
  };
}

/** A point without mains, as it was saved; amps beyond today's configuration are taken back to it. */
export function restoredPoint(options: PointOptions, saved: SavedPoint, nowMs: number): Point {
  const eeprom: BoxOptions["eeprom"] = {
    ...saved.eeprom,
    amps: Math.min(saved.eeprom.amps, options.maxAmps),
  };
  const point = newPoint({ ...options, eeprom }, nowMs);
  const car =
    saved.car === null
      ? null
      : { ...newCar(saved.car, options.ctRatio, nowMs), missingMicroWs: saved.car.missingMicroWs };
  return {
    ...point,
    box: { ...point.box, plugged: car !== null, meter: { ...point.box.meter, countedWs: saved.countedWs } },
    car,
    cars: { ...point.cars, seed: saved.cars.seed, charged: saved.cars.charged && car !== null },
    trueMicroWs: saved.trueMicroWs,
    intervals: saved.intervals,
  };
}

/** Whatever here changes has to be on disk soon; while energy flows the registers alone change. */
export function milestoneOf(point: Point): string {
  return JSON.stringify([
    point.box.eeprom,
    point.car === null,
    point.intervals.length,
    point.intervalFrom === null,
  ]);
}

/** Changes with every Ws that the box has counted or that has flowed. */
export function energyMark(point: Point): number {
  return trueRegisterWs(point) + meteredRegisterWs(point);
}
