// Who the charger is: asked when the line opens and whenever the charger has started. Pure.
//
// Firmware is told apart by trying its commands; the RAPI number it states is not used.
import { flags, readMaxAmps, readSerial } from "./answers.ts";
import { type DriverState, emit, type Turn } from "./driver-state.ts";

/** A serial number holds raw bytes, some of which break the frame: after this many tries there is none. */
const serialTries = 3;
/** Between two tries other questions get their turn, or a charger that lives would seem dead. */
const serialAgainMs = 500;

/** The next question about the charger's identity, or null. */
export function contactCommand(s: DriverState, mono: number): string | null {
  const { contact } = s;
  if (contact.firmware === null) return "GV";
  if (!contact.maxAmpsKnown) return "GC";
  return contact.serial === undefined && mono >= contact.serialAgainMono ? "GI" : null;
}

export function onVersionAnswer(turn: Turn, ok: boolean, args: string): boolean {
  const firmware = ok ? args.split(" ")[0] : "";
  if (!firmware) return false;
  turn.s.contact = { ...turn.s.contact, firmware };
  return true;
}

export function onMaxAmpsAnswer(turn: Turn, ok: boolean, args: string): boolean {
  const maxAmps = ok ? readMaxAmps(args) : null;
  if (maxAmps === null) return false;
  turn.s.maxAmps = maxAmps;
  turn.s.contact = { ...turn.s.contact, maxAmpsKnown: true };
  return true;
}

export function onSerialAnswer(turn: Turn, ok: boolean, args: string): boolean {
  const { s } = turn;
  if (!ok) {
    s.contact = { ...s.contact, serial: null };
    return true;
  }
  const serialHeard = readSerial(args);
  if (serialHeard === null) return false;
  const sure = s.contact.serialHeard === serialHeard;
  s.contact = { ...s.contact, serialHeard, ...(sure ? { serial: serialHeard } : {}) };
  return true;
}

export function onSerialLost(turn: Turn): void {
  const { s, mono } = turn;
  const tries = s.contact.serialTries + 1;
  s.contact = {
    ...s.contact,
    serialTries: tries,
    serialAgainMono: mono + serialAgainMs,
    ...(tries >= serialTries ? { serial: null } : {}),
  };
}

/** What a charger state, told twice, means to what is known of its maximum. */
export function onSupplyKnown(turn: Turn): void {
  const { s } = turn;
  if (!s.box || s.box.vflags === null) return;
  const supplyAssumed = (s.box.vflags & flags.supplyAssumed) !== 0;
  if (supplyAssumed === s.contact.supplyAssumed) return;
  s.contact = { ...s.contact, supplyAssumed, ...(supplyAssumed ? {} : { maxAmpsKnown: false, told: false }) };
}

/** Tells the identity once it is complete. */
export function tellContact(turn: Turn): void {
  const { contact, maxAmps } = turn.s;
  const { firmware, serial } = contact;
  if (contact.told || firmware === null || serial === undefined || maxAmps === null || !contact.maxAmpsKnown)
    return;
  turn.s.contact = { ...contact, told: true };
  emit(turn, { is: "identity", firmware, serial, maxAmps, ctRatio: turn.s.options.ctRatio });
}
