// The one interpreter of the engine's effects, in their order; shared by the process and the simulation.
import type { Supply } from "../charger/port.ts";
import { JournalFull, type NewEvent } from "../journal/port.ts";
import type { Durable } from "./state.ts";
import type { Effect } from "./turn.ts";

export interface Hands {
  supply(supply: Supply): void;
  /** Durable when it returns. Throws JournalBroken (exit and replay) or JournalFull. */
  persist(durable: Durable, events: readonly NewEvent[], urgent: boolean): void;
  log(level: "info" | "warn", text: string): void;
  exit(): void;
}

/** Carries the effects out one after the other. A full disk costs meter samples only, never a start, end, answer or the register. */
export function perform(effects: readonly Effect[], hands: Hands): void {
  for (const effect of effects) {
    switch (effect.do) {
      case "supply":
        hands.supply(effect.supply);
        break;
      case "persist":
        persist(effect, hands);
        break;
      case "log":
        hands.log(effect.level, effect.text);
        break;
      case "exit":
        hands.exit();
        break;
    }
  }
}

function persist(effect: Extract<Effect, { do: "persist" }>, hands: Hands): void {
  try {
    hands.persist(effect.durable, effect.events, effect.urgent);
  } catch (error) {
    if (!(error instanceof JournalFull) || effect.urgent) throw error;
    hands.log("warn", `disk full: ${effect.events.length} meter messages thinned away`);
    hands.persist(effect.durable, [], true);
  }
}
