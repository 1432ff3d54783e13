// What goes wrong in the box and how the firmware takes it: ground fault, no ground, stuck relay, heat, failed test.
import { report } from "./box.report.ts";
import {
  type Box,
  type BoxFault,
  cancel,
  has,
  inFault,
  maxAmps,
  relayClosed,
  schedule,
  setFlag,
} from "./box.state.ts";
import { enterUnknown, leaveCharging, openRelay, relayCheckMs, settle, stuckCheckMs } from "./box.states.ts";
import { evse, vflag } from "./box.wire.ts";

const retryMs = 5 * 60_000;
const mostRetries = 6;
/** A fault so soon after closing is a hard one. */
const hardWithinMs = 2000;
const hotDeciC = 710;
/** A hot box gives the car this long to stop, and serves nobody meanwhile. */
const hotWaitMs = 5000;

/** A fault begins or ends in the hardware. */
export function faultMoved(box: Box, fault: BoxFault | null): void {
  const before = box.fault;
  box.fault = fault;
  if (before === "over-temperature" && fault !== before) box.temperatureDeciC = 250;
  if (fault === "over-temperature") box.temperatureDeciC = 720;
  if (box.power !== "running") return;
  // An asserted ground fault without a car clears as soon as the hardware is well again.
  if (fault === null && box.evse === evse.groundFault && !has(box, vflag.connected)) faultGone(box);
  const now = box.nowMs;
  if (fault === "gfci") groundFault(box);
  if (fault === "no-ground" && relayClosed(box)) {
    schedule(box, "relay-check", Math.max(now + 20, box.closedAtMs + relayCheckMs));
  }
  if (fault === "stuck-relay" && !relayClosed(box)) schedule(box, "stuck-check", now + stuckCheckMs);
  if (fault === "over-temperature") schedule(box, "fault-seen", now + 30);
}

/** The interrupt opens the relay at once; the rest of the firmware learns of it in its next round. */
function groundFault(box: Box): void {
  box.gfiLatched = true;
  setFlag(box, vflag.gfiTripped, true);
  leaveCharging(box);
  openRelay(box);
  if (box.pilot !== "negative") box.pilot = "steady";
  schedule(box, "fault-seen", box.nowMs + 57);
}

/** The firmware's loop looks at what is latched or measured; asleep and disabled it does not look. */
export function faultSeen(box: Box): void {
  if (box.spinning !== "no" || inFault(box)) return;
  if (box.evse === evse.sleeping || box.evse === evse.disabled) return;
  if (box.gfiLatched) {
    box.eeprom.gfiTrips += 1;
    softFault(box, evse.groundFault);
  } else if (box.temperatureDeciC >= hotDeciC) {
    leaveCharging(box);
    box.pilot = "steady";
    box.evse = evse.overTemperature;
    box.blockedUntilMs = Math.max(box.blockedUntilMs, box.nowMs + hotWaitMs);
    schedule(box, "hot-open", box.nowMs + hotWaitMs);
    settle(box);
  }
}

function softFault(box: Box, state: number): void {
  const soonAfterClose = box.evse === evse.charging && box.nowMs - box.closedAtMs <= hardWithinMs;
  leaveCharging(box);
  openRelay(box);
  box.pilot = "steady";
  box.evse = state;
  box.headingFor = null;
  cancel(box, "arrive-in-state");
  if (soonAfterClose) {
    spin(box, "until-unplug");
    return;
  }
  report(box, box.nowMs);
  schedule(box, "pilot-lost", box.nowMs + 259);
  schedule(box, "retry", box.nowMs + retryMs);
}

/** Hard fault: the firmware spins and serves the line only. */
function spin(box: Box, until: Box["spinning"]): void {
  box.spinning = until;
  setFlag(box, vflag.hardFault, true);
  report(box, box.nowMs);
}

export function hardFault(box: Box, state: number, until: "until-unplug" | "until-reset"): void {
  leaveCharging(box);
  box.pilot = "steady";
  box.evse = state;
  openRelay(box);
  spin(box, until);
}

export function hotOpen(box: Box): void {
  hardFault(box, evse.overTemperature, "until-unplug");
}

/** A second after closing: is there a ground, and is this really 120 V? */
export function relayCheck(box: Box): void {
  if (!relayClosed(box)) return;
  if (box.fault === "no-ground") {
    box.eeprom.noGroundTrips += 1;
    setFlag(box, vflag.noGroundTripped, true);
    leaveCharging(box);
    openRelay(box);
    box.pilot = "steady";
    box.evse = evse.noGround;
    report(box, box.nowMs);
    schedule(box, "pilot-lost", box.nowMs + 259);
    schedule(box, "retry", box.nowMs + retryMs);
    return;
  }
  if (!has(box, vflag.levelAssumed)) return;
  // The set-point is lost here: the firmware goes back to the EEPROM's maximum for 240 V.
  box.level = 2;
  setFlag(box, vflag.levelAssumed, false);
  box.amps = maxAmps(box);
  report(box, box.nowMs);
}

/** A relay that conducts although it was opened; not looked at in sleep. */
export function stuckCheck(box: Box): void {
  if (box.fault !== "stuck-relay" || relayClosed(box) || box.spinning !== "no") return;
  if (box.evse === evse.sleeping || box.evse === evse.disabled) return;
  box.eeprom.stuckRelayTrips += 1;
  hardFault(box, evse.stuckRelay, "until-reset");
}

/** Soft faults try again every five minutes, six times; then only unplugging helps. */
export function retry(box: Box): void {
  if (box.spinning !== "no" || !inFault(box)) return;
  box.retries += 1;
  if (box.retries > mostRetries) spin(box, "until-unplug");
  else if (box.fault === "gfci") schedule(box, "retry", box.nowMs + retryMs);
  else faultGone(box);
}

/** The car left, or a retry found the fault gone: the pilot comes back. */
function faultGone(box: Box): void {
  box.gfiLatched = box.fault === "gfci";
  box.spinning = "no";
  setFlag(box, vflag.hardFault, false);
  cancel(box, "pilot-lost", "retry");
  enterUnknown(box, "fault");
}

/** Unplugging ends every fault but a stuck relay and those of the power-on self-test. */
export function unpluggedInFault(box: Box): void {
  if (has(box, vflag.connected) || box.spinning === "until-reset") return;
  if (box.spinning === "until-unplug") faultGone(box);
  else if (inFault(box) && box.fault !== "gfci") faultGone(box);
}

/** Once a second in state C: heat throttles the current in two steps, and gives it back below 62 °C. */
export function throttle(box: Box): void {
  const deciC = box.temperatureDeciC;
  const was = box.throttle;
  if (was !== "none" && deciC <= 620) box.throttle = "none";
  else if (was !== "quarter" && deciC >= 680) box.throttle = "quarter";
  else if (was === "none" && deciC >= 650) box.throttle = "half";
  if (box.throttle === was) return;
  const part = { none: 1, half: 2, quarter: 4 }[box.throttle];
  box.amps = Math.max(6, Math.floor(maxAmps(box) / part));
  report(box, box.nowMs);
}
