// One turn of the engine's rules: a private copy of the state, and the effects in the order in which they must
// happen. Power falls before the disk is asked; it rises, and the process ends, only after.

import type { Stamp } from "../../wire/messages/index.ts";
import type { Supply } from "../charger/port.ts";
import type { NewEvent } from "../journal/port.ts";
import type { Durable, State } from "./state.ts";

export type Effect =
  | { do: "supply"; supply: Supply }
  /** State and events become durable in one transaction; what follows waits for it. */
  | { do: "persist"; durable: Durable; events: readonly NewEvent[]; urgent: boolean }
  | { do: "log"; level: "info" | "warn"; text: string }
  | { do: "exit" };

export interface Turn {
  state: State;
  now: Stamp;
  falls: Effect[];
  events: NewEvent[];
  rises: Effect[];
  logs: Effect[];
  /** The durable part changed in a way that must not be lost, although there may be nothing to tell. */
  mustPersist: boolean;
  /** The register is due to be saved: on a full disk the samples beside it are thinned away. */
  saveRegister: boolean;
}

export function beginTurn(state: State, now: Stamp): Turn {
  return {
    state: { ...state, durable: { ...state.durable }, now: { ...state.now } },
    now,
    falls: [],
    events: [],
    rises: [],
    logs: [],
    mustPersist: false,
    saveRegister: false,
  };
}

/** The effects of a turn in their order: off, persist, on and others, log lines. */
export function endTurn(turn: Turn): { state: State; effects: Effect[] } {
  const effects = [...turn.falls];
  if (turn.mustPersist || turn.saveRegister || turn.events.length > 0) {
    const urgent = turn.mustPersist || turn.events.some((event) => event.type !== "meter");
    effects.push({ do: "persist", durable: turn.state.durable, events: turn.events, urgent });
    turn.state.now.persistedWs = turn.state.durable.register.registerWs;
    turn.state.now.persistedMono = turn.now.mono;
  }
  effects.push(...turn.rises, ...turn.logs);
  return { state: turn.state, effects };
}

export function tell(turn: Turn, type: string, body: object): void {
  turn.events.push({ type, at: turn.now, body: { ...body } });
}

export function log(turn: Turn, text: string, level: "info" | "warn" = "info"): void {
  turn.logs.push({ do: "log", level, text });
}

/** Off outweighs whatever else this turn wished for. */
export function supplyOff(turn: Turn): void {
  turn.rises = turn.rises.filter((effect) => effect.do !== "supply");
  turn.state.now.openReadings = 0;
  turn.falls.push({ do: "supply", supply: { on: false } });
}

/** Milliseconds from `from` to now on the monotonic clock; null when a reboot lies between. */
export function elapsedMs(from: Stamp, now: Stamp): number | null {
  return from.boot === now.boot ? Math.max(0, now.mono - from.mono) : null;
}
