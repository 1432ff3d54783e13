// A simulated charge point: the box, the car plugged into it, who comes and goes, and the truth about the energy.
// Pure and synchronous: real time (charger-main), virtual time and whole fleets (memory-charger) drive the same thing.
//
// OpenEVSE is an AC controller of at most 80 A. A point of 50 to 350 kW meters through a current transformer: the
// wire shows the SECONDARY figures (mA, Ws, Wh, amps up to 80), true power = secondary × `ctRatio`.
import { advance, type BoxInput, nextAt, pilotOf } from "./box.rules.ts";
import { type Box, type BoxOptions, newBox, relayClosed } from "./box.state.ts";
import { evse } from "./box.wire.ts";
import {
  advanceCar,
  type Car,
  type CarOptions,
  carNextAt,
  carSees,
  isFull,
  mainsV,
  newCar,
} from "./car.rules.ts";
import { type Cars, type CarsMode, decideCars, newCars, type Offer } from "./cars.ts";

export interface PointOptions extends BoxOptions {
  ctRatio: number;
  /** On the secondary side: the setting that the box's EEPROM is commissioned with. */
  maxAmps: number;
  cars: CarsMode;
  seed: number;
}

/** A time during which the relay was closed; times of the monotonic clock, energy on the primary side. */
export interface EnergisedInterval {
  startMono: number;
  endMono: number | null;
  /** What really flowed. */
  ws: number;
  /** What the box's meter counted of it. */
  meteredWs: number;
}

export interface Point {
  nowMs: number;
  ctRatio: number;
  pointW: number;
  box: Box;
  car: Car | null;
  cars: Cars;
  /** Lifetime truth on the primary side, in millionths of a Ws: never reset, whatever the box forgets. */
  trueMicroWs: number;
  intervals: EnergisedInterval[];
  intervalFrom: { trueWs: number; meteredWs: number } | null;
  muteUntilMs: number;
  corruptFrames: number;
}

export type PointInput =
  | BoxInput
  | { is: "arrive"; car: CarOptions }
  | { is: "leave" }
  | { is: "cars"; mode: CarsMode }
  | { is: "mute"; ms: number }
  | { is: "corrupt"; frames: number }
  | { is: "battery"; car: Car };

const keptIntervals = 50;

export function newPoint(options: PointOptions, nowMs: number): Point {
  const box = newBox(
    { ...options, hwMaxAmps: options.maxAmps, eeprom: { amps: options.maxAmps, ...options.eeprom } },
    nowMs,
  );
  return {
    nowMs,
    ctRatio: options.ctRatio,
    pointW: options.maxAmps * mainsV * options.ctRatio,
    box,
    car: null,
    cars: newCars(options.cars, options.seed),
    trueMicroWs: 0,
    intervals: [],
    intervalFrom: null,
    muteUntilMs: 0,
    corruptFrames: 0,
  };
}

/** Moves the point to `toMs` and then gives it the inputs. `bytes` went out on the line meanwhile (latin1). */
export function advancePoint(
  point: Point,
  toMs: number,
  inputs: readonly PointInput[] = [],
): { point: Point; bytes: string } {
  const next = { ...point };
  let bytes = "";
  for (;;) {
    const at = pointNextAt(next);
    if (at === null || at > toMs) break;
    bytes += step(next, at, []);
  }
  bytes += step(next, toMs, []);
  for (const input of inputs) bytes += give(next, input);
  return { point: next, bytes };
}

/** When the point next says or does something by itself; null: only when something happens to it. */
export function pointNextAt(point: Point): number | null {
  let first: number | null = null;
  const car = point.car === null ? null : carNextAt(point.car);
  // While the box is dead nobody comes or goes, so an overdue visit is no reason to look.
  const visit = point.cars.offer === "dead" ? null : (point.cars.due?.atMs ?? null);
  for (const at of [nextAt(point.box), car, visit]) {
    if (at !== null && (first === null || at < first)) first = at;
  }
  return first === null ? null : Math.max(first, point.nowMs);
}

export function trueRegisterWs(point: Point): number {
  return Math.floor(point.trueMicroWs / 1e6);
}

/** The lifetime sum of what the box's meter counted, × ratio: what a perfect host could have read. */
export function meteredRegisterWs(point: Point): number {
  return point.box.meter.countedWs * point.ctRatio;
}

export function offerOf(box: Box): Offer {
  if (box.power !== "running") return "dead";
  return box.spinning === "no" && box.evse <= evse.charging ? "offered" : "withheld";
}

function step(point: Point, atMs: number, inputs: readonly BoxInput[]): string {
  const moved = advance(point.box, atMs, inputs);
  point.box = moved.box;
  if (point.car !== null) {
    const before = point.car.deliveredMicroWs;
    point.car = advanceCar(point.car, atMs);
    point.trueMicroWs += point.car.deliveredMicroWs - before;
  }
  point.nowMs = Math.max(point.nowMs, atMs);
  let bytes = "";
  for (const line of moved.lines) bytes += sent(point, line.text);
  return bytes + exchange(point);
}

/** Box and car feel each other, the cars look on. */
function exchange(point: Point): string {
  let bytes = "";
  track(point);
  if (point.car !== null) {
    point.car = carSees(point.car, pilotOf(point.box), relayClosed(point.box));
  }
  const ready = point.car?.ready ?? false;
  const loadMa = point.car?.drawMa ?? 0;
  if (ready !== point.box.carReady || loadMa !== point.box.loadMa) {
    const moved = advance(point.box, point.nowMs, [{ is: "car", ready, loadMa }]);
    point.box = moved.box;
    for (const line of moved.lines) bytes += sent(point, line.text);
  }
  const decided = decideCars(point.cars, {
    nowMs: point.nowMs,
    offer: offerOf(point.box),
    plugged: point.car !== null,
    relayClosed: relayClosed(point.box),
    full: point.car !== null && isFull(point.car),
    pointW: point.pointW,
  });
  point.cars = decided.cars;
  return decided.act === null ? bytes : bytes + give(point, decided.act);
}

function give(point: Point, input: PointInput): string {
  switch (input.is) {
    case "arrive":
      if (point.car !== null) return "";
      point.car = newCar(input.car, point.ctRatio, point.nowMs);
      return step(point, point.nowMs, [{ is: "plug", plugged: true }]);
    case "leave":
      point.car = null;
      return step(point, point.nowMs, [{ is: "plug", plugged: false }]);
    case "battery":
      point.car = input.car;
      return step(point, point.nowMs, []);
    case "cars":
      point.cars = { ...point.cars, mode: input.mode };
      return step(point, point.nowMs, []);
    case "mute":
      point.muteUntilMs = point.nowMs + input.ms;
      return "";
    case "corrupt":
      point.corruptFrames = input.frames;
      return "";
    case "bytes":
      return point.nowMs < point.muteUntilMs ? "" : step(point, point.nowMs, [input]);
    default:
      return step(point, point.nowMs, [input]);
  }
}

/** The line between box and host may be mute, or spoil frames. */
function sent(point: Point, text: string): string {
  if (point.nowMs < point.muteUntilMs) return "";
  if (point.corruptFrames === 0 || !text.startsWith("$")) return text;
  point.corruptFrames -= 1;
  // Another last digit: the frame looks right and its checksum is wrong.
  const last = text.at(-2) === "0" ? "1" : "0";
  return `${text.slice(0, -2)}${last}\r`;
}

/** Keeps the books of when the relay was closed and what flowed meanwhile. */
function track(point: Point): void {
  const closed = relayClosed(point.box);
  const trueWs = trueRegisterWs(point);
  const meteredWs = meteredRegisterWs(point);
  if (closed && point.intervalFrom === null) {
    point.intervalFrom = { trueWs, meteredWs };
    const interval = { startMono: point.nowMs, endMono: null, ws: 0, meteredWs: 0 };
    point.intervals = [...point.intervals.slice(1 - keptIntervals), interval];
  }
  const last = point.intervals.at(-1);
  if (point.intervalFrom === null || last === undefined) return;
  const now: EnergisedInterval = {
    ...last,
    endMono: closed ? null : point.nowMs,
    ws: trueWs - point.intervalFrom.trueWs,
    meteredWs: meteredWs - point.intervalFrom.meteredWs,
  };
  point.intervals = [...point.intervals.slice(0, -1), now];
  if (!closed) point.intervalFrom = null;
}
