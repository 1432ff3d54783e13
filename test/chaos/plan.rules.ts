// What goes wrong and when, from a seed alone: the same seed plans the same faults, whatever the machine makes of them.
//
// 1. Two faults never hold the same service, link or box at the same time.
// 2. Phases take turns: only charge points suffer, only servers and their lines, both. Around the first nothing new
//    happens for a while: it is what proves detection times, and that a fault here changes nothing there.
import { draw, drawWhole } from "../../simulator/charger/chance.ts";

export type FaultKind =
  | "kill"
  | "freeze"
  | "black-hole"
  | "half-open"
  | "hold"
  | "cut"
  | "disk-full"
  | "mains"
  | "glitch"
  | "box-reset"
  | "mute"
  | "corrupt"
  | "unplug";

export interface PlannedFault {
  atMs: number;
  /** 0: a moment's. */
  lastsMs: number;
  kind: FaultKind;
  target: string;
  cp: string | null;
}

/** What there is to strike. */
export interface Targets {
  servers: string[];
  /** Servers that may be frozen and not killed. */
  tables: string[];
  drivers: string[];
  cps: { cp: string; engine: string; monitor: string; charger: string }[];
  /** The lines between them, by name; a charge point's carry its id. */
  links: { name: string; cp: string | null }[];
  /** The charge point whose journal lies on a small disk; null: none. */
  smallDisk: string | null;
}

type Part =
  | "engine"
  | "monitor"
  | "charger"
  | "box"
  | "disk"
  | "device-link"
  | "server"
  | "server-link"
  | "driver";
type Choice = [kind: FaultKind, part: Part, weight: number];

/** Faults of engine or monitor that last so long must be shown. */
const shownAfterMs = 8_000;
/** So long after its end a fault may still be felt at its charge point. */
const unfeltAfterMs = 12_000;
const firstMs = 2_000;
/** No new fault so shortly before the end: the last ones are to be seen too. */
const lastMs = 1_000;

const onDevices: Choice[] = [
  ["kill", "engine", 4],
  ["freeze", "engine", 3],
  ["kill", "monitor", 3],
  ["freeze", "monitor", 2],
  ["kill", "charger", 2],
  ["freeze", "charger", 1],
  ["kill", "driver", 1],
  ["black-hole", "device-link", 2],
  ["half-open", "device-link", 1],
  ["hold", "device-link", 1],
  ["cut", "device-link", 1],
  ["disk-full", "disk", 1],
  ["mains", "box", 2],
  ["glitch", "box", 1],
  ["box-reset", "box", 2],
  ["mute", "box", 2],
  ["corrupt", "box", 2],
  ["unplug", "box", 2],
];
const onServers: Choice[] = [
  ["kill", "server", 5],
  ["freeze", "server", 3],
  ["black-hole", "server-link", 2],
  ["half-open", "server-link", 2],
  ["hold", "server-link", 1],
  ["cut", "server-link", 1],
  ["freeze", "driver", 1],
];
interface Phase {
  choices: Choice[];
  /** Only charge points suffer. */
  isCalm: boolean;
  gapMs: [least: number, most: number];
  activeMs: number;
  restMs: number;
}
const phases: Phase[] = [
  { choices: onDevices, isCalm: true, gapMs: [900, 2_000], activeMs: 24_000, restMs: 8_000 },
  { choices: onServers, isCalm: false, gapMs: [2_500, 5_000], activeMs: 16_000, restMs: 0 },
  {
    choices: [...onDevices, ...onServers],
    isCalm: false,
    gapMs: [1_200, 3_000],
    activeMs: 16_000,
    restMs: 12_000,
  },
];
const cycleMs = phases.reduce((sum, { activeMs, restMs }) => sum + activeMs + restMs, 0);

/** The phase of an instant and how long nothing new happens from then on. */
function phaseAt(atMs: number): { index: number; phase: Phase; restMs: number } {
  let beginMs = Math.floor(atMs / cycleMs) * cycleMs;
  for (const [index, phase] of phases.entries()) {
    const endMs = beginMs + phase.activeMs + phase.restMs;
    if (atMs < endMs) return { index, phase, restMs: atMs - beginMs < phase.activeMs ? 0 : endMs - atMs };
    beginMs = endMs;
  }
  throw new Error("phases fill their cycle");
}

/** Faults in the order of their times, all mended by `durationMs`. */
export function planFaults(seed: number, durationMs: number, targets: Targets): PlannedFault[] {
  const dice = openDice(seed);
  const bags = phases.map(() => [] as Choice[]);
  const faults: (PlannedFault & { holds: string[] })[] = [];
  for (let atMs = firstMs; atMs < durationMs - lastMs; ) {
    const { index, phase, restMs } = phaseAt(atMs);
    if (restMs > 0) {
      atMs += restMs;
      continue;
    }
    const bag = bags[index] ?? [];
    if (bag.length === 0) bag.push(...dice.shuffle(phase.choices.flatMap(repeated)));
    const [kind, part] = bag.pop() ?? ["glitch", "box"];
    const busy = new Set(
      faults.filter((fault) => fault.atMs + fault.lastsMs > atMs - 1_000).flatMap(({ holds }) => holds),
    );
    const free = candidates(kind, part, targets).filter(
      ({ holds, cp }) => holds.every((one) => !busy.has(one)) && !(cp && busy.has(wholeOf(cp))),
    );
    const lastsMs = Math.min(lastsOf(kind, part, dice), durationMs - atMs);
    // In the calm phase a fault that must be shown has its charge point to itself, so that it can be judged.
    const isAlone = phase.isCalm && lastsMs >= shownAfterMs && (part === "engine" || part === "monitor");
    const wasStruck = new Set(
      faults.flatMap((fault) => (fault.atMs + fault.lastsMs > atMs - unfeltAfterMs ? (fault.cp ?? []) : [])),
    );
    const chosen = dice.one(isAlone ? free.filter(({ cp }) => cp && !wasStruck.has(cp)) : free);
    if (chosen) {
      const { target, cp, holds } = chosen;
      faults.push({
        atMs,
        lastsMs,
        kind,
        target,
        cp,
        holds: isAlone && cp ? [...holds, wholeOf(cp)] : holds,
      });
    }
    atMs += dice.whole(...phase.gapMs);
  }
  return faults.map(({ atMs, lastsMs, kind, target, cp }) => ({ atMs, lastsMs, kind, target, cp }));
}

/** Holds everything that belongs to a charge point. */
function wholeOf(cp: string): string {
  return `all of ${cp}`;
}

function repeated(choice: Choice): Choice[] {
  return Array.from({ length: choice[2] }, () => choice);
}

interface Candidate {
  target: string;
  cp: string | null;
  /** What nobody else may strike meanwhile. */
  holds: string[];
}

function candidates(kind: FaultKind, part: Part, targets: Targets): Candidate[] {
  switch (part) {
    case "engine":
    case "monitor":
      return targets.cps.map((one) => ({ target: one[part], cp: one.cp, holds: [one[part]] }));
    case "charger":
      return targets.cps.map((one) => ({ target: one.charger, cp: one.cp, holds: [`box ${one.cp}`] }));
    case "box":
      return targets.cps.map(({ cp }) => ({ target: cp, cp, holds: [`box ${cp}`] }));
    case "disk":
      return targets.smallDisk === null
        ? []
        : [
            {
              target: `disk of ${targets.smallDisk}`,
              cp: targets.smallDisk,
              holds: [`disk ${targets.smallDisk}`],
            },
          ];
    case "device-link":
    case "server-link":
      return targets.links
        .filter(({ cp }) => (cp !== null) === (part === "device-link"))
        .map(({ name, cp }) => ({ target: name, cp, holds: [`link ${name}`] }));
    case "server":
      return [...targets.servers, ...(kind === "freeze" ? targets.tables : [])].map((name) => ({
        target: name,
        cp: null,
        holds: [name],
      }));
    case "driver":
      return targets.drivers.map((name) => ({ target: name, cp: null, holds: [name] }));
  }
}

function lastsOf(kind: FaultKind, part: Part, dice: Dice): number {
  switch (kind) {
    case "glitch":
    case "box-reset":
    case "corrupt":
    case "unplug":
    case "cut":
      return 0;
    case "kill":
      return part === "server" ? dice.whole(300, 6_000) : deviceLastsMs(dice);
    case "freeze":
      return part === "server" ? dice.whole(1_000, 9_000) : deviceLastsMs(dice);
    case "black-hole":
    case "half-open":
    case "hold":
      return dice.whole(1_000, 12_000);
    case "disk-full":
      return dice.whole(4_000, 12_000);
    case "mains":
      return dice.whole(1_000, 8_000);
    case "mute":
      return dice.whole(500, 12_000);
  }
}

/** A blip that nobody need notice, or long enough that it must be shown. */
function deviceLastsMs(dice: Dice): number {
  return dice.whole(0, 2) === 0 ? dice.whole(300, 4_000) : dice.whole(8_000, 12_000);
}

export interface Dice {
  whole(low: number, high: number): number;
  one<T>(of: readonly T[]): T | undefined;
  shuffle<T>(of: readonly T[]): T[];
}

export function openDice(seed: number): Dice {
  let state = seed >>> 0;
  const whole = (low: number, high: number) => {
    const drawn = drawWhole(state, low, high);
    state = drawn.seed;
    return drawn.value;
  };
  return {
    whole,
    one: (of) => (of.length === 0 ? undefined : of[whole(0, of.length - 1)]),
    shuffle(of) {
      return of
        .map((value) => {
          const drawn = draw(state);
          state = drawn.seed;
          return { value, place: drawn.value };
        })
        .sort((a, b) => a.place - b.place)
        .map(({ value }) => value);
    },
  };
}
