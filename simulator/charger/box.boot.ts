// Power-on: text, self-test, boot frame, and then the firmware goes on by itself, charging a car that is plugged in.
import { report, sayRelayText } from "./box.report.ts";
import { type Box, has, maxAmps, say, schedule, setFlag } from "./box.state.ts";
import { openRelay, settle } from "./box.states.ts";
import { evse, vflag } from "./box.wire.ts";
import { meterSessionStart, newMeter } from "./meter.rules.ts";
import { framed, hex } from "./rapi.ts";

/** Mains lost: everything that is not in the EEPROM is gone, the session counter included. */
export function powerOff(box: Box): void {
  openRelay(box);
  box.power = "off";
  box.ring = "";
  box.hearing = null;
  box.out = [];
  box.agenda = {};
  box.meter = { ...newMeter(box.nowMs), countedWs: box.meter.countedWs };
}

export function boot(box: Box): void {
  powerOff(box);
  box.power = "booting";
  box.echo = false;
  box.blockedUntilMs = 0;
  box.evse = evse.unknown;
  box.pilotState = 0;
  box.pilot = "steady";
  box.vflags = vflag.sessionEnded;
  box.amps = 0;
  box.level = 2;
  box.setMv = null;
  box.spinning = "no";
  box.gfiLatched = false;
  box.retries = 0;
  box.throttle = "none";
  box.elapsedS = 0;
  box.accumulatedS = 0;
  box.headingFor = null;
  box.heartbeat = { intervalS: 0, amps: 0, trigger: 0 };
  box.limits = { quarterHours: 0, kWh: 0 };
  schedule(box, "boot-text", box.nowMs + box.config.firmware.ms.start);
}

export function bootText(box: Box): void {
  sayRelayText(box, box.nowMs);
  schedule(box, "boot-state", box.nowMs + (box.config.firmware.relayText === null ? 0 : 4));
}

export function bootState(box: Box): void {
  report(box, box.nowMs, true);
  const ms = box.config.firmware.ms;
  schedule(box, "boot-done", box.nowMs + (box.plugged ? ms.selfTestPlugged : ms.selfTestUnplugged));
}

export function bootDone(box: Box): void {
  const firmware = box.config.firmware;
  box.power = "running";
  // With a car plugged the relay may not be closed to measure, so the firmware assumes 120 V for the time being.
  const assume = firmware.autoLevel && box.plugged;
  box.level = assume ? 1 : 2;
  setFlag(box, vflag.levelAssumed, assume);
  box.amps = maxAmps(box);
  box.heartbeat = { intervalS: box.eeprom.heartbeatS, amps: box.eeprom.heartbeatAmps, trigger: 0 };
  pulse(box);
  const failed = selfTest(box);
  if (firmware.stateFrame === "AT") {
    say(box, framed(`AB ${hex(failed ?? 0, 2)} ${firmware.name}`), box.nowMs);
  }
  if (box.ring !== "") schedule(box, "poll", box.nowMs + 20);
  if (failed !== null) {
    box.evse = failed;
    box.spinning = "until-reset";
    report(box, box.nowMs + 2, true);
    return;
  }
  box.unknownBy = "boot";
  box.unknownSinceMs = box.nowMs;
  box.plugChangedAtMs = box.nowMs;
  setFlag(box, vflag.connected, box.plugged);
  if (box.plugged) meterSessionStart(box.meter);
  schedule(box, "plug-remembered", box.nowMs + 20);
  if (box.fault === "over-temperature") schedule(box, "fault-seen", box.nowMs + 60);
  if (box.fault === "gfci") {
    box.gfiLatched = true;
    setFlag(box, vflag.gfiTripped, true);
    schedule(box, "fault-seen", box.nowMs + 60);
  }
  settle(box);
}

function selfTest(box: Box): number | null {
  if (box.fault === "stuck-relay") return evse.stuckRelay;
  if (box.fault === "self-test") return evse.selfTestFailed;
  // Only the measurement of the mains voltage sees the ground at power-on, and not with a car plugged.
  const sees = box.config.firmware.autoLevel && !box.plugged && !has(box, vflag.levelAssumed);
  return sees && box.fault === "no-ground" ? evse.noGround : null;
}

/** Starts the heartbeat interval anew; seconds × 1000 are computed in 16 bits, as in the firmware. */
export function pulse(box: Box): void {
  const interval = (box.heartbeat.intervalS * 1000) & 0xffff;
  if (box.heartbeat.intervalS > 0) schedule(box, "heartbeat", box.nowMs + interval + 30);
  else delete box.agenda.heartbeat;
}

/** A heartbeat was missed: the current falls, charging goes on. */
export function heartbeatMissed(box: Box): void {
  const fallback = Math.min(Math.max(box.heartbeat.amps, 6), maxAmps(box));
  if (box.heartbeat.amps < box.amps) box.amps = fallback;
  box.heartbeat.trigger = 2;
  pulse(box);
  report(box, box.nowMs);
}
