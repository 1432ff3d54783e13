// A charger with its car behind the engine's charger port: the truth about relay and energy, a serial line that
// loses and delays, boots of its own, a session counter that falls. What it cannot be is kinder than the hardware.
import type { Charger, ChargerEvent, ChargerFault, Supply } from "../../device-agent/charger/port.ts";
import type { Scheduled, World } from "./world.ts";

/** One interval during which energy flowed, as it really was. */
export interface Energised {
  fromMs: number;
  toMs: number | null;
  fromWs: number;
  toWs: number;
}

/** One stay of one car. */
export interface PlugIn {
  fromMs: number;
  toMs: number | null;
  fromWs: number;
  toWs: number;
  /** The lifetime counter moved when it left. */
  traced: boolean;
}

/** An engine's order that let the relay close for the first time under its permit. */
export interface Enabling {
  permit: string;
  boot: string;
  mono: number;
}

export interface ChargerTroubles {
  /** Chance that one serial exchange fails; it is tried again after the driver's time-out. */
  serialLoss: number;
}

export interface ChargerBugs {
  /** The permit's expiry is looked at when the wish is taken, not at each attempt. */
  expiryCheckedOnce: boolean;
  /** The charger's lifetime counter is not looked at. */
  lifetimeIgnored: boolean;
}

const serialTimeoutMs = 2_500;
const closeDelayMs = 2_300;

/** The hardware: it lives on while engines come and go. */
export class SimCharger {
  readonly serial: string;
  readonly energised: Energised[] = [];
  readonly enablings: Enabling[] = [];
  readonly troubles: ChargerTroubles = { serialLoss: 0 };
  relay = false;
  plugged = false;
  /** Watt-seconds the car still wants. */
  needWs = 0;
  powerW: number;
  /** Enabled: closes the relay for a car that asks. */
  enabled = false;
  /** Who enabled it last: after a boot the firmware does so by itself. */
  enabledBy: "engine" | "firmware" = "engine";
  mains = true;
  fault: ChargerFault | null = null;
  sessionWs = 0;
  lifetimeWs = 0;
  trueWs = 0;
  /** World times at which a car left. */
  readonly unplugs: number[] = [];
  readonly plugIns: PlugIn[] = [];
  /** What resets may have hidden from whoever reads the session counter. */
  hiddenWs = 0;
  reachableAtMs = 0;
  onRelay: (closed: boolean) => void = () => {};
  onChange: (what: "relay" | "plug" | "boot" | "fault") => void = () => {};
  readonly #world: World;
  #metered = 0;
  #closing: Scheduled | undefined;
  #full: Scheduled | undefined;

  constructor(world: World, serial: string, powerW: number) {
    this.#world = world;
    this.serial = serial;
    this.powerW = powerW;
  }

  /** Brings counters up to now. */
  meter(): void {
    const now = this.#world.nowMs;
    if (this.relay) {
      const ws = Math.floor((this.powerW * (now - this.#metered)) / 1000);
      if (ws <= 0) return;
      this.sessionWs += ws;
      this.trueWs += ws;
      this.needWs -= ws;
      const interval = this.energised.at(-1);
      if (interval) interval.toWs = this.trueWs;
    }
    this.#metered = now;
  }

  #setRelay(closed: boolean): void {
    if (this.relay === closed) return;
    this.meter();
    this.relay = closed;
    this.#metered = this.#world.nowMs;
    this.#world.cancel(this.#full);
    if (closed) {
      this.energised.push({ fromMs: this.#world.nowMs, toMs: null, fromWs: this.trueWs, toWs: this.trueWs });
      this.#full = this.#world.after((this.needWs / this.powerW) * 1000 + 50, () => {
        this.meter();
        this.refresh();
      });
    } else {
      const interval = this.energised.at(-1);
      if (interval) interval.toMs = this.#world.nowMs;
    }
    this.onRelay(closed);
    this.onChange("relay");
  }

  /** Closes or opens the relay as enable, car, fault and mains want it. */
  refresh(): void {
    const want = this.mains && this.enabled && this.plugged && this.needWs > 0 && !this.fault;
    if (!want) {
      this.#world.cancel(this.#closing);
      this.#closing = undefined;
      this.#setRelay(false);
      return;
    }
    if (this.relay || this.#closing?.work) return;
    this.#closing = this.#world.after(closeDelayMs, () => {
      this.#closing = undefined;
      if (this.mains && this.enabled && this.plugged && this.needWs > 0 && !this.fault) this.#setRelay(true);
    });
  }

  plug(needWs: number): void {
    if (this.plugged) return;
    this.plugged = true;
    this.#resetSession();
    this.needWs = needWs;
    const { nowMs } = this.#world;
    this.plugIns.push({ fromMs: nowMs, toMs: null, fromWs: this.trueWs, toWs: this.trueWs, traced: false });
    this.refresh();
    this.onChange("plug");
  }

  unplug(): void {
    if (!this.plugged) return;
    this.plugged = false;
    this.unplugs.push(this.#world.nowMs);
    this.refresh();
    this.meter();
    const lifetimeWs = this.lifetimeWs;
    this.#addToLifetime();
    const stay = this.plugIns.at(-1);
    if (stay) {
      stay.toMs = this.#world.nowMs;
      stay.toWs = this.trueWs;
      stay.traced = this.lifetimeWs > lifetimeWs;
    }
    this.onChange("plug");
  }

  /** The lifetime counter moves when a car leaves, or seems to, in whole Wh. */
  #addToLifetime(): void {
    this.lifetimeWs += Math.floor(this.sessionWs / 3600) * 3600;
  }

  /** Mains lost and back: the session counter is gone, and the firmware starts charging by itself. */
  powerCycle(offMs: number): void {
    this.mains = false;
    this.refresh();
    this.#resetSession();
    this.reachableAtMs = this.#world.nowMs + offMs + 4_000;
    this.#world.after(offMs + 4_000, () => {
      this.mains = true;
      this.enabled = true;
      this.enabledBy = "firmware";
      this.onChange("boot");
      this.refresh();
    });
  }

  /** A pilot glitch: the car seems to have left and come back, unannounced in mid-charge. */
  glitch(): void {
    this.meter();
    if (this.plugged) this.#addToLifetime();
    this.#resetSession();
  }

  /** A look that comes when more has flowed than before does not see the reset at all. */
  #resetSession(): void {
    this.hiddenWs += this.sessionWs;
    this.sessionWs = 0;
  }

  setFault(fault: ChargerFault | null): void {
    this.fault = fault;
    this.refresh();
    this.onChange("fault");
  }
}

/** The driver's side, of one engine process: polls, pursues the wish, tells. */
export class SimDriver implements Charger {
  readonly #world: World;
  readonly #box: SimCharger;
  readonly #now: () => { boot: string; mono: number };
  readonly #inside: (work: () => void) => void;
  readonly #bugs: ChargerBugs;
  #listener: (event: ChargerEvent) => void = () => {};
  #wish: Supply | null = null;
  #closedUnder: string | null = null;
  #poll: Scheduled | undefined;
  #attempt: Scheduled | undefined;
  #known = false;
  #lost = 0;
  #hotUntilMs = 0;
  #dead = false;

  constructor(
    world: World,
    box: SimCharger,
    now: () => { boot: string; mono: number },
    inside: (work: () => void) => void,
    bugs: ChargerBugs,
  ) {
    this.#world = world;
    this.#box = box;
    this.#now = now;
    this.#inside = inside;
    this.#bugs = bugs;
  }

  start(listener: (event: ChargerEvent) => void): void {
    this.#listener = listener;
    this.#box.onChange = (what) => this.#changed(what);
    this.#pollIn(this.#world.between(100, 1_500));
  }

  want(supply: Supply): void {
    const before = this.#wish;
    this.#wish = supply;
    if (supply.on && !(before?.on && before.permit === supply.permit)) this.#closedUnder = null;
    this.#hot();
    this.#pursueIn(this.#world.between(20, 60));
  }

  readNow(): void {
    this.#hot();
    this.#pollIn(30);
  }

  async close(): Promise<void> {
    this.stop();
  }

  stop(): void {
    this.#dead = true;
    this.#world.cancel(this.#poll);
    this.#world.cancel(this.#attempt);
    if (this.#known) this.#box.onChange = () => {};
  }

  #hot(): void {
    this.#hotUntilMs = this.#world.nowMs + 8_000;
  }

  #changed(what: "relay" | "plug" | "boot" | "fault"): void {
    if (this.#dead) return;
    this.#hot();
    if (what === "boot") {
      this.#inside(() => this.#listener({ is: "booted", mono: this.#now().mono, selfTest: "00" }));
      this.#pursueIn(this.#world.between(20, 4_000));
    }
    this.#pollIn(this.#world.between(20, 120));
  }

  #pollIn(ms: number): void {
    if (this.#dead) return;
    const at = this.#world.nowMs + ms;
    if (this.#poll?.work && this.#poll.atMs <= at) return;
    this.#world.cancel(this.#poll);
    this.#poll = this.#world.after(ms, () => this.#read());
  }

  /** True when an exchange over the line came through. */
  #exchange(): boolean {
    return (
      this.#box.mains &&
      this.#world.nowMs >= this.#box.reachableAtMs &&
      !this.#world.chance(this.#box.troubles.serialLoss)
    );
  }

  #read(): void {
    if (this.#dead) return;
    if (!this.#exchange()) {
      this.#lost += 1;
      if (this.#lost === 2 && this.#known) {
        this.#known = false;
        this.#inside(() =>
          this.#listener({ is: "unreachable", mono: this.#now().mono, reason: "no answer" }),
        );
      }
      return this.#pollIn(serialTimeoutMs);
    }
    this.#lost = 0;
    const box = this.#box;
    if (!this.#known) {
      this.#known = true;
      this.#inside(() =>
        this.#listener({ is: "identity", firmware: "8.2.3", serial: box.serial, maxAmps: 80 }),
      );
      if (this.#dead) return;
      this.#pursueIn(10);
    }
    box.meter();
    if (box.relay && this.#wish?.on) this.#closedUnder = this.#wish.permit;
    const reading = {
      mono: this.#now().mono,
      relayClosed: box.relay,
      plugged: box.plugged,
      carReady: box.plugged && box.needWs > 0,
      state: box.fault
        ? ("fault" as const)
        : !box.enabled
          ? ("sleeping" as const)
          : box.relay
            ? ("charging" as const)
            : box.plugged
              ? ("connected" as const)
              : ("no-vehicle" as const),
      fault: box.fault,
      sessionWs: box.sessionWs,
      lifetimeWh: this.#bugs.lifetimeIgnored ? 0 : Math.floor(box.lifetimeWs / 3600),
      powerW: box.relay ? box.powerW : 0,
    };
    this.#inside(() => this.#listener({ is: "reading", reading }));
    if (this.#wish && !this.#wish.on && box.enabled) this.#pursueIn(50);
    const hot = this.#world.nowMs < this.#hotUntilMs;
    this.#pollIn(hot ? 1_000 : box.relay ? 10_000 : box.plugged ? 15_000 : 60_000);
  }

  #pursueIn(ms: number): void {
    if (this.#dead) return;
    this.#world.cancel(this.#attempt);
    this.#attempt = this.#world.after(ms, () => this.#pursue());
  }

  /** One serial attempt towards the wish. */
  #pursue(): void {
    const wish = this.#wish;
    if (this.#dead || !wish || this.#box.enabled === wish.on) return;
    if (wish.on && this.#closedUnder !== wish.permit && this.#isLate(wish)) {
      this.#wish = { on: false };
      this.#inside(() => this.#listener({ is: "permit-expired", permit: wish.permit }));
      return this.#pursueIn(20);
    }
    if (!this.#exchange()) return this.#pursueIn(serialTimeoutMs);
    this.#box.enabled = wish.on;
    this.#box.enabledBy = "engine";
    if (wish.on) {
      this.#checked = null;
      // A resumed session has no permit any more: its relay was closed before.
      if (wish.notAfterMono !== null || this.#closedUnder === null)
        this.#box.enablings.push({ permit: wish.permit, ...this.#now() });
    }
    this.#box.refresh();
    this.#hot();
    this.#pollIn(60);
  }

  #checked: string | null = null;

  #isLate(wish: Extract<Supply, { on: true }>): boolean {
    if (this.#bugs.expiryCheckedOnce) {
      if (this.#checked === wish.permit) return false;
      this.#checked = wish.permit;
    }
    return wish.notAfterMono !== null && this.#now().mono > wish.notAfterMono;
  }
}
