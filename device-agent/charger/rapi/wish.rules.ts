// What the engine wants of the relay, and the commands that make the charger follow it.
//
// 1. Off is `FS`, never `FD`: a sleeping charger still tells plug and unplug. It is repeated until it shows.
// 2. On is a set-point, then `FE`; no `FE` while the charger may offer more than was wished.
// 3. A permit's expiry is checked at each attempt to enable, until the relay was seen closed under it.
// 4. Before the first wish nothing is commanded: after a restart the engine decides from what it reads.
// 5. No heartbeat supervision (`SY`): it lives in the EEPROM, half of the firmware refuses it, and it never
//    switches off.
import type { Supply } from "../port.ts";
import { disabled, isEnabled, isFault, sleeping, states } from "./answers.ts";
import { type DriverState, emit, note, pollNow, type Turn, unusedPermit } from "./driver-state.ts";

/** A sleep, enable or set-point that did not show is sent again after this. */
export const againMs = 1_000;
/** A set-point that the charger lowered (over-temperature, its own maximum) is tried again after this. */
export const raiseAgainMs = 30_000;
const minAmps = 6;
const hardwareMaxAmps = 80;

/** Takes a wish. A current that is not a whole number of 6 to 80 A is a bug of the caller. */
export function takeWish(turn: Turn, supply: Supply): void {
  const { s } = turn;
  const before = s.wish;
  if (
    supply.on &&
    !(Number.isInteger(supply.amps) && supply.amps >= minAmps && supply.amps <= hardwareMaxAmps)
  )
    throw new RangeError(`cannot supply ${supply.amps} A`);
  s.wish = supply;
  if (!supply.on) {
    if (before && !before.on) return;
    s.sleepDue = true;
    return pollNow(s);
  }
  s.sleepDue = false;
  if (!before?.on || before.permit !== supply.permit) {
    s.permit = unusedPermit;
    s.enableAgainMono = turn.mono;
    pollNow(s);
  }
  if (!before?.on || before.amps !== supply.amps) s.ampsAgainMono = turn.mono;
}

/**
 * The current to ask for, or null while the charger has never been met. The charger clamps it to its maximum by
 * itself: a maximum that it told may have been an assumption.
 */
function wantedAmps(s: DriverState): number | null {
  return s.wish?.on && s.maxAmps !== null ? s.wish.amps : null;
}

/** Too late: no enable may be sent any more. */
function isLate(s: DriverState, mono: number): boolean {
  const { wish } = s;
  return wish?.on === true && wish.notAfterMono !== null && mono > wish.notAfterMono && !s.permit.closed;
}

/** What a charger state, told twice, means to the permit. */
export function onStateKnown(turn: Turn): void {
  const { s, mono } = turn;
  if (!s.box || !s.wish?.on || !isEnabled(s.box.state)) return;
  if (s.permit.enableSent || !isLate(s, mono)) s.permit = { ...s.permit, accepted: true };
  if (s.box.state === states.charging && s.permit.accepted) s.permit = { ...s.permit, closed: true };
}

/** Falls back to off when the permit ran out and the charger is known not to have taken the enable in time. */
export function checkPermit(turn: Turn): void {
  const { s, mono } = turn;
  if (!s.wish?.on || !isLate(s, mono)) return;
  const mustEnable = s.box !== null && (s.box.state === sleeping || s.box.state === disabled);
  const untouched = !s.permit.enableSent && !s.permit.accepted;
  if (!mustEnable && !untouched) return;
  emit(turn, { is: "permit-expired", permit: s.wish.permit });
  s.wish = { on: false };
  s.sleepDue = true;
  pollNow(s);
}

/** The command that the wish needs now, or null. */
export function wishCommand(s: DriverState, mono: number): string | null {
  if (!s.wish) return null;
  if (!s.wish.on) {
    const awake = s.box !== null && (isEnabled(s.box.state) || s.box.state === disabled);
    return s.sleepDue || (awake && mono >= s.sleepAgainMono) ? "FS" : null;
  }
  const wanted = wantedAmps(s);
  if (wanted === null || (s.box && isFault(s.box.state))) return null;
  if (s.amps !== wanted && mono >= s.ampsAgainMono) return `SC ${wanted} V`;
  if (s.box?.state !== sleeping && s.box?.state !== disabled) return null;
  const offersTooMuch = s.amps === null || s.amps > wanted;
  return !offersTooMuch && !isLate(s, mono) && mono >= s.enableAgainMono ? "FE" : null;
}

/** Remembers that a command went out: what it changes is not known until the charger was asked again. */
export function onSent(s: DriverState, command: string, mono: number): void {
  if (command !== "FS" && command !== "FE") return;
  s.box = null;
  pollNow(s);
  if (command === "FS") s.sleepAgainMono = mono + againMs;
  else {
    s.enableAgainMono = mono + againMs;
    s.enablingPermit = s.wish?.on ? s.wish.permit : null;
    s.permit = { ...s.permit, enableSent: true };
  }
}

export function onSleepAnswer(turn: Turn, ok: boolean): boolean {
  if (ok) turn.s.sleepDue = false;
  return ok;
}

export function onEnableAnswer(turn: Turn, ok: boolean): boolean {
  const { s } = turn;
  if (ok && s.wish?.on && s.wish.permit === s.enablingPermit) s.permit = { ...s.permit, accepted: true };
  return ok;
}

/** `$NK n` means clamped and applied; only the number counts. */
export function onAmpsAnswer(turn: Turn, asked: number, amps: number | null): boolean {
  const { s, mono } = turn;
  s.amps = amps;
  s.ampsAgainMono = mono + (amps !== null && amps < asked ? raiseAgainMs : againMs);
  if (amps !== asked)
    note(turn, `asked for ${asked} A, the charger ${amps === null ? "refused" : `took ${amps} A`}`);
  return amps !== null;
}

/** The charger told its set-point by itself: throttled, restored, or lost at a restart. */
export function onAmpsTold(turn: Turn, amps: number): void {
  const { s, mono } = turn;
  const wanted = wantedAmps(s);
  // While it starts it tells 0 or a first half: our set-point is owed anyhow.
  if (wanted === null || s.amps === null || amps === s.amps) return;
  // Above the wish: at once. Below: it has its reasons, ask again later.
  if (amps > wanted) s.ampsAgainMono = mono;
  else if (amps < s.amps) s.ampsAgainMono = mono + raiseAgainMs;
  s.amps = amps;
}
