// The engine's rules on a charger, a car and a disk that obey no timetable: every effect is carried out one by one,
// the process may die between any two of them, and each invariant is looked at where it could break.
import type { ChargerEvent, Supply } from "../../device-agent/charger/port.ts";
import { registerWh } from "../../device-agent/charger/register.rules.ts";
import { type Hands, perform } from "../../device-agent/engine/perform.ts";
import { decide, type Input } from "../../device-agent/engine/rules.ts";
import { Durable, initialState, type State } from "../../device-agent/engine/state.ts";
import type { Effect } from "../../device-agent/engine/turn.ts";
import { JournalFull, type NewEvent } from "../../device-agent/journal/port.ts";
import type { Answer, Command, Stamp } from "../../wire/messages/index.ts";
import { config, cp } from "../support/engine-story.ts";

/** The process dies after so many more effects. */
class Died extends Error {}

/** The charger and its car: they live on while engines come and go. */
class Box {
  plugged = false;
  relay = false;
  enabled = false;
  fault = false;
  needWs = 0;
  powerW = 3_600;
  sessionWs = 0;
  lifetimeWh = 0;
  trueWs = 0;

  settle(): void {
    this.relay = this.enabled && this.plugged && this.needWs > 0 && !this.fault;
  }

  unplug(): void {
    if (this.plugged) this.lifetimeWh += Math.floor(this.sessionWs / 3600);
    this.plugged = false;
    this.settle();
  }

  plug(ws: number): void {
    if (this.plugged) return;
    this.plugged = true;
    this.sessionWs = 0;
    this.needWs = ws;
  }

  /** The car seems to have left and come back. */
  glitch(): void {
    if (this.plugged) this.lifetimeWh += Math.floor(this.sessionWs / 3600);
    this.sessionWs = 0;
  }

  pass(seconds: number): void {
    if (!this.relay) return;
    const ws = Math.min(this.needWs, this.powerW * seconds);
    this.needWs -= ws;
    this.sessionWs += ws;
    this.trueWs += ws;
  }
}

export class EngineWorld {
  readonly box = new Box();
  readonly wrong: string[] = [];
  /** Durable events, oldest first. */
  readonly events: NewEvent[] = [];
  readonly commands: Command[] = [];
  mono = 1_000;
  boot = "boot-1";
  /** Central's count of claims. */
  fence = 0;
  effectsLeft = Number.POSITIVE_INFINITY;
  diskFull = false;
  readonly #policy: "close" | "resume";
  #disk: string | null = null;
  #state: State | null = null;
  #wish: Supply | null = null;
  /** The permit under which the relay was closed once. */
  #closedUnder: string | null = null;
  #lineUp = true;

  constructor(policy: "close" | "resume") {
    this.#policy = policy;
    this.start();
  }

  get durable(): Durable | null {
    return this.#disk === null ? null : Durable.parse(JSON.parse(this.#disk));
  }

  get alive(): boolean {
    return this.#state !== null;
  }

  #at(): Stamp {
    return { boot: this.boot, mono: this.mono, wall: 1_790_000_000_000 + this.mono, synced: true };
  }

  start(): void {
    if (this.#state) return;
    this.#wish = null;
    this.#closedUnder = null;
    this.#state = initialState({ ...config, rebootPolicy: this.#policy }, this.durable);
    this.input({ is: "start" });
    this.#say({ is: "identity", firmware: "8.2.3", serial: "ABC", maxAmps: 80 });
  }

  kill(): void {
    this.#state = null;
  }

  reboot(): void {
    this.kill();
    this.boot = `${this.boot}+`;
    this.mono = 1_000;
  }

  command(command: Command, freeBytes = 1e9): void {
    this.commands.push(command);
    this.input({ is: "command", command, freeBytes });
  }

  welcome(fenceFloor: number): void {
    const welcome = { kind: "welcome", v: 1, cp, journal: "00000000", epoch: 1, fenceFloor } as const;
    this.input({ is: "welcome", welcome, journal: "00000000", epoch: 1 });
  }

  line(up: boolean): void {
    if (up === this.#lineUp) return;
    this.#lineUp = up;
    if (up) this.#say({ is: "identity", firmware: "8.2.3", serial: "ABC", maxAmps: 80 });
    else this.#say({ is: "unreachable", mono: this.mono, reason: "no answer" });
  }

  /** The charger loses its mains: its counter starts anew, and the firmware lets current flow by itself. */
  powerCycle(): void {
    this.box.enabled = true;
    this.box.sessionWs = 0;
    this.box.settle();
    this.#say({ is: "booted", mono: this.mono, selfTest: "00" });
  }

  /** Time passes; the charger pursues the wish where the line allows it (or only afterwards), and is read once. */
  pass(seconds: number, late = false): void {
    if (!late) this.#pursue();
    this.box.settle();
    this.box.pass(seconds);
    this.mono += seconds * 1_000;
    this.box.settle();
    if (this.box.relay && this.#wish?.on) this.#closedUnder = this.#wish.permit;
    if (this.#lineUp) this.#say({ is: "reading", reading: this.#reading() });
    if (late) this.#pursue();
  }

  #pursue(): void {
    const wish = this.#wish;
    if (!wish || !this.#lineUp || this.box.enabled === wish.on || !this.#state) return;
    if (wish.on && this.#closedUnder !== wish.permit && this.#isLate(wish)) {
      this.#wish = { on: false };
      return this.#say({ is: "permit-expired", permit: wish.permit });
    }
    this.box.enabled = wish.on;
  }

  #isLate(wish: Extract<Supply, { on: true }>): boolean {
    return wish.notAfterMono !== null && this.mono > wish.notAfterMono;
  }

  #reading() {
    const { box } = this;
    return {
      mono: this.mono,
      relayClosed: box.relay,
      plugged: box.plugged,
      carReady: box.plugged && box.needWs > 0,
      state: box.relay ? ("charging" as const) : ("sleeping" as const),
      fault: box.fault ? ("ground-fault" as const) : null,
      sessionWs: box.sessionWs,
      lifetimeWh: box.lifetimeWh,
      powerW: box.relay ? box.powerW : 0,
    };
  }

  #say(event: ChargerEvent): void {
    this.input({ is: "charger", event });
  }

  input(input: Input): void {
    if (!this.#state) return;
    const { state, effects } = decide(this.#state, input, this.#at());
    this.#checkOrder(effects);
    try {
      perform(effects, this.#hands);
      if (this.#state) this.#state = state;
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      this.effectsLeft = Number.POSITIVE_INFINITY;
      this.kill();
    }
  }

  /** Each touch of the world may be the last. */
  #step(): void {
    if (this.effectsLeft <= 0) throw new Died();
    this.effectsLeft -= 1;
  }

  readonly #hands: Hands = {
    supply: (supply) => {
      this.#step();
      if (supply.on) this.#checkIntent(supply.permit);
      this.#wish = supply;
    },
    persist: (durable, events, urgent) => {
      this.#step();
      if (this.diskFull && !urgent) throw new JournalFull("full");
      this.#disk = JSON.stringify(durable);
      for (const event of events) this.#keep(event);
      if (this.#wish?.on && !isSupplied(durable)) this.wrong.push("an end is durable before the off");
    },
    log() {},
    exit: () => {
      this.#step();
      this.kill();
    },
  };

  /** Power falls before the disk is asked, and rises only after. */
  #checkOrder(effects: readonly Effect[]): void {
    const kinds = effects.map((effect) =>
      effect.do === "supply" ? (effect.supply.on ? "on" : "off") : effect.do,
    );
    const persist = kinds.indexOf("persist");
    if (persist >= 0 && kinds.lastIndexOf("off") > persist) this.wrong.push(`off after persist: ${kinds}`);
    if (kinds.includes("on") && !(persist >= 0 && persist < kinds.indexOf("on")))
      this.wrong.push(`on before persist: ${kinds}`);
    if (kinds.includes("on") && kinds.includes("off")) this.wrong.push(`on and off in one turn: ${kinds}`);
  }

  #checkIntent(permit: string): void {
    const session = this.durable?.session;
    if (session?.cmdId !== permit || session.phase === "ending")
      this.wrong.push(`on under ${permit} without a durable intent`);
  }

  readonly #answers = new Map<string, string>();
  #open: string | null = null;
  #highest = -1;
  readonly #stoppedUnheard = new Set<string>();
  readonly #closed = new Set<string>();

  #keep(event: NewEvent): void {
    this.events.push(event);
    const sid = String(event.body.sid);
    if (event.type === "answer") this.#checkAnswer(event.body as unknown as Answer);
    if (event.type === "session.started" && this.#open !== sid) this.wrong.push(`${sid} started unasked`);
    if (!["session.ended", "session.aborted", "session.review"].includes(event.type)) return;
    if (this.#open !== sid) this.wrong.push(`${sid} closes while ${this.#open} is open`);
    if (this.#closed.has(sid)) this.wrong.push(`${sid} closes twice`);
    this.#closed.add(sid);
    this.#open = null;
  }

  #checkAnswer(answer: Answer): void {
    const text = JSON.stringify(answer);
    const known = this.#answers.get(answer.cmdId);
    if (known !== undefined && known !== text)
      this.wrong.push(`${answer.cmdId} answered ${known}, then ${text}`);
    this.#answers.set(answer.cmdId, text);
    if (known !== undefined) return;
    const sid = answer.sid ?? "";
    if (answer.op === "stop-supply" && answer.found === "none") this.#stoppedUnheard.add(sid);
    if (answer.op !== "start-supply" || answer.result !== "applied") return;
    if (this.#open) this.wrong.push(`${sid} begins while ${this.#open} is open`);
    if (this.#stoppedUnheard.has(sid)) this.wrong.push(`${sid} begins after its durable stop`);
    // Central gives a fence out once.
    if (answer.fence <= this.#highest)
      this.wrong.push(`${sid} begins under ${answer.fence} after ${this.#highest}`);
    this.#highest = answer.fence;
    this.#open = sid;
  }

  /** Everything whole again, the car gone, time enough: nothing may stay open. */
  heal(): void {
    this.effectsLeft = Number.POSITIVE_INFINITY;
    this.box.fault = false;
    this.start();
    this.line(true);
    this.pass(1);
    this.box.unplug();
    for (const seconds of [1, 200, 1, 1, 1, 1]) {
      // One that was told to end did so meanwhile.
      this.start();
      this.pass(seconds);
    }
    const { durable } = this;
    if (durable?.session)
      this.wrong.push(`${durable.session.sid} is never closed (${durable.session.phase})`);
    if (durable && durable.orphanFromWh !== null) this.wrong.push("an orphan is never told");
    if (durable?.finishing) this.wrong.push(`${durable.finishing} is finishing for ever`);
    if (this.box.relay) this.wrong.push("the relay stays closed");
    this.#checkEnergy();
  }

  /** What is ended, reviewed or orphaned is one unbroken line from zero to the register. */
  #checkEnergy(): void {
    let reached = 0;
    for (const { type, body } of this.events) {
      const orphan = type === "orphan";
      if (!orphan && type !== "session.ended" && type !== "session.review") continue;
      const from = Number(orphan ? body.registerFromWh : body.registerStartWh);
      const to = Number(orphan ? body.registerToWh : body.registerEndWh);
      if (from !== reached || to < from)
        this.wrong.push(`${type} ${body.sid ?? ""}: ${from}–${to} Wh after ${reached} Wh`);
      reached = to;
    }
    const state = this.#state?.durable;
    if (!state) return;
    if (reached !== registerWh(state.register))
      this.wrong.push(`told ${reached} Wh, the register grew ${registerWh(state.register)} Wh`);
    if (state.register.registerWs > this.box.trueWs)
      this.wrong.push(`the register says ${state.register.registerWs} Ws, ${this.box.trueWs} Ws flowed`);
  }
}

function isSupplied({ session }: Durable): boolean {
  return session !== null && session.phase !== "ending";
}
