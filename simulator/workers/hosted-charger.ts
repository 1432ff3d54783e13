// One simulated box and car among hundreds in a process: gives the charger in memory its time, and keeps what it has
// told, so that the process may be killed at any moment.
//
// 1. What the host was told of energy is saved before it is told: a killed box comes back with it, as from its
//    EEPROM, its mains just switched on.
// 2. Each car that got energy is counted once, from its plug to its unplug: what bills are compared with.
import * as z from "zod";
import type { LineEvents, OpenLine } from "../../device-agent/charger/rapi/line.ts";
import { relayClosed } from "../charger/box.state.ts";
import type { ControlAnswer, ControlCommand } from "../charger/control.messages.ts";
import { type MemoryCharger, openMemoryCharger } from "../charger/memory-charger.ts";
import { meteredRegisterWs, type PointOptions, trueRegisterWs } from "../charger/point.rules.ts";
import { energyMark, milestoneOf, SavedPoint } from "../charger/point.saved.ts";
import type { RowStore } from "./row-store.ts";

export const KeptCharger = z.object({
  saved: SavedPoint,
  served: z.number().int().min(0),
  /** The car that is plugged in is among them. */
  counted: z.boolean(),
});
export type KeptCharger = z.infer<typeof KeptCharger>;

export interface HostedOptions {
  cp: string;
  point: PointOptions;
  memory: RowStore<KeptCharger>;
  /** The clock that engine and box share. */
  monoMs: () => number;
}

export interface Books {
  /** Cars that got energy since the charger is known. */
  served: number;
  relayClosed: boolean;
  plugged: boolean;
  trueWs: number;
  meteredWs: number;
}

export interface HostedCharger {
  /** The line for the engine's driver; one line at a time. */
  openLine: OpenLine;
  do(command: ControlCommand): ControlAnswer;
  books(): Books;
  /** Saves and stands still. */
  close(): void;
}

const longestWaitMs = 60_000;
/** While energy flows the registers are saved this often, beside every time that the host is told of them. */
const saveEveryMs = 5_000;

export function openHostedCharger({ cp, point: options, memory, monoMs }: HostedOptions): HostedCharger {
  const kept = memory.read(cp);
  let served = kept?.served ?? 0;
  let counted = kept?.counted ?? false;
  let savedMark = "";
  let savedEnergy = -1;
  let savedAtMs = monoMs();
  let hearer: LineEvents | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const charger: MemoryCharger = openMemoryCharger({
    ...options,
    cp,
    nowMs: monoMs(),
    ...(kept && { saved: kept.saved }),
  });

  charger.line.onData((bytes) => {
    keep(true);
    hearer?.bytes(bytes);
  });

  function keep(telling: boolean): void {
    const point = charger.point();
    if (point.car === null) counted = false;
    else if (!counted && relayClosed(point.box)) {
      counted = true;
      served += 1;
    }
    const energy = energyMark(point);
    const mark = `${milestoneOf(point)}${served}`;
    const due = point.nowMs - savedAtMs >= saveEveryMs;
    if (mark === savedMark && (energy === savedEnergy || !(telling || due))) return;
    memory.write(cp, { saved: charger.saved(), served, counted });
    savedMark = mark;
    savedEnergy = energy;
    savedAtMs = point.nowMs;
  }

  /** Brings the box to now, gives it something to do, and sets the alarm for what comes next. */
  function go<T>(work: () => T): T {
    charger.advance(monoMs());
    const result = work();
    keep(false);
    clearTimeout(timer);
    if (closed) return result;
    const next = charger.nextAt();
    const flowing = charger.point().intervalFrom === null ? longestWaitMs : saveEveryMs;
    const wait = next === null ? longestWaitMs : Math.max(0, next - monoMs());
    timer = setTimeout(() => go(() => {}), Math.min(wait, flowing));
    return result;
  }

  go(() => {});
  return {
    openLine: (events) => {
      hearer = events;
      setImmediate(() => hearer === events && events.opened());
      return {
        write(bytes) {
          if (hearer === events) go(() => charger.line.write(bytes));
        },
        close() {
          if (hearer === events) hearer = null;
          return Promise.resolve();
        },
      };
    },
    do: (command) => go(() => charger.do(command)),
    books() {
      const point = charger.point();
      return {
        served,
        relayClosed: relayClosed(point.box),
        plugged: point.car !== null,
        trueWs: trueRegisterWs(point),
        meteredWs: meteredRegisterWs(point),
      };
    },
    close() {
      closed = true;
      go(() => {});
      hearer = null;
    },
  };
}
