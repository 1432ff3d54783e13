// The state of one simulated OpenEVSE box, and how it is written down: flags, agenda of what comes next, output.
import { evse, vflag } from "./box.wire.ts";
import { type Firmware, type FirmwareName, firmwares } from "./firmware.ts";
import { type Meter, newMeter } from "./meter.rules.ts";
import type { Hearing } from "./rapi.ts";

export type BoxFault = "gfci" | "no-ground" | "stuck-relay" | "over-temperature" | "self-test";

/** What survives a power cut. */
export interface Eeprom {
  amps: number;
  /** Set once by `SC n M`; null while it never was. */
  hwMaxAmps: number | null;
  totalWh: number;
  heartbeatS: number;
  heartbeatAmps: number;
  gfiTrips: number;
  noGroundTrips: number;
  stuckRelayTrips: number;
}

export interface BoxConfig {
  firmware: Firmware;
  hwMaxAmps: number;
  /** Ten bytes: six are sent raw, four as hexadecimal digits. */
  mcuId: string;
}

/** Things that happen at a time of their own. */
export type Due =
  | "boot-text"
  | "boot-state"
  | "boot-done"
  | "reset"
  | "arrive-in-state"
  | "gfi-test-done"
  | "plug-seen"
  | "plug-remembered"
  | "sleep-open"
  | "fault-seen"
  | "pilot-lost"
  | "retry"
  | "hot-open"
  | "relay-check"
  | "stuck-check"
  | "heartbeat"
  | "second"
  | "poll";

export interface Line {
  atMs: number;
  text: string;
}

export interface Told {
  evse: number;
  pilot: number;
  amps: number;
  flags: number;
}

export interface Box {
  config: BoxConfig;
  nowMs: number;
  power: "off" | "booting" | "running" | "resetting";
  eeprom: Eeprom;

  // What the world does to the box.
  plugged: boolean;
  /** The car's resistor: it asks for energy. */
  carReady: boolean;
  /** Current through the meter on the secondary side. */
  loadMa: number;
  fault: BoxFault | null;
  temperatureDeciC: number;

  // What the firmware holds.
  evse: number;
  pilotState: number;
  pilot: "steady" | "pwm" | "negative";
  vflags: number;
  amps: number;
  level: 1 | 2;
  /** From where the firmware came to state 00, and when: its next state takes different times. */
  unknownBy: "boot" | "sleep" | "disabled" | "fault";
  unknownSinceMs: number;
  plugChangedAtMs: number;
  /** A firmware in a hard fault only serves the line, until the car leaves or until it is reset. */
  spinning: "no" | "until-unplug" | "until-reset";
  gfiLatched: boolean;
  retries: number;
  throttle: "none" | "half" | "quarter";
  closedAtMs: number;
  elapsedS: number;
  accumulatedS: number;
  heartbeat: { intervalS: number; amps: number; trigger: number };
  limits: { quarterHours: number; kWh: number };
  setMv: number | null;
  meter: Meter;

  // The serial line.
  ring: string;
  hearing: Hearing;
  echo: boolean;
  blockedUntilMs: number;
  told: Told;
  out: Line[];
  seed: number;

  headingFor: number | null;
  agenda: Partial<Record<Due, number>>;
}

export interface BoxOptions {
  firmware: FirmwareName;
  /** Raises the hardware limit of firmwares whose recordings stop at 32 A; 6 to 80. */
  hwMaxAmps?: number;
  eeprom?: Partial<Eeprom>;
  mcuId?: string;
  seed?: number;
}

/** A box without mains; `{is: "mains", on: true}` boots it. */
export function newBox(options: BoxOptions, nowMs: number): Box {
  const firmware = firmwares[options.firmware];
  const eeprom: Eeprom = {
    amps: firmware.factoryAmps,
    hwMaxAmps: null,
    totalWh: 0,
    heartbeatS: 0,
    heartbeatAmps: 0,
    gfiTrips: 0,
    noGroundTrips: 0,
    stuckRelayTrips: 0,
    ...options.eeprom,
  };
  return {
    config: {
      firmware,
      hwMaxAmps: Math.max(firmware.hwMaxAmps, options.hwMaxAmps ?? 0),
      mcuId: options.mcuId ?? "JR\u00e1\t\u0017\u00bcR\u00e2\\k",
    },
    nowMs,
    power: "off",
    eeprom,
    plugged: false,
    carReady: false,
    loadMa: 0,
    fault: null,
    temperatureDeciC: 250,
    evse: evse.unknown,
    pilotState: 0,
    pilot: "steady",
    vflags: vflag.sessionEnded,
    amps: 0,
    level: 2,
    unknownBy: "boot",
    unknownSinceMs: nowMs,
    plugChangedAtMs: nowMs,
    spinning: "no",
    gfiLatched: false,
    retries: 0,
    throttle: "none",
    closedAtMs: 0,
    elapsedS: 0,
    accumulatedS: 0,
    heartbeat: { intervalS: 0, amps: 0, trigger: 0 },
    limits: { quarterHours: 0, kWh: 0 },
    setMv: null,
    meter: newMeter(nowMs),
    ring: "",
    hearing: null,
    echo: false,
    blockedUntilMs: 0,
    told: { evse: 0, pilot: 0, amps: 0, flags: 0 },
    out: [],
    seed: options.seed ?? 1,
    headingFor: null,
    agenda: {},
  };
}

export function has(box: Box, flag: number): boolean {
  return (box.vflags & flag) !== 0;
}

export function setFlag(box: Box, flag: number, on: boolean): void {
  box.vflags = on ? box.vflags | flag : box.vflags & ~flag;
}

export function relayClosed(box: Box): boolean {
  return has(box, vflag.relayClosed);
}

export function inFault(box: Box): boolean {
  return box.evse >= 0x04 && box.evse <= 0x0e;
}

/** The mains voltage that the firmware believes in; it is never measured. */
export function assumedMv(box: Box): number {
  return box.setMv ?? (box.level === 2 ? 240_000 : 120_000);
}

/** The most amps that may be set volatile. */
export function maxAmps(box: Box): number {
  // On assumed 120 V the EEPROM's own setting for that level counts, which nobody has changed from its 12 A.
  if (box.level === 1) return 12;
  return Math.min(Math.max(box.eeprom.amps, 6), hwMaxAmps(box));
}

export function hwMaxAmps(box: Box): number {
  return box.level === 1 ? 16 : (box.eeprom.hwMaxAmps ?? box.config.hwMaxAmps);
}

/** Seconds that the relay was closed in this session, as `GS` tells them. */
export function elapsedS(box: Box): number {
  return box.accumulatedS + box.elapsedS;
}

/** Puts an event into the agenda, in place of an earlier one of that name. */
export function schedule(box: Box, what: Due, atMs: number): void {
  box.agenda[what] = atMs;
}

export function cancel(box: Box, ...what: Due[]): void {
  for (const one of what) delete box.agenda[one];
}

/** Bytes leave in order, never before `atMs`. */
export function say(box: Box, text: string, atMs: number): void {
  const last = box.out.at(-1);
  box.out.push({ atMs: Math.max(atMs, last?.atMs ?? atMs), text });
}
