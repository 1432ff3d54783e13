// What each RAPI command does to the box and what it answers, per firmware, careless number parsing included.
import { pulse } from "./box.boot.ts";
import {
  assumedMv,
  type Box,
  elapsedS,
  has,
  hwMaxAmps,
  maxAmps,
  relayClosed,
  schedule,
  setFlag,
} from "./box.state.ts";
import { disable, enable, leaveCharging, sleep } from "./box.states.ts";
import { evse, vflag } from "./box.wire.ts";
import { hex, wholeOf } from "./rapi.ts";

/** `extraMs`: what the firmware needs beyond the reply's usual latency. `silent`: never answered. */
export interface Answer {
  ok: boolean;
  args: string | null;
  extraMs: number;
  silent: boolean;
}

const done: Answer = { ok: true, args: null, extraMs: 0, silent: false };
const refused: Answer = { ...done, ok: false };
const told = (args: string): Answer => ({ ...done, args });

/** The firmware looks at two letters of the first word; the rest of that word does not matter. */
export function obey(box: Box, words: readonly string[]): Answer {
  const command = (words[0] ?? "").slice(0, 2);
  switch (command.charAt(0)) {
    case "G":
      return get(box, command);
    case "F":
      return perform(box, command, words);
    case "S":
      return set(box, command, words);
    default:
      return refused;
  }
}

function get(box: Box, command: string): Answer {
  const { firmware } = box.config;
  const old = firmware.stateFrame === "ST";
  switch (command) {
    case "GV":
      return told(`${firmware.name} ${firmware.rapi}`);
    case "GS":
      return told(
        old
          ? `${box.evse} ${shownElapsedS(box)}`
          : `${hex(box.evse, 2)} ${shownElapsedS(box)} ${hex(box.pilotState, 2)} ${hex(box.vflags, 4)}`,
      );
    case "G0":
      return told(box.pilot === "negative" ? "2" : has(box, vflag.connected) ? "1" : "0");
    case "GG":
      return told(`${box.meter.currentMa} ${old ? -1 : assumedMv(box)}`);
    case "GU":
      return told(`${box.meter.sessionWs} ${box.eeprom.totalWh}`);
    case "GC":
      return told(old ? `6 ${hwMaxAmps(box)}` : `6 ${hwMaxAmps(box)} ${box.amps} ${maxAmps(box)}`);
    case "GE":
      return told(`${box.amps} ${box.level === 2 ? "0001" : "0000"}`);
    case "GF": {
      const { gfiTrips, noGroundTrips, stuckRelayTrips } = box.eeprom;
      return told(`${hex(gfiTrips, 1)} ${hex(noGroundTrips, 1)} ${hex(stuckRelayTrips, 1)}`);
    }
    case "GP":
      return told(`${box.temperatureDeciC} ${box.temperatureDeciC} -2560`);
    case "GI":
      return firmware.mcuId ? told(mcuIdText(box.config.mcuId)) : refused;
    case "GY":
      return firmware.heartbeat ? told(heartbeatText(box)) : refused;
    default:
      return refused;
  }
}

function shownElapsedS(box: Box): number {
  const running = box.evse === evse.charging ? Math.floor((box.nowMs - box.closedAtMs) / 1000) : 0;
  return box.evse === evse.charging ? box.accumulatedS + running : elapsedS(box);
}

/** Six bytes go out as they are, after a space too many. */
function mcuIdText(id: string): string {
  const digits = Buffer.from(id.slice(6), "latin1").toString("hex").toUpperCase();
  return ` ${id.slice(0, 6)}${digits}`;
}

function perform(box: Box, command: string, words: readonly string[]): Answer {
  switch (command) {
    case "FE":
      enable(box);
      return { ...done, extraMs: 4 };
    case "FS":
      sleep(box);
      return { ...done, extraMs: 16 };
    case "FD": {
      const before = box.evse;
      disable(box);
      return { ...done, extraMs: before === evse.disabled ? 0 : 8 + box.config.firmware.ms.lock };
    }
    case "FR":
      return restart(box);
    case "FF":
      return feature(box, words);
    case "FC":
      box.eeprom = { ...box.eeprom, totalWh: 0, gfiTrips: 0, noGroundTrips: 0, stuckRelayTrips: 0 };
      return done;
    default:
      return refused;
  }
}

/** The watchdog resets the box a second later; a closed relay first gives the car three seconds to stop. */
function restart(box: Box): Answer {
  leaveCharging(box);
  const afterMs = relayClosed(box) ? 4042 : 1042;
  box.power = "resetting";
  box.pilot = "steady";
  box.agenda = {};
  schedule(box, "reset", box.nowMs + afterMs);
  return { ...done, silent: true };
}

function feature(box: Box, words: readonly string[]): Answer {
  const value = (words[2] ?? "").charCodeAt(0) - 48;
  if (words.length !== 3 || (value !== 0 && value !== 1)) return refused;
  const letter = (words[1] ?? "").charAt(0);
  // The firmware compares the number with the character '0': echo goes on whatever is asked.
  if (letter === "E") box.echo = true;
  return "BDEFGORTV".includes(letter) && letter !== "" ? done : refused;
}

function set(box: Box, command: string, words: readonly string[]): Answer {
  const value = wholeOf(words[1] ?? "");
  switch (command) {
    case "SC":
      return words.length === 2 || words.length === 3 ? setAmps(box, value & 0xff, words[2]) : refused;
    case "SL":
      return setLevel(box, (words[1] ?? "").charAt(0));
    case "SV":
      if (words.length !== 2) return refused;
      box.setMv = value;
      return done;
    case "SK":
      box.eeprom.totalWh = value >>> 0;
      return done;
    case "S3":
    case "SH":
      return setLimit(box, command, value, words.length);
    case "SY":
      return box.config.firmware.heartbeat ? setHeartbeat(box, words) : refused;
    default:
      return refused;
  }
}

function setAmps(box: Box, amps: number, mode: string | undefined): Answer {
  if (mode?.startsWith("M")) return setHwMax(box, amps);
  // Any third word makes it volatile; without one the EEPROM wears a little.
  const volatile = mode !== undefined;
  let ok = false;
  if (box.throttle === "none" || amps <= box.amps) {
    const most = volatile ? maxAmps(box) : hwMaxAmps(box);
    box.amps = Math.min(Math.max(amps, 6), most);
    ok = box.amps === amps;
    if (!volatile) box.eeprom.amps = box.amps;
  }
  return { ok, args: String(box.amps), extraMs: 10, silent: false };
}

/** Possible once in the life of a box. */
function setHwMax(box: Box, amps: number): Answer {
  const ok = box.eeprom.hwMaxAmps === null && amps >= 6 && amps <= box.config.hwMaxAmps;
  if (ok) {
    box.eeprom.hwMaxAmps = amps;
    box.amps = Math.min(box.amps, maxAmps(box));
  }
  return { ...(ok ? done : refused), args: String(hwMaxAmps(box)) };
}

function setLevel(box: Box, level: string): Answer {
  if (level !== "1" && level !== "2" && level !== "A") return refused;
  if (level !== "A") {
    box.level = level === "1" ? 1 : 2;
    box.amps = maxAmps(box);
    setFlag(box, vflag.levelAssumed, false);
  }
  return done;
}

function setLimit(box: Box, command: "S3" | "SH", value: number, count: number): Answer {
  const allowed = box.evse === evse.connected || box.evse === evse.charging;
  if (!box.config.firmware.limits || count !== 2 || !allowed) return refused;
  if (command === "S3") box.limits = { ...box.limits, quarterHours: value & 0xff };
  else box.limits = { ...box.limits, kWh: value & 0xff };
  return done;
}

function setHeartbeat(box: Box, words: readonly string[]): Answer {
  const first = wholeOf(words[1] ?? "");
  let ok = false;
  if (words.length === 1) {
    ok = box.heartbeat.trigger !== 2;
    pulse(box);
  } else if (words.length === 2) {
    // 165 acknowledges a miss; the EEPROM's maximum comes back, not the set-point of before.
    ok = (first & 0xff) === 165;
    if (ok && box.heartbeat.trigger === 2) {
      box.heartbeat = { ...box.heartbeat, trigger: 1 };
      restoreAmps(box);
    }
  } else if (words.length === 3) {
    const intervalS = first & 0xffff;
    if (intervalS === 0 && box.heartbeat.trigger !== 0) restoreAmps(box);
    box.heartbeat = { intervalS, amps: wholeOf(words[2] ?? "") & 0xff, trigger: 0 };
    box.eeprom = { ...box.eeprom, heartbeatS: intervalS, heartbeatAmps: box.heartbeat.amps };
    pulse(box);
    ok = true;
  }
  return { ok, args: heartbeatText(box), extraMs: 8, silent: false };
}

function restoreAmps(box: Box): void {
  if (box.throttle === "none") box.amps = maxAmps(box);
}

function heartbeatText(box: Box): string {
  return `${box.heartbeat.intervalS} ${box.heartbeat.amps} ${box.heartbeat.trigger}`;
}
