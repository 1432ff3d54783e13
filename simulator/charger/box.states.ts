// The EVSE's way between no vehicle, connected, charging, sleeping and disabled, at the firmware's own pace.
import { report, sayRelayText } from "./box.report.ts";
import { type Box, cancel, has, inFault, relayClosed, schedule, setFlag } from "./box.state.ts";
import { evse, vflag } from "./box.wire.ts";
import { meterRelayClosed, meterRelayOpened, meterSessionEnd, meterSessionStart } from "./meter.rules.ts";

const debounceMs = 280;
const seenAfterMs = 20;
/** The longest that a sleeping box waits for the car to open its own contacts. */
const sleepOpenMs = 3000;
/** The relay has to be closed this long before ground and mains voltage can be judged. */
export const relayCheckMs = 1042;
export const stuckCheckMs = 1000;

/** Looks where the EVSE should be and starts the way there; called after anything that may change it. */
export function settle(box: Box): void {
  if (box.power !== "running" || box.spinning !== "no" || inFault(box)) return;
  if (box.evse === evse.sleeping || box.evse === evse.disabled) return;
  if (box.agenda["gfi-test-done"] !== undefined) return;
  const target = targetOf(box);
  if (target === box.evse) {
    box.headingFor = null;
    cancel(box, "arrive-in-state");
  } else if (box.headingFor !== target) {
    box.headingFor = target;
    schedule(box, "arrive-in-state", Math.max(box.nowMs, arrivalMs(box, target)));
  }
}

function targetOf(box: Box): number {
  if (!has(box, vflag.connected)) return evse.noVehicle;
  return box.carReady && box.pilot === "pwm" && box.evse !== evse.unknown ? evse.charging : evse.connected;
}

function arrivalMs(box: Box, target: number): number {
  const ms = box.config.firmware.ms;
  if (box.evse !== evse.unknown) {
    if (target === evse.noVehicle) return box.plugChangedAtMs + ms.unplugToA;
    return box.evse === evse.noVehicle ? box.plugChangedAtMs + ms.plugToB : box.nowMs + debounceMs;
  }
  if (target === evse.connected) {
    return box.unknownSinceMs + (box.unknownBy === "sleep" ? ms.unknownToB : ms.unseenToB);
  }
  return box.unknownBy === "fault" ? box.plugChangedAtMs + ms.faultToA : box.unknownSinceMs + ms.unknownToA;
}

/** The end of a debounced transition. Before the contactor closes, the ground-fault test holds everything up. */
export function arrive(box: Box): void {
  const target = box.headingFor;
  box.headingFor = null;
  if (target === null) return;
  if (target === evse.charging) {
    const doneAt = box.nowMs + box.config.firmware.ms.gfiTest;
    box.blockedUntilMs = Math.max(box.blockedUntilMs, doneAt);
    schedule(box, "gfi-test-done", doneAt);
    return;
  }
  leaveCharging(box);
  openRelay(box);
  box.pilot = target === evse.connected ? "pwm" : "steady";
  if (target === evse.noVehicle) box.limits = { quarterHours: 0, kWh: 0 };
  box.evse = target;
  box.pilotState = target;
  report(box, box.nowMs);
  settle(box);
}

/** Closes the relay after the test; hardware version 6 prints its text first and takes its time. */
export function closeRelay(box: Box): void {
  setFlag(box, vflag.relayClosed, true);
  if (has(box, vflag.sessionEnded)) {
    box.accumulatedS = 0;
    setFlag(box, vflag.sessionEnded, false);
  } else {
    box.accumulatedS += box.elapsedS;
  }
  box.elapsedS = 0;
  box.closedAtMs = box.nowMs;
  meterRelayClosed(box.meter);
  box.evse = evse.charging;
  box.pilotState = evse.charging;
  schedule(box, "relay-check", box.nowMs + relayCheckMs);
  schedule(box, "second", box.nowMs + 1000);
  const text = box.config.firmware.relayText;
  if (text?.atEveryClose) {
    sayRelayText(box, box.nowMs);
    box.blockedUntilMs = Math.max(box.blockedUntilMs, box.nowMs + 44);
    report(box, box.nowMs + 44);
  } else {
    report(box, box.nowMs);
  }
  settle(box);
}

export function openRelay(box: Box): void {
  if (!relayClosed(box)) return;
  setFlag(box, vflag.relayClosed, false);
  meterRelayOpened(box.meter);
  cancel(box, "relay-check", "second", "sleep-open");
  if (box.fault === "stuck-relay") schedule(box, "stuck-check", box.nowMs + stuckCheckMs);
}

/** The time counter runs in state C only. */
export function leaveCharging(box: Box): void {
  if (box.evse === evse.charging) box.elapsedS = Math.floor((box.nowMs - box.closedAtMs) / 1000);
}

/** `FS`: the relay waits for the car to stop, 3 s at most. Plug and unplug are still seen. */
export function sleep(box: Box): void {
  if (box.evse === evse.sleeping) return;
  leaveCharging(box);
  box.pilot = "steady";
  box.evse = evse.sleeping;
  box.headingFor = null;
  cancel(box, "arrive-in-state", "pilot-lost", "retry");
  if (relayClosed(box)) schedule(box, "sleep-open", box.nowMs + sleepOpenMs);
}

/** `FD`: the relay opens at once, and with −12 V on the pilot no car can be seen any more. */
export function disable(box: Box): void {
  if (box.evse === evse.disabled) return;
  leaveCharging(box);
  box.pilot = "negative";
  box.evse = evse.disabled;
  box.headingFor = null;
  cancel(box, "arrive-in-state", "plug-seen", "pilot-lost", "retry");
  openRelay(box);
}

/** `FE`: counts only where the box sleeps or is disabled. */
export function enable(box: Box): void {
  if (box.evse !== evse.sleeping && box.evse !== evse.disabled) return;
  setFlag(box, vflag.limitSleep, false);
  cancel(box, "sleep-open");
  const by = box.evse === evse.disabled ? "disabled" : "sleep";
  enterUnknown(box, by);
}

/** State 00: the firmware finds out anew what is there, faults that are still latched included. */
export function enterUnknown(box: Box, by: Box["unknownBy"]): void {
  box.evse = evse.unknown;
  box.pilot = "steady";
  box.unknownBy = by;
  box.unknownSinceMs = box.nowMs;
  box.headingFor = null;
  cancel(box, "arrive-in-state");
  if (by === "disabled" && box.plugged !== has(box, vflag.connected)) {
    schedule(box, "plug-seen", box.nowMs + seenAfterMs);
  }
  if (box.gfiLatched || box.fault !== null) schedule(box, "fault-seen", box.nowMs + 30);
  if (box.fault === "stuck-relay" && !relayClosed(box)) {
    schedule(box, "stuck-check", box.nowMs + stuckCheckMs);
  }
  settle(box);
}

/** The plug moved; how soon the firmware notices depends on what it does. */
export function plugMoved(box: Box, plugged: boolean): void {
  if (box.plugged === plugged) return;
  box.plugged = plugged;
  box.plugChangedAtMs = box.nowMs;
  if (box.power !== "running" || box.pilot === "negative") return;
  box.blockedUntilMs = Math.max(box.blockedUntilMs, box.nowMs + box.config.firmware.ms.lock);
  const asleep = box.evse === evse.sleeping;
  schedule(box, "plug-seen", box.nowMs + (asleep ? box.config.firmware.ms.asleepPlug : seenAfterMs));
}

/** The firmware reads the pilot and finds the plug changed: that, not the plug, begins and ends a meter session. */
export function plugSeen(box: Box): void {
  if (box.plugged === has(box, vflag.connected)) return;
  setFlag(box, vflag.connected, box.plugged);
  if (box.plugged) {
    box.accumulatedS = 0;
    box.elapsedS = 0;
    meterSessionStart(box.meter);
  } else {
    box.eeprom.totalWh += meterSessionEnd(box.meter);
  }
  schedule(box, "plug-remembered", box.nowMs + seenAfterMs);
  if (box.evse === evse.sleeping && !relayClosed(box)) report(box, box.nowMs);
  if (!box.plugged && has(box, vflag.limitSleep)) {
    setFlag(box, vflag.limitSleep, false);
    enterUnknown(box, "sleep");
  }
  settle(box);
}

/** One round of the firmware's loop later. */
export function plugRemembered(box: Box): void {
  const connected = has(box, vflag.connected);
  setFlag(box, vflag.connectedBefore, connected);
  if (!connected) setFlag(box, vflag.sessionEnded, true);
}
