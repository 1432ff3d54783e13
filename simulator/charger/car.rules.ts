// A plugged-in car: its battery, the power it takes, and how it answers the pilot. Pure, as the box is.
//
// 1. It asks for energy (state C) only while the pilot offers some, and no longer once the battery is full.
// 2. It takes full power until four fifths of its need, then less and less.
// 3. The box sees the secondary side of the current transformer: true current = seen current × ratio. The car takes
//    what is offered (seen amps × 240 V × ratio) or what it can, whichever is less.
import type { Pilot } from "./box.rules.ts";

export const mainsV = 240;
const taperPart = 0.2;
const leastPower = 0.15;
const taperStepMs = 500;

export interface CarOptions {
  /** Energy until full, in Wh. */
  needWh: number;
  /** The most it takes, in W on the primary side. */
  maxW: number;
  /** How long it takes to ask for energy after the pilot offers some, to stop after it does no longer, and to
   * follow another offer, in milliseconds. */
  readyMs?: number;
  stopMs?: number;
  followMs?: number;
}

export interface Car {
  nowMs: number;
  needWh: number;
  maxW: number;
  ctRatio: number;
  readyMs: number;
  stopMs: number;
  followMs: number;
  /** In millionths of a Ws, whole numbers, so that no rounding adds up. */
  missingMicroWs: number;
  deliveredMicroWs: number;
  pilot: Pilot;
  relayClosed: boolean;
  ready: boolean;
  turnAtMs: number | null;
  followedAmps: number;
  followAtMs: number | null;
  drawMa: number;
  stepAtMs: number | null;
}

export function newCar(options: CarOptions, ctRatio: number, nowMs: number): Car {
  return {
    nowMs,
    needWh: options.needWh,
    maxW: options.maxW,
    ctRatio,
    readyMs: options.readyMs ?? 545,
    stopMs: options.stopMs ?? 150,
    followMs: options.followMs ?? 100,
    missingMicroWs: Math.round(options.needWh * 3600e6),
    deliveredMicroWs: 0,
    pilot: { is: "dead" },
    relayClosed: false,
    ready: false,
    turnAtMs: null,
    followedAmps: 0,
    followAtMs: null,
    drawMa: 0,
    stepAtMs: null,
  };
}

/** The battery is replaced by one that lacks `needWh`. */
export function withBattery(car: Car, needWh: number): Car {
  return decide({ ...car, needWh, missingMicroWs: Math.round(needWh * 3600e6) });
}

/** What the car sees of the box from now on. Looking again changes nothing, so that it does not matter how often. */
export function carSees(car: Car, pilot: Pilot, relayClosed: boolean): Car {
  const amps = pilot.is === "pwm" ? pilot.amps : 0;
  const before = car.pilot.is === "pwm" ? car.pilot.amps : 0;
  const same = pilot.is === car.pilot.is && amps === before && relayClosed === car.relayClosed;
  return same ? car : decide({ ...car, pilot, relayClosed });
}

/** Moves the car to `toMs`, charging it as long as current flows. */
export function advanceCar(car: Car, toMs: number): Car {
  let next = car;
  for (;;) {
    const at = carNextAt(next);
    if (at === null || at > toMs) break;
    next = decide(turn(charge(next, at)));
  }
  return charge(next, toMs);
}

/** When the car next changes by itself, in milliseconds. */
export function carNextAt(car: Car): number | null {
  let first: number | null = null;
  for (const at of [car.turnAtMs, car.followAtMs, car.stepAtMs]) {
    if (at !== null && (first === null || at < first)) first = at;
  }
  return first;
}

export function isFull(car: Car): boolean {
  return car.missingMicroWs <= 0;
}

function charge(car: Car, toMs: number): Car {
  if (toMs <= car.nowMs) return car;
  // mA × V × ms = millionths of a Ws.
  const microWs = car.drawMa * mainsV * car.ctRatio * (toMs - car.nowMs);
  return {
    ...car,
    nowMs: toMs,
    missingMicroWs: car.missingMicroWs - microWs,
    deliveredMicroWs: car.deliveredMicroWs + microWs,
  };
}

/** Executes what is due. */
function turn(car: Car): Car {
  const next = { ...car };
  if (car.turnAtMs !== null && car.turnAtMs <= car.nowMs) {
    next.ready = !car.ready;
    next.turnAtMs = null;
  }
  if (car.followAtMs !== null && car.followAtMs <= car.nowMs) {
    next.followedAmps = car.pilot.is === "pwm" ? car.pilot.amps : 0;
    next.followAtMs = null;
  }
  if (car.stepAtMs !== null && car.stepAtMs <= car.nowMs) next.stepAtMs = null;
  return next;
}

/** What the car wants in the light of what it sees, and how much it draws until the next look. */
function decide(car: Car): Car {
  const next = { ...car };
  const wants = car.pilot.is === "pwm" && !isFull(car);
  if (wants === car.ready) next.turnAtMs = null;
  else next.turnAtMs ??= car.nowMs + (wants ? car.readyMs : car.stopMs);
  const offered = car.pilot.is === "pwm" ? car.pilot.amps : car.followedAmps;
  if (!car.ready) next.followedAmps = offered;
  if (offered === next.followedAmps) next.followAtMs = null;
  else next.followAtMs ??= car.nowMs + car.followMs;
  next.drawMa = draws(next);
  next.stepAtMs = next.drawMa === 0 ? null : car.nowMs + stepMs(next);
  return next;
}

function draws(car: Car): number {
  if (!car.ready || !car.relayClosed || isFull(car)) return 0;
  const missing = car.missingMicroWs / (car.needWh * 3600e6 * taperPart);
  const carW = car.maxW * Math.min(1, Math.max(leastPower, missing));
  return Math.min(car.followedAmps * 1000, Math.floor((carW * 1000) / (mainsV * car.ctRatio)));
}

/** Until the battery is full, or the power has to be looked at again. */
function stepMs(car: Car): number {
  const perMs = car.drawMa * mainsV * car.ctRatio;
  const fullMs = Math.max(1, Math.ceil(car.missingMicroWs / perMs));
  const beforeTaper = car.missingMicroWs - car.needWh * 3600e6 * taperPart;
  const taperMs = Math.ceil(beforeTaper / perMs);
  return taperMs > 0 ? Math.min(taperMs, fullMs) : Math.min(taperStepMs, fullMs);
}
