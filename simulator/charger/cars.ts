// Who comes to a simulated charge point: cars that arrive when it is switched on and leave when it is done, some
// never, some late. Pure; chance comes from a seed of its own.
import type { CarOptions } from "./car.rules.ts";
import { type Drawn, draw, drawWhole } from "./chance.ts";

export type CarsMode = "auto" | "none";

/** `dead`: without mains or starting; `withheld`: asleep, disabled or in a fault. */
export type Offer = "dead" | "withheld" | "offered";

export interface Cars {
  mode: CarsMode;
  seed: number;
  offer: Offer;
  due: { what: "arrive" | "leave"; atMs: number } | null;
  /** The car that is plugged in has got energy. */
  charged: boolean;
}

export interface CarsView {
  nowMs: number;
  offer: Offer;
  plugged: boolean;
  relayClosed: boolean;
  full: boolean;
  /** What the charge point can give, in W on the primary side. */
  pointW: number;
}

export type CarsAct = { is: "arrive"; car: CarOptions } | { is: "leave" } | null;

export function newCars(mode: CarsMode, seed: number): Cars {
  return { mode, seed, offer: "dead", due: null, charged: false };
}

/** What the cars do in the light of what they see; to be asked at every change and when `due` is due. */
export function decideCars(cars: Cars, view: CarsView): { cars: Cars; act: CarsAct } {
  const next = { ...cars, offer: view.offer };
  next.charged = view.plugged && (cars.charged || view.relayClosed);
  // Nobody plugs or unplugs at a charger without light; what was due waits.
  if (cars.mode === "none") return { cars: { ...next, due: null }, act: null };
  if (view.offer === "dead") return { cars: next, act: null };
  return view.plugged ? plugged(next, view) : free(next, cars.offer, view);
}

function free(cars: Cars, before: Offer, view: CarsView): { cars: Cars; act: CarsAct } {
  if (view.offer === "withheld") return { cars: { ...cars, due: null }, act: null };
  let next = cars.due?.what === "leave" ? { ...cars, due: null } : cars;
  if (next.due === null && before === "withheld") {
    const never = draw(next.seed);
    const wait = drawWhole(never.seed, 1000, 3000);
    next = { ...next, seed: wait.seed };
    if (never.value >= 0.03) next.due = { what: "arrive", atMs: view.nowMs + wait.value };
  }
  if (next.due === null || next.due.atMs > view.nowMs) return { cars: next, act: null };
  const { car, seed } = drawCar(next.seed, view.pointW);
  return { cars: { ...next, seed, due: null }, act: { is: "arrive", car } };
}

function plugged(cars: Cars, view: CarsView): { cars: Cars; act: CarsAct } {
  const done = view.full || view.offer === "withheld";
  if (!done) return { cars: { ...cars, due: null }, act: null };
  if (cars.due?.what !== "leave") {
    const stay = cars.charged || view.full ? drawStay(cars.seed) : drawWhole(cars.seed, 5000, 15_000);
    const due = { what: "leave" as const, atMs: view.nowMs + stay.value };
    return { cars: { ...cars, seed: stay.seed, due }, act: null };
  }
  if (cars.due.atMs > view.nowMs) return { cars, act: null };
  return { cars: { ...cars, due: null, charged: false }, act: { is: "leave" } };
}

/** 2 to 10 s; one in twenty overstays, 20 to 40 s. */
function drawStay(seed: number): Drawn {
  const overstays = draw(seed);
  return overstays.value < 0.05
    ? drawWhole(overstays.seed, 20_000, 40_000)
    : drawWhole(overstays.seed, 2000, 10_000);
}

/** A car whose session lasts 15 to 45 s at this point, slow and quick ones; one in twenty ignores the pilot's end. */
export function drawCar(seed: number, pointW: number): { car: CarOptions; seed: number } {
  const part = drawWhole(seed, 90, 100);
  const seconds = drawWhole(part.seed, 15, 45);
  const ready = drawWhole(seconds.seed, 300, 900);
  const stop = drawWhole(ready.seed, 100, 1500);
  const follow = drawWhole(stop.seed, 100, 600);
  const stubborn = draw(follow.seed);
  const maxW = Math.round((pointW * part.value) / 100);
  const car: CarOptions = {
    needWh: needWhFor(maxW, seconds.value),
    maxW,
    readyMs: ready.value,
    stopMs: stubborn.value < 0.05 ? 4000 : stop.value,
    followMs: follow.value,
  };
  return { car, seed: stubborn.seed };
}

/** The need that takes about `seconds`, the slower end of the charge included. */
export function needWhFor(maxW: number, seconds: number): number {
  const lastFifthIsSlower = 1.38;
  return Math.max(1, Math.round((maxW * seconds) / 3600 / lastFifthIsSlower));
}
