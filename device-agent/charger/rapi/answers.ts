// What the answers of the charger say, field by field. Pure; null means: not an answer this driver understands.
import type { ChargerFault, ChargerReading } from "../port.ts";
import { decimalField, hexField } from "./frames.ts";

/** Answer of `GS`. Firmware 5 tells neither pilot nor flags, and the state in decimal digits. */
export interface StateAnswer {
  readonly state: number;
  readonly pilot: number | null;
  readonly vflags: number | null;
}

/** Answer of `GU`, in the charger's own units: before the current-transformer ratio. */
export interface Counters {
  readonly sessionWs: number;
  readonly totalWh: number;
}

export interface Electricity {
  readonly milliAmps: number;
  /** Null when the firmware does not tell it (5.0.1 answers −1). */
  readonly milliVolts: number | null;
}

export const states = { starting: 0x00, noVehicle: 0x01, connected: 0x02, charging: 0x03 } as const;
export const sleeping = 0xfe;
export const disabled = 0xff;
export const flags = {
  /** Started with a car plugged: the supply counts as single-phase, with its lower maximum, until the relay closed. */
  supplyAssumed: 0x0001,
  relayClosed: 0x0040,
  vehicle: 0x0100,
} as const;

/** The pilot is on offer: the relay closes as soon as a car asks. */
export function isEnabled(state: number): boolean {
  return state === states.noVehicle || state === states.connected || state === states.charging;
}

export function isFault(state: number): boolean {
  return state > states.charging && state < sleeping;
}

const faults: Readonly<Record<number, ChargerFault>> = {
  4: "vent-required",
  5: "diode-check",
  6: "ground-fault",
  7: "no-ground",
  8: "stuck-relay",
  9: "self-test",
  10: "over-temperature",
  11: "over-current",
  14: "relay-closure",
};

export function faultOf(state: number): ChargerFault | null {
  return isFault(state) ? (faults[state] ?? "unknown") : null;
}

export function stateName(state: number): ChargerReading["state"] {
  if (state === states.starting) return "starting";
  if (state === states.noVehicle) return "no-vehicle";
  if (state === states.connected) return "connected";
  if (state === states.charging) return "charging";
  if (state === sleeping) return "sleeping";
  return state === disabled ? "disabled" : "fault";
}

/** The self-test code of `$AB`, in words. */
export function selfTestName(code: number): string {
  const names: Readonly<Record<number, string>> = {
    0: "ok",
    7: "no-ground",
    8: "stuck-relay",
    9: "self-test",
  };
  return names[code] ?? `code ${code.toString(16)}`;
}

export function readState(args: string): StateAnswer | null {
  const fields = args.split(" ");
  if (fields.length === 2) {
    const state = decimalField(fields[0]);
    return state === null || state < 0 || state > 0xff ? null : { state, pilot: null, vflags: null };
  }
  const state = hexField(fields[0]);
  const pilot = hexField(fields[2]);
  const vflags = hexField(fields[3]);
  if (state === null || state > 0xff || pilot === null || vflags === null) return null;
  return { state, pilot, vflags };
}

export function readCounters(args: string): Counters | null {
  const [session, total] = args.split(" ");
  const sessionWs = decimalField(session);
  const totalWh = decimalField(total);
  if (sessionWs === null || totalWh === null || sessionWs < 0 || totalWh < 0) return null;
  return { sessionWs, totalWh };
}

export function readElectricity(args: string): Electricity | null {
  const [current, voltage] = args.split(" ");
  const milliAmps = decimalField(current);
  const milliVolts = decimalField(voltage);
  if (milliAmps === null || milliVolts === null) return null;
  return { milliAmps: Math.max(0, milliAmps), milliVolts: milliVolts > 0 ? milliVolts : null };
}

/** `GC`: the configured maximum, last of four fields, or of two on firmware 5. */
export function readMaxAmps(args: string): number | null {
  const fields = args.split(" ");
  const amps = decimalField(fields[fields.length === 2 ? 1 : 3]);
  return amps === null || amps < 6 || amps > 80 ? null : amps;
}

/** `G0`: undefined when not understood, null when the charger cannot tell. */
export function readPlugged(args: string): boolean | null | undefined {
  if (args === "0" || args === "1") return args === "1";
  return args === "2" ? null : undefined;
}

/**
 * `GI`: six raw bytes and eight hexadecimal digits, after one more space than usual. The raw bytes are told as
 * hexadecimal too, so that the serial number is printable.
 */
export function readSerial(args: string): string | null {
  const serial = args.slice(-14);
  if (serial.length < 14 || !/^[0-9A-Fa-f]{8}$/.test(serial.slice(6))) return null;
  return `${Buffer.from(serial.slice(0, 6), "latin1").toString("hex")}${serial.slice(6)}`.toUpperCase();
}
