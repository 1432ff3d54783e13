// The driver's rules under virtual time, talking bytes to a peer that the test writes: no clock, no sleep.

import type { ChargerEvent, ChargerReading, Supply } from "../../../../device-agent/charger/port.ts";
import { step, wakeMono } from "../../../../device-agent/charger/rapi/driver.rules.ts";
import { type DriverInput, initialState } from "../../../../device-agent/charger/rapi/driver-state.ts";
import { checksum, emptyFramer, takeBytes } from "../../../../device-agent/charger/rapi/frames.ts";

/** What the charger's end puts on the line, some time after now. */
export interface Utterance {
  afterMs: number;
  /** Latin-1 characters as they are, carriage return included. */
  text: string;
}

export interface Peer {
  /** A command without frame, sequence id as sent (`01`…`FF`). An empty list is silence. */
  hear(command: string, sequence: string, atMs: number): Utterance[];
}

export interface Told {
  ms: number;
  event: ChargerEvent;
}

/** `$…^XX\r` around a body that starts with `$`. */
export const frame = (body: string) => `${body}^${checksum(body)}\r`;

export interface VirtualLine {
  readonly nowMs: number;
  readonly sent: { ms: number; command: string }[];
  readonly told: Told[];
  readonly opens: number[];
  readonly notes: string[];
  /** The far end speaks by itself. */
  say(text: string, afterMs?: number): void;
  /** Does something when the virtual time has come. */
  at(ms: number, what: () => void): void;
  want(supply: Supply): void;
  readNow(): void;
  /** The line closes by itself. */
  cut(reason: string): void;
  /** False: opening fails from now on. */
  setOpenable(openable: boolean): void;
  run(untilMs: number): void;
  /** Our own process stands still for so long; then its timers are first. */
  stall(forMs: number): void;
  commands(fromMs?: number): string[];
  readings(fromMs?: number): ChargerReading[];
  lastReading(): ChargerReading;
}

export function virtualLine(
  peer: Peer,
  options: { ctRatio?: number; silenceLimitMs?: number } = {},
): VirtualLine {
  let state = initialState(
    { ctRatio: options.ctRatio ?? 1, silenceLimitMs: options.silenceLimitMs ?? 4_000 },
    0,
  );
  let nowMs = 0;
  let framer = emptyFramer;
  let openable = true;
  let generation = 0;
  let order = 0;
  const due: { ms: number; order: number; what: () => void }[] = [];
  const sent: VirtualLine["sent"] = [];
  const told: Told[] = [];
  const opens: number[] = [];
  const notes: string[] = [];

  function at(ms: number, what: () => void): void {
    due.push({ ms, order: order++, what });
    due.sort((one, other) => one.ms - other.ms || one.order - other.order);
  }

  function put(input: DriverInput): void {
    const next = step(state, input);
    state = next.state;
    for (const effect of next.effects)
      switch (effect.do) {
        case "send":
          write(effect.text);
          break;
        case "emit":
          told.push({ ms: nowMs, event: effect.event });
          break;
        case "note":
          notes.push(effect.text);
          break;
        case "reopen":
          reopen();
      }
  }

  function reopen(): void {
    generation += 1;
    const mine = generation;
    opens.push(nowMs);
    framer = emptyFramer;
    at(nowMs + 1, () => {
      if (mine !== generation) return;
      if (openable) put({ is: "opened", mono: nowMs });
      else put({ is: "closed", mono: nowMs, reason: "no such file" });
    });
  }

  function write(text: string): void {
    const parts = /^\$(.*) :([0-9A-F]{2})\^[0-9A-F]{2}\r$/.exec(text);
    if (!parts?.[1] || !parts[2]) throw new Error(`the driver wrote ${JSON.stringify(text)}`);
    sent.push({ ms: nowMs, command: parts[1] });
    const mine = generation;
    for (const { afterMs, text: said } of peer.hear(parts[1], parts[2], nowMs))
      at(nowMs + afterMs, () => {
        if (mine === generation) arrive(said);
      });
  }

  function arrive(text: string): void {
    const taken = takeBytes(framer, Buffer.from(text, "latin1"));
    framer = taken.framer;
    for (const each of taken.frames) put({ is: "frame", mono: nowMs, frame: each });
    if (taken.damaged > 0) put({ is: "damaged", mono: nowMs });
  }

  function run(untilMs: number): void {
    for (;;) {
      const wakeMs = Math.max(nowMs, wakeMono(state));
      const nextMs = Math.min(due[0]?.ms ?? Number.POSITIVE_INFINITY, wakeMs);
      if (nextMs > untilMs) break;
      nowMs = nextMs;
      const happening = due[0]?.ms === nextMs ? due.shift() : undefined;
      if (happening) happening.what();
      else {
        put({ is: "tick", mono: nowMs });
        if (wakeMono(state) <= nowMs) throw new Error(`at ${nowMs} ms the driver wants to be woken for ever`);
      }
    }
    nowMs = untilMs;
  }

  return {
    get nowMs() {
      return nowMs;
    },
    sent,
    told,
    opens,
    notes,
    at,
    run,
    say: (text, afterMs = 0) => at(nowMs + afterMs, () => arrive(text)),
    want: (supply) => put({ is: "want", mono: nowMs, supply }),
    readNow: () => put({ is: "read-now", mono: nowMs }),
    cut(reason) {
      generation += 1;
      put({ is: "closed", mono: nowMs, reason });
    },
    stall(forMs) {
      nowMs += forMs;
      put({ is: "tick", mono: nowMs });
    },
    setOpenable(next) {
      openable = next;
    },
    commands: (fromMs = 0) => sent.filter(({ ms }) => ms >= fromMs).map(({ command }) => command),
    readings: (fromMs = 0) =>
      told.flatMap(({ ms, event }) => (ms >= fromMs && event.is === "reading" ? [event.reading] : [])),
    lastReading() {
      const last = told.findLast(({ event }) => event.is === "reading")?.event;
      if (last?.is !== "reading") throw new Error("no reading yet");
      return last.reading;
    },
  };
}
