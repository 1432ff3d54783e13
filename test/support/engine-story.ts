// Tells a story to the engine's rules: inputs at given times, and what came of them in order.
import type { ChargerReading } from "../../device-agent/charger/port.ts";
import { decide, type Input } from "../../device-agent/engine/rules.ts";
import { type Config, type Durable, initialState, type State } from "../../device-agent/engine/state.ts";
import type { Effect } from "../../device-agent/engine/turn.ts";
import type { NewEvent } from "../../device-agent/journal/port.ts";
import type { Command, Stamp, StartSupply, StopSupply } from "../../wire/messages/index.ts";

export const cp = "CP-001";
export const sidOf = (n: number) => `S-${cp}-${n.toString(16).padStart(16, "0")}`;

export const config: Config = {
  cp,
  maxAmps: 32,
  rebootPolicy: "close",
  idleLimitS: 60,
  sampleFlushS: 60,
  agentVersion: "test",
  minFreeBytes: 1_000,
};

export const start = (n: number, fence = n, more: Partial<StartSupply> = {}): StartSupply => ({
  kind: "command",
  v: 1,
  cp,
  cmdId: `start-${n}`,
  op: "start-supply",
  sid: sidOf(n),
  driver: "driver-alice",
  fence,
  tariff: { version: 1, priceE5PerKwh: 30_000, currency: "EUR" },
  plugInTimeoutS: 120,
  echo: { boot: "boot-1", mono: 0 },
  ttlMs: 3_600_000,
  issuedAt: 0,
  ...more,
});

export const stop = (n: number, id = `stop-${n}`): StopSupply => ({
  kind: "command",
  v: 1,
  cp,
  cmdId: id,
  op: "stop-supply",
  sid: sidOf(n),
  fence: n,
  reason: "Remote",
  echo: null,
  ttlMs: 0,
  issuedAt: 0,
});

export class Story {
  state: State;
  mono = 1_000;
  boot = "boot-1";
  effects: Effect[] = [];
  events: NewEvent[] = [];
  sessionWs = 0;
  lifetimeWh = 100;
  /** What the driver multiplies both counters by. */
  ctRatio = 1;

  constructor(durable: Durable | null = null, more: Partial<Config> = {}) {
    this.state = initialState({ ...config, ...more }, durable);
    this.input({ is: "start" });
  }

  get at(): Stamp {
    return { boot: this.boot, mono: this.mono, wall: 1_790_000_000_000 + this.mono, synced: true };
  }

  input(input: Input): this {
    const { state, effects } = decide(this.state, input, this.at);
    this.state = state;
    this.effects = effects;
    for (const effect of effects) if (effect.do === "persist") this.events.push(...effect.events);
    return this;
  }

  wait(seconds: number): this {
    this.mono += seconds * 1000;
    return this;
  }

  command(command: Command, freeBytes = 1e9): this {
    return this.input({ is: "command", command, freeBytes });
  }

  welcome(fenceFloor = 0): this {
    const welcome = { kind: "welcome", v: 1, cp, journal: "00000000", epoch: 1, fenceFloor } as const;
    return this.input({ is: "welcome", welcome, journal: "00000000", epoch: 1 });
  }

  /** One second later the charger reads like this; `grow` watt-seconds flowed meanwhile. */
  reads(reading: Partial<ChargerReading>, grow = 0): this {
    this.wait(1);
    this.sessionWs += grow;
    return this.input({
      is: "charger",
      event: {
        is: "reading",
        reading: {
          mono: this.mono,
          relayClosed: false,
          plugged: false,
          carReady: false,
          state: "sleeping",
          fault: null,
          sessionWs: this.sessionWs,
          lifetimeWh: this.lifetimeWh,
          powerW: grow,
          ...reading,
        },
      },
    });
  }

  identity(serial: string | null = "ABC"): this {
    return this.input({
      is: "charger",
      event: { is: "identity", firmware: "8.2.3", serial, maxAmps: 80, ctRatio: this.ctRatio },
    });
  }

  /** Welcomed, charger read once, nobody there. */
  ready(): this {
    return this.identity().reads({}).welcome();
  }

  charging(n = 1, grow = 0): this {
    return this.command(start(n)).reads(
      { plugged: true, relayClosed: true, state: "charging", carReady: true },
      grow,
    );
  }

  on(grow = 3600): this {
    return this.reads({ plugged: true, relayClosed: true, state: "charging", carReady: true }, grow);
  }

  off(grow = 0): this {
    return this.reads({ plugged: true, relayClosed: false }, grow);
  }

  /** What the effects were, in their order. */
  get did(): string[] {
    return this.effects
      .filter((effect) => effect.do !== "log")
      .map((effect) =>
        effect.do === "supply"
          ? effect.supply.on
            ? "on"
            : "off"
          : effect.do === "persist"
            ? `persist ${effect.events.map((event) => event.type).join(" ")}`.trim()
            : effect.do,
      );
  }

  last(type: string): Record<string, unknown> | undefined {
    return this.events.findLast((event) => event.type === type)?.body;
  }

  count(type: string): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** The process dies and starts again on what was durable. */
  crash(more: Partial<Config> = {}): Story {
    const again = new Story(JSON.parse(JSON.stringify(this.state.durable)), more);
    again.mono = this.mono;
    again.boot = this.boot;
    again.sessionWs = this.sessionWs;
    again.lifetimeWh = this.lifetimeWh;
    again.ctRatio = this.ctRatio;
    return again;
  }
}
