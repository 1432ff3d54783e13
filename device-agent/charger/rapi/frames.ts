// RAPI on the wire: commands to text, bytes to frames. Pure; never throws on what a line may carry.
//
// 1. Bytes are Latin-1: a serial number may hold any of them.
// 2. `\r` alone ends a frame; `$` starts one, also in the middle of another; everything else is dropped.
// 3. A frame counts only with a right `^XX` checksum, which the firmware always sends.

export type Frame =
  /** `sequence` null: the charger could not read our frame, or the reply is not to a numbered command. */
  | { is: "reply"; ok: boolean; args: string; sequence: number | null }
  /** `$AB`: the charger has started. `selfTest` is 0 when it found nothing wrong. */
  | { is: "boot"; selfTest: number; firmware: string }
  /** `$AT`, or `$ST` of firmware before 7, which tells the state alone. */
  | { is: "state"; state: number; pilot: number | null; amps: number | null; vflags: number | null }
  | { is: "button"; long: boolean };

/** The firmware silently drops what is longer, the carriage return not counted. */
export const maxCommandLength = 31;
/** Longer than any frame a firmware sends; more without an end is noise. */
export const maxFrameLength = 128;

/** Exclusive or of every character, as two upper-case digits. */
export function checksum(text: string): string {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum ^= text.charCodeAt(i);
  return hex2(sum & 0xff);
}

/** `GS`, 1 → `$GS :01^2B\r`. Throws RangeError for a command that the firmware would drop: a bug of the caller. */
export function encodeCommand(command: string, sequence: number): string {
  if (!/^[A-Z][A-Z0-9]( [A-Z0-9-]+)*$/.test(command)) throw new RangeError(`not a RAPI command: ${command}`);
  if (!Number.isInteger(sequence) || sequence < 1 || sequence > 255)
    throw new RangeError(`sequence id ${sequence} is not within 1 to 255`);
  const numbered = `$${command} :${hex2(sequence)}`;
  const text = `${numbered}^${checksum(numbered)}`;
  if (text.length > maxCommandLength) throw new RangeError(`RAPI command too long: ${command}`);
  return `${text}\r`;
}

/** What of the next frame has arrived; null outside a frame. Never longer than `maxFrameLength`. */
export interface Framer {
  readonly partial: string | null;
}
export const emptyFramer: Framer = { partial: null };

/** Takes a chunk of any size. `damaged` counts frames that ended without a right checksum or a known meaning. */
export function takeBytes(
  framer: Framer,
  chunk: Uint8Array,
): { framer: Framer; frames: Frame[]; damaged: number } {
  const frames: Frame[] = [];
  let damaged = 0;
  let partial = framer.partial;
  for (const byte of chunk) {
    if (byte === 0x24) {
      if (partial !== null) damaged += 1;
      partial = "$";
    } else if (partial !== null && byte === 0x0d) {
      const frame = readFrame(partial);
      if (frame) frames.push(frame);
      else damaged += 1;
      partial = null;
    } else if (partial !== null && partial.length < maxFrameLength) {
      partial += String.fromCharCode(byte);
    } else if (partial !== null) {
      damaged += 1;
      partial = null;
    }
  }
  return { framer: { partial }, frames, damaged };
}

/** A whole frame, `$` to checksum, without its carriage return; null when it is damaged or unknown. */
export function readFrame(text: string): Frame | null {
  const end = text.length - 3;
  if (end < 3 || text[0] !== "$" || text[end] !== "^") return null;
  const checked = text.slice(0, end);
  if (checksum(checked) !== text.slice(end + 1).toUpperCase()) return null;
  const name = checked.slice(1, 3);
  const rest = checked.slice(3);
  if (rest !== "" && rest[0] !== " ") return null;
  if (name === "OK" || name === "NK") return readReply(name === "OK", rest);
  return readAsynchronous(name, rest.trim().split(/ +/));
}

function readReply(ok: boolean, rest: string): Frame {
  const numbered = / :([0-9A-Fa-f]{2})$/.exec(rest);
  // One space parts the arguments from the name; further ones may belong to a serial number.
  const args = (numbered ? rest.slice(0, numbered.index) : rest).slice(1);
  return { is: "reply", ok, args, sequence: numbered?.[1] ? Number.parseInt(numbered[1], 16) : null };
}

function readAsynchronous(name: string, fields: string[]): Frame | null {
  const [first = "", second = "", third = "", fourth = ""] = fields;
  switch (name) {
    case "AB": {
      const selfTest = hexField(first);
      return selfTest === null ? null : { is: "boot", selfTest, firmware: second };
    }
    case "AT": {
      const state = hexField(first);
      const pilot = hexField(second);
      const amps = decimalField(third);
      const vflags = hexField(fourth);
      if (state === null || pilot === null || amps === null || vflags === null) return null;
      return { is: "state", state, pilot, amps, vflags };
    }
    case "ST": {
      const state = hexField(first);
      return state === null ? null : { is: "state", state, pilot: null, amps: null, vflags: null };
    }
    case "AN":
      return { is: "button", long: first === "1" };
    case "WF":
      return { is: "button", long: true };
    default:
      return null;
  }
}

/** 1 to 8 hexadecimal digits, or null. */
export function hexField(text: string | undefined): number | null {
  return text !== undefined && /^[0-9A-Fa-f]{1,8}$/.test(text) ? Number.parseInt(text, 16) : null;
}

/** A whole decimal number of up to 12 digits, perhaps negative, or null. */
export function decimalField(text: string | undefined): number | null {
  return text !== undefined && /^-?[0-9]{1,12}$/.test(text) ? Number(text) : null;
}

function hex2(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, "0");
}
