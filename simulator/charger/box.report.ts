// What the box says unasked: `$AT` or `$ST` on changes, and the debug text that some hardware prints unframed.
import { type Box, has, say } from "./box.state.ts";
import { evse, toldFlags, vflag } from "./box.wire.ts";
import { framed, hex } from "./rapi.ts";

/** Tells the host about a change that counts; with `force` even when there is none. */
export function report(box: Box, atMs: number, force = false): void {
  const now = {
    evse: box.evse,
    pilot: box.pilotState,
    amps: box.amps,
    flags: box.vflags & toldFlags,
  };
  const told = box.told;
  if (box.config.firmware.stateFrame === "ST") {
    // The old firmware knows the state only.
    if (!force && (now.evse === told.evse || now.evse === evse.unknown)) return;
    box.told = now;
    say(box, framed(`ST ${hex(now.evse, 2)}`), atMs);
    return;
  }
  if (!force && (half(box) || same(now, told))) return;
  box.told = now;
  say(box, framed(`AT ${hex(now.evse, 2)} ${hex(now.pilot, 2)} ${now.amps} ${hex(box.vflags, 4)}`), atMs);
}

/** A state that does not fit the plug is half a transition: the firmware waits for the other half. */
function half(box: Box): boolean {
  const connected = has(box, vflag.connected);
  if (box.evse === evse.unknown) return true;
  if (box.evse === evse.noVehicle) return connected;
  return (box.evse === evse.connected || box.evse === evse.charging) && !connected;
}

function same(a: Box["told"], b: Box["told"]): boolean {
  return a.evse === b.evse && a.pilot === b.pilot && a.amps === b.amps && a.flags === b.flags;
}

/** `println` ends with CR LF and no checksum: the LF comes before the next frame. */
export function sayRelayText(box: Box, atMs: number): void {
  const text = box.config.firmware.relayText;
  if (text === null) return;
  say(box, `\nrelayCloseMs: ${text.closeMs}\r`, atMs);
  say(box, `\nrelayHoldPwm: ${text.holdPwm}\r`, atMs + 2);
  say(box, "\n", atMs + 3);
}
