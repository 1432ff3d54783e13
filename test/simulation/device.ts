// One charge point's hardware: charger, disk, and the engine and monitor processes on it, each of which can die.
import { type Engine, runEngine } from "../../device-agent/engine/run.ts";
import type { Config } from "../../device-agent/engine/state.ts";
import type { NewEvent } from "../../device-agent/journal/port.ts";
import { JournalBroken } from "../../device-agent/journal/port.ts";
import { mqttTopics, type Registration } from "../../wire/messages/index.ts";
import type { Clock } from "../../wire/process/clock.ts";
import { endWithinMs } from "../../wire/process/lifetime.ts";
import type { Log } from "../../wire/process/log.ts";
import type { Timers } from "../../wire/process/timers.ts";
import { type ChargerBugs, SimCharger, SimDriver } from "./charger.ts";
import { newDisk, type SimDisk, SimJournal } from "./journal.ts";
import { SimMonitor } from "./monitor.ts";
import { type SimBroker, SimClient } from "./mqtt.ts";
import type { World } from "./world.ts";

/** Thrown inside a process to kill it there and then. */
export class SimCrash extends Error {}

export interface DeviceBugs extends ChargerBugs {
  noFsync: boolean;
  noEpoch: boolean;
  /** The broker's word counts as Kafka's. */
  trustPuback: boolean;
  alterState: ((state: unknown, events: readonly NewEvent[]) => unknown) | null;
  /** Answers leave before they are durable. */
  tellBeforeDisk: boolean;
  /** Commands are changed before the engine sees them. */
  alterCommand: ((message: Record<string, unknown>) => Record<string, unknown>) | null;
}

export interface Chances {
  /** Crash of the engine at one commit or serial step. */
  crash: number;
}

/** What the checker wants to know about a device. */
export interface Written {
  cp: string;
  atMs: number;
  payload: string;
}

export class SimDevice {
  readonly cp: string;
  readonly box: SimCharger;
  readonly chances: Chances = { crash: 0 };
  readonly written: Written[] = [];
  /** Relay closings that no durable intent allowed. */
  readonly unlawful: string[] = [];
  readonly monitor: SimMonitor;
  /** Journals that were lost with their disk. */
  readonly lostJournals = new Set<string>();
  /** Other machines that ran with a copy of this one's disk. */
  readonly copies: SimDevice[] = [];
  off = false;
  disk: SimDisk;
  engine: Engine | null = null;
  boot: string;
  /** World time at which the present boot's monotonic clock was zero. */
  bootedAtMs: number;
  /** How wrong the wall clock is. */
  wallSkewMs = 0;
  crashes = 0;
  ticks = 0;
  readonly #world: World;
  readonly #broker: SimBroker;
  readonly #config: Config;
  readonly #bugs: DeviceBugs;
  readonly #registration: Registration;
  readonly #partitions: number;
  #generation = 0;
  #client: SimClient | null = null;
  #driver: SimDriver | null = null;

  constructor(
    world: World,
    broker: SimBroker,
    config: Config,
    registration: Registration,
    bugs: DeviceBugs,
    partitions: number,
    copyOf: SimDevice | null = null,
  ) {
    this.#world = world;
    this.#broker = broker;
    this.#config = config;
    this.#bugs = bugs;
    this.#registration = registration;
    this.#partitions = partitions;
    this.cp = config.cp;
    this.boot = world.hex(12);
    this.bootedAtMs = world.nowMs - world.between(10_000, 9_000_000);
    this.disk = copyOf ? structuredClone(copyOf.disk) : newDisk(`${world.hex(8)}-${world.hex(4)}`);
    this.box = new SimCharger(world, world.hex(8), world.pick([7_200, 22_000, 50_000, 150_000]));
    this.box.onRelay = (closed) => {
      world.say(this.cp, `relay ${closed ? "closed" : "open"} at ${this.box.trueWs} Ws`);
      if (closed && this.box.enabledBy === "engine" && this.#durableSid() === null)
        this.unlawful.push(`${this.cp}: relay closed at ${world.nowMs} ms without a durable intent`);
    };
    this.monitor = new SimMonitor(world, broker, this, registration, partitions, copyOf?.monitor ?? null);
    this.startEngine();
  }

  #durableSid(): string | null {
    if (this.disk.state === null) return null;
    const state = JSON.parse(this.disk.state) as {
      session: { sid: string } | null;
      orphanFromWh: number | null;
    };
    return state.session?.sid ?? (state.orphanFromWh === null ? null : "orphan");
  }

  get mono(): number {
    return Math.floor(this.#world.nowMs - this.bootedAtMs);
  }

  clock(): Clock {
    const wallMs = () => 1_790_000_000_000 + this.#world.nowMs + this.wallSkewMs;
    return {
      monoMs: () => this.mono,
      wallMs,
      stamp: () => ({ boot: this.boot, mono: this.mono, wall: wallMs(), synced: this.wallSkewMs === 0 }),
    };
  }

  /** Timers that die with their process. Slow beats are stretched: an idle second changes nothing. */
  timers(alive: () => boolean): Timers {
    const world = this.#world;
    const run = (work: () => void) => {
      if (alive()) this.inside(work);
    };
    return {
      after: (ms, work) => {
        const item = world.after(ms, () => run(work));
        return () => world.cancel(item);
      },
      every: (ms, work) => {
        let item = world.after(0, () => {});
        const again = () => {
          item = world.after(ms * 20, () => {
            if (!alive()) return;
            this.ticks += 1;
            run(work);
            if (alive()) again();
          });
        };
        again();
        return () => world.cancel(item);
      },
    };
  }

  /** Runs work inside the engine process; a crash in there kills it and only it. */
  readonly inside = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof SimCrash) && !(error instanceof JournalBroken)) throw error;
      this.killEngine();
      this.#world.after(this.#world.between(500, 60_000), () => this.startEngine());
    }
  };

  readonly #crashPoint = (): void => {
    if (!this.#world.chance(this.chances.crash)) return;
    this.#world.say(this.cp, "engine crashes at a commit or serial step");
    throw new SimCrash();
  };

  startEngine(): void {
    if (this.engine || this.off) return;
    this.#generation += 1;
    const generation = this.#generation;
    const alive = () => generation === this.#generation;
    const world = this.#world;
    const bugs = this.#bugs;
    this.inside(() => {
      const journal = new SimJournal(
        this.cp,
        this.disk,
        this.#crashPoint,
        { noFsync: bugs.noFsync, noEpoch: bugs.noEpoch, alter: bugs.alterState },
        (payload) => this.written.push({ cp: this.cp, atMs: world.nowMs, payload }),
      );
      const driver = new SimDriver(
        world,
        this.box,
        () => ({ boot: this.boot, mono: this.mono }),
        this.inside,
        bugs,
      );
      const want = driver.want.bind(driver);
      driver.want = (supply) => {
        this.#crashPoint();
        want(supply);
      };
      this.#driver = driver;
      const topics = [mqttTopics.commands(this.cp), mqttTopics.acks(this.cp)];
      const client = new SimClient(
        world,
        this.#broker,
        `${this.cp}-engine`,
        topics,
        {
          up: () => this.engine?.linkUp(true),
          down: () => this.engine?.linkUp(false),
          message: (topic, payload) => {
            if (topic === topics[1]) return this.engine?.onAckBytes(Buffer.from(payload));
            if (!bugs.alterCommand) return this.engine?.onCommandBytes(Buffer.from(payload));
            const altered = bugs.alterCommand(JSON.parse(payload) as Record<string, unknown>);
            this.engine?.onCommandBytes(Buffer.from(JSON.stringify(altered)));
          },
        },
        (work) => {
          if (alive()) this.inside(work);
        },
      );
      this.#client = client;
      if (bugs.tellBeforeDisk) {
        const commit = journal.commit.bind(journal);
        journal.commit = (state, events, urgent) => {
          for (const event of events)
            if (event.type === "answer")
              client.publish(
                mqttTopics.engineEvents(this.cp),
                JSON.stringify({
                  v: 1,
                  cp: this.cp,
                  src: "engine",
                  journal: journal.id,
                  epoch: journal.epoch,
                  seq: 1_000_000 + world.between(0, 1_000_000),
                  prev: 999_999_999,
                  type: "answer",
                  at: event.at,
                  body: event.body,
                }),
              );
          if (events.some((event) => event.type === "answer") && world.chance(this.chances.crash * 20))
            throw new SimCrash();
          commit(state, events, urgent);
        };
      }
      this.engine = runEngine({
        config: this.#config,
        journal,
        charger: driver,
        clock: this.clock(),
        timers: this.timers(alive),
        random: world.random,
        log: this.#log(),
        publish: (payload) => {
          const taken = client.publish(mqttTopics.engineEvents(this.cp), payload);
          if (!taken || !bugs.trustPuback) return;
          const { epoch, seq } = JSON.parse(payload) as { epoch: number; seq: number };
          world.after(2, () => {
            const ack = { kind: "ack", src: "engine", journal: journal.id, epoch, ranges: [[seq, seq]] };
            if (alive()) this.inside(() => this.engine?.onAckBytes(Buffer.from(JSON.stringify(ack))));
          });
        },
        onExit: () => this.killEngine(),
      });
    });
  }

  #log(): Log {
    const world = this.#world;
    const say = (what: string) => world.say(this.cp, what);
    return { debug() {}, info: say, warn: say, error: say };
  }

  killEngine(): void {
    this.#generation += 1;
    this.crashes += 1;
    this.engine = null;
    this.#driver?.stop();
    this.#client?.kill();
    this.#client = null;
    this.#world.say(this.cp, "engine is dead");
  }

  get client(): SimClient | null {
    return this.#client;
  }

  /** Both processes die and the monotonic clock starts anew. */
  reboot(offMs: number): void {
    this.killEngine();
    this.monitor.kill();
    this.#world.after(offMs, () => {
      // Whoever was to be started meanwhile had no machine to run on: no process lives through a boot.
      this.killEngine();
      this.monitor.kill();
      this.boot = this.#world.hex(12);
      this.bootedAtMs = this.#world.nowMs;
      this.startEngine();
      this.monitor.start();
    });
  }

  /** A new disk in place of the old one: what the old one knew is gone. */
  replaceDisk(): void {
    this.lostJournals.add(this.disk.id);
    // What the charger is enabled for now, no journal knows any more: until the new engine looks, it may close.
    this.box.enabledBy = "firmware";
    this.killEngine();
    this.disk = newDisk(`${this.#world.hex(8)}-${this.#world.hex(4)}`);
    this.#world.after(5_000, () => this.startEngine());
  }

  /** For good. */
  switchOff(): void {
    this.off = true;
    this.killEngine();
    this.monitor.kill();
  }

  /** Another machine, with a charger of its own, starts from a copy of this one's disk. */
  copy(): SimDevice {
    const copy = new SimDevice(
      this.#world,
      this.#broker,
      this.#config,
      this.#registration,
      this.#bugs,
      this.#partitions,
      this,
    );
    this.copies.push(copy);
    return copy;
  }

  powerCycle(offMs: number): void {
    this.box.powerCycle(offMs);
  }

  /** Clean SIGTERM: the session ends first. One that cannot end in time ends all the same, as the process does. */
  terminate(): void {
    const generation = this.#generation;
    this.inside(() => this.engine?.terminate());
    this.#world.after(endWithinMs, () => {
      if (this.engine && generation === this.#generation) this.killEngine();
    });
  }
}
