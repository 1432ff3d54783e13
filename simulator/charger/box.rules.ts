// One simulated OpenEVSE box: state + time + what the world did → state + bytes. Pure and synchronous, so that real
// time, virtual time and thousands of instances can drive it.
//
// 1. Time comes in; the box never looks at a clock. Chance comes from a seed in its state.
// 2. The relay flag, the pilot and the meter tell what the hardware would; faults of the hardware are inputs.
// 3. All electrical figures are on the secondary side of a current transformer: what is behind it is not the box's.
import { boot, bootDone, bootState, bootText, heartbeatMissed, powerOff } from "./box.boot.ts";
import {
  faultMoved,
  faultSeen,
  hardFault,
  hotOpen,
  relayCheck,
  retry,
  stuckCheck,
  throttle,
  unpluggedInFault,
} from "./box.faults.ts";
import { afterBlockMs, bytesCame, poll } from "./box.line.ts";
import { report } from "./box.report.ts";
import {
  assumedMv,
  type Box,
  type BoxFault,
  type Due,
  has,
  type Line,
  relayClosed,
  say,
  schedule,
  setFlag,
} from "./box.state.ts";
import {
  arrive,
  closeRelay,
  openRelay,
  plugMoved,
  plugRemembered,
  plugSeen,
  settle,
  sleep,
} from "./box.states.ts";
import { evse, vflag } from "./box.wire.ts";
import { meterSessionEnd, meterSessionStart, meterUntil } from "./meter.rules.ts";
import { framed } from "./rapi.ts";

export type BoxInput =
  | { is: "bytes"; bytes: string }
  | { is: "plug"; plugged: boolean }
  /** What the car does on the secondary side: asks for energy (its resistor), draws current. */
  | { is: "car"; ready: boolean; loadMa: number }
  | { is: "mains"; on: boolean }
  | { is: "fault"; fault: BoxFault | null }
  | { is: "temperature"; deciC: number }
  /** 60 to 150 ms of another voltage on the pilot: too short for a state, enough for the meter's session. */
  | { is: "glitch" }
  /** The firmware restarts by itself. */
  | { is: "reset" }
  | { is: "button"; long: boolean };

/** The pilot wire as the car sees it. */
export type Pilot = { is: "dead" } | { is: "steady" } | { is: "pwm"; amps: number };

/** Moves a box to `toMs` and then gives it the inputs. `lines` left the box until then, in order. */
export function advance(
  box: Box,
  toMs: number,
  inputs: readonly BoxInput[] = [],
): { box: Box; lines: Line[] } {
  // A copy to work on, so that the caller's state stays as it was.
  const next: Box = {
    ...box,
    eeprom: { ...box.eeprom },
    heartbeat: { ...box.heartbeat },
    meter: { ...box.meter },
    out: [...box.out],
    agenda: { ...box.agenda },
  };
  for (;;) {
    const due = earliest(next);
    if (due === null || due.atMs > toMs) break;
    moveTo(next, due.atMs);
    delete next.agenda[due.what];
    happen(next, due.what);
  }
  moveTo(next, toMs);
  for (const input of inputs) take(next, input);
  const ready = next.out.findIndex((line) => line.atMs > next.nowMs);
  const lines = next.out.splice(0, ready < 0 ? next.out.length : ready);
  return { box: next, lines };
}

/** When the box next says or does something by itself, in milliseconds; null: only when something happens to it. */
export function nextAt(box: Box): number | null {
  const due = earliest(box);
  const line = box.out[0];
  if (due === null) return line?.atMs ?? null;
  return line === undefined ? due.atMs : Math.min(due.atMs, line.atMs);
}

export function pilotOf(box: Box): Pilot {
  if (box.power === "off" || box.power === "booting" || box.pilot === "negative") return { is: "dead" };
  return box.pilot === "pwm" ? { is: "pwm", amps: box.amps } : { is: "steady" };
}

function earliest(box: Box): { what: Due; atMs: number } | null {
  let first: { what: Due; atMs: number } | null = null;
  for (const what in box.agenda) {
    const due = what as Due;
    const at = attendedMs(box, due, box.agenda[due] ?? 0);
    if (first === null || at < first.atMs) first = { what: due, atMs: at };
  }
  return first;
}

/** While the firmware is held up by a test, a lock or an answer, nothing else gets its attention. */
function attendedMs(box: Box, due: Due, atMs: number): number {
  if (atMs >= box.blockedUntilMs || due === "gfi-test-done" || due === "hot-open" || due === "reset")
    return atMs;
  if (box.power !== "running") return atMs;
  return box.blockedUntilMs + (due === "poll" && box.blockedUntilMs - atMs > afterBlockMs ? afterBlockMs : 0);
}

function moveTo(box: Box, toMs: number): void {
  if (toMs <= box.nowMs) return;
  meterUntil(box.meter, toMs, {
    relayClosed: relayClosed(box) && box.power === "running",
    sampling: box.evse === evse.charging,
    loadMa: box.loadMa,
    assumedMv: assumedMv(box),
    wholeAmps: box.config.firmware.stateFrame === "ST",
  });
  box.nowMs = toMs;
}

function happen(box: Box, what: Due): void {
  switch (what) {
    case "boot-text":
      return bootText(box);
    case "boot-state":
      return bootState(box);
    case "boot-done":
      return bootDone(box);
    case "reset":
      openRelay(box);
      return boot(box);
    case "arrive-in-state":
      return arrive(box);
    case "gfi-test-done":
      if (box.fault === "self-test") return hardFault(box, evse.selfTestFailed, "until-unplug");
      if (box.gfiLatched) return;
      return closeRelay(box);
    case "plug-seen":
      plugSeen(box);
      return unpluggedInFault(box);
    case "plug-remembered":
      return plugRemembered(box);
    case "sleep-open":
      return openRelay(box);
    case "fault-seen":
      return faultSeen(box);
    case "pilot-lost":
      box.pilotState = 0;
      return report(box, box.nowMs);
    case "retry":
      return retry(box);
    case "hot-open":
      return hotOpen(box);
    case "relay-check":
      return relayCheck(box);
    case "stuck-check":
      return stuckCheck(box);
    case "heartbeat":
      return heartbeatMissed(box);
    case "second":
      return everySecond(box);
    case "poll":
      return poll(box);
  }
}

function everySecond(box: Box): void {
  if (box.evse !== evse.charging) return;
  schedule(box, "second", box.nowMs + 1000);
  throttle(box);
  const { quarterHours, kWh } = box.limits;
  const seconds = box.accumulatedS + (box.nowMs - box.closedAtMs) / 1000;
  const timeUp = quarterHours > 0 && seconds >= quarterHours * 900;
  if (!timeUp && !(kWh > 0 && box.meter.sessionWs >= kWh * 3_600_000)) return;
  box.limits = { quarterHours: 0, kWh: 0 };
  setFlag(box, vflag.limitSleep, true);
  sleep(box);
  report(box, box.nowMs);
}

function take(box: Box, input: BoxInput): void {
  switch (input.is) {
    case "bytes":
      return bytesCame(box, input.bytes);
    case "plug":
      return plugMoved(box, input.plugged);
    case "car":
      return carMoved(box, input.ready, input.loadMa);
    case "mains":
      if (!input.on) return powerOff(box);
      if (box.power === "off") boot(box);
      return;
    case "fault":
      return faultMoved(box, input.fault);
    case "temperature":
      box.temperatureDeciC = input.deciC;
      if (box.power === "running") schedule(box, "fault-seen", box.nowMs + 30);
      return;
    case "glitch":
      return glitch(box);
    case "reset":
      if (box.power !== "off") boot(box);
      return;
    case "button":
      if (box.power === "running" && box.config.firmware.stateFrame === "AT") {
        say(box, framed(`AN ${input.long ? 1 : 0}`), box.nowMs);
      }
      return;
  }
}

function carMoved(box: Box, ready: boolean, loadMa: number): void {
  box.carReady = ready;
  box.loadMa = loadMa;
  if (box.evse === evse.sleeping && relayClosed(box) && (!ready || loadMa <= 1000)) {
    schedule(box, "sleep-open", Math.min(box.agenda["sleep-open"] ?? box.nowMs, box.nowMs + 30));
  }
  settle(box);
}

/** No state changes and nothing is told, yet the meter takes it for another car. */
function glitch(box: Box): void {
  if (box.power !== "running" || box.pilot === "negative" || !has(box, vflag.connected)) return;
  box.eeprom = { ...box.eeprom, totalWh: box.eeprom.totalWh + meterSessionEnd(box.meter) };
  meterSessionStart(box.meter);
}
