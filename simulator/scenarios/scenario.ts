// What a scenario is, and what it may do on stage. A scenario file reads like its story; `_blueprint.ts` shows how to
// write one.
//
// 1. Every expectation has a bound and is measured from the last thing that was done, unless it says since when.
// 2. A late expectation fails and the story goes on; one that never comes fails and ends the story.
// 3. What a story did to the fleet is undone at its end, and every session in it must be billed exactly once.
import type { CpReading } from "../cli/fleet-view.rules.ts";
import type { ServiceReport } from "../fleet/control-messages.ts";
import { serviceNames } from "../fleet/names.ts";
import type { Bill } from "./bill.ts";
import type { Doors } from "./public-doors.ts";
import type { Moment } from "./record.ts";
import type { Bound } from "./verdicts.rules.ts";

/** The names of a charge point's services. */
export const serviceOf = serviceNames;

export interface Scenario {
  /** As typed: `ev scenario peak-load`. */
  name: string;
  /** One line for the list and the report. */
  title: string;
  play(stage: Stage): Promise<void>;
}

export interface Within extends Bound {
  /** Measured from here instead of from the last thing that was done. */
  since?: Moment;
  /** Its time is a sample of this figure. */
  figure?: string;
}

/** Looks once; undefined or false: not yet. */
export type LookOnce<T> = () => T | undefined | false | Promise<T | undefined | false>;

/** A session of the story: a driver, a car plugged in by hand, a charge point. */
export interface Charging {
  sid: string;
  cp: string;
  driver: string;
}

export interface NewCp {
  cp: string;
  powerKw: number;
  price: number;
}

export interface NewDriver {
  driver: string;
  /** Before the fleet's port offset; another free one is taken when it is in use. */
  port: number;
}

export interface ChargeWish {
  /** A driver of the fleet, whose phone asks; without, a guest who needs no phone. */
  driver?: string;
  /** How long the car takes at full power until its battery is full; 180 s without. */
  carS?: number;
}

export interface Stage extends Acts, Expectations {
  /** For what no verb here says. */
  doors: Doors;
  /** How long a soak is to last. */
  forMs: number;
  /** How many samples of each measured figure are wanted. */
  rounds: number;
  say(text: string): void;
  /** Waits until `look` sees it. */
  expect<T>(what: string, within: Within, look: LookOnce<T>, note?: (seen: T) => string): Promise<T>;
  /** Judges what is known already. */
  check(what: string, ok: boolean, note?: string): void;
  now(): Moment;
  /** Lets up to a second pass, so that samples fall anywhere into the rhythm of probes and reports. */
  anyMoment(): Promise<void>;
  /** The first of these names that the fleet does not have: `CP-011` or the next number, `driver-frank` or `…-2`. */
  free(...wanted: string[]): string[];
  /** As seen a moment ago. */
  cps(): readonly CpReading[];
  services(): readonly ServiceReport[];
}

/** How a line is bad: `cut` loses every byte, `half-open` the answers, `delay` and `loss` some of the time. */
export interface BadLine {
  how: "cut" | "half-open" | "delay" | "loss";
  ms?: number;
  percent?: number;
}

/** What is done to services; each is marked in the picture and answers with its moment. */
export interface Acts {
  kill(...services: string[]): Promise<Moment>;
  stop(...services: string[]): Promise<Moment>;
  start(...services: string[]): Promise<Moment>;
  /** SIGSTOP and SIGCONT. */
  pause(...services: string[]): Promise<Moment>;
  unpause(...services: string[]): Promise<Moment>;
  disconnect(line: BadLine, ...services: string[]): Promise<Moment>;
  connect(...services: string[]): Promise<Moment>;
  /** Adds charge points and drivers as `ev add-cp` and `ev add-driver` do; they go at the end of the story. */
  add(members: { cps?: NewCp[]; drivers?: NewDriver[] }): Promise<Moment>;
  /** The mains of a charger: its box is dead without. */
  mains(cp: string, on: boolean): Promise<Moment>;
  /** Marks something else that the story does, then does it. */
  act(text: string, names: string[], work: () => Promise<unknown>): Promise<Moment>;
  /** Asks for a charge, plugs a car in and waits until energy flows. Waits for its turn where others charge. */
  charge(cp: string, wish?: ChargeWish): Promise<Charging>;
  /** The same at two points at once. */
  chargeBoth(one: string, other: string): Promise<[Charging, Charging]>;
  /** The car leaves. */
  unplug(session: Charging): Promise<void>;
}

export interface Expectations {
  /** GET /cp shows the charge point so. */
  shows(cp: string, state: CpReading["state"], within: Within): Promise<void>;
  /** The service writes this line, to the letter after its time and level. */
  logs(service: string, line: string | RegExp, within: Within): Promise<void>;
  /** The charger's own meter goes on counting; within 5 s from now, unless said. */
  flows(session: Charging, within?: Within): Promise<void>;
  /** A new driver is refused there, with a reason. */
  refuses(cp: string): Promise<void>;
  /** The driver's inbox holds a message with this text. */
  told(driver: string, text: string, within: Within): Promise<void>;
  /**
   * One bill, energy × price, and the energy is what the charger's own meter counted. `unreadS`: what flowed so long
   * before a box lost its memory may be missing, in the driver's favour.
   */
  billed(session: Charging, within: Within & { unreadS?: number }): Promise<Bill>;
  /** Everybody but these stayed On, and no other service ended or began. */
  othersUntouched(...names: string[]): void;
  /** On, by news of its monitor that came this long after the last act. */
  heard(cp: string, laterS: number, within: Within): Promise<void>;
  /** Every charge point is On by news that came after the last act, and nothing is stale. */
  whole(within: Within): Promise<void>;
}
