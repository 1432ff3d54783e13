// Framing: the golden vectors, and that no bytes whatever can break it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  checksum,
  emptyFramer,
  encodeCommand,
  type Frame,
  maxFrameLength,
  readFrame,
  takeBytes,
} from "../../../../device-agent/charger/rapi/frames.ts";
import { recordings } from "../recordings.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");
const framed = (body: string) => `${body}^${checksum(body)}`;

function framesOf(text: string, chunkLength = text.length): Frame[] {
  let framer = emptyFramer;
  const frames: Frame[] = [];
  for (let at = 0; at < text.length; at += Math.max(1, chunkLength)) {
    const taken = takeBytes(framer, bytes(text.slice(at, at + Math.max(1, chunkLength))));
    framer = taken.framer;
    frames.push(...taken.frames);
  }
  return frames;
}

describe("commands", () => {
  test("carry sequence id and checksum", () => {
    expect(encodeCommand("GV", 1)).toBe("$GV :01^2E\r");
    expect(encodeCommand("SC 13 V", 0x10)).toBe("$SC 13 V :10^7B\r");
    expect(`$GS^${checksum("$GS")}`).toBe("$GS^30");
  });

  test("are refused when the firmware would drop or misread them", () => {
    expect(() => encodeCommand("GS 1234567890123456789012345678", 1)).toThrow(RangeError);
    expect(() => encodeCommand("SC 10.5 V", 1)).toThrow(RangeError);
    expect(() => encodeCommand("GS", 0)).toThrow(RangeError);
    expect(() => encodeCommand("GS", 256)).toThrow(RangeError);
  });

  test("equal, for every numbered command of the recordings, what was sent there", () => {
    let compared = 0;
    for (const { lines } of recordings())
      for (const { dir, text } of lines) {
        const sent = /^\$(.*) :([0-9A-F]{2})\^..\r$/.exec(text);
        if (dir !== "host" || !sent?.[1] || !sent[2]) continue;
        expect(encodeCommand(sent[1], Number.parseInt(sent[2], 16))).toBe(text);
        compared += 1;
      }
    expect(compared).toBeGreaterThan(400);
  });
});

describe("frames", () => {
  test.each<[string, Frame]>([
    ["$OK 01 0 01 0200^12", { is: "reply", ok: true, args: "01 0 01 0200", sequence: null }],
    ["$OK 8.2.3 5.2.1 :01^34", { is: "reply", ok: true, args: "8.2.3 5.2.1", sequence: 1 }],
    ["$OK :11^3A", { is: "reply", ok: true, args: "", sequence: 0x11 }],
    ["$NK^21", { is: "reply", ok: false, args: "", sequence: null }],
    ["$NK :0A^4A", { is: "reply", ok: false, args: "", sequence: 0x0a }],
    ["$AT 03 03 24 0540^36", { is: "state", state: 3, pilot: 3, amps: 24, vflags: 0x540 }],
    ["$ST fe^00", { is: "state", state: 0xfe, pilot: null, amps: null, vflags: null }],
    ["$AB 00 8.2.3^1E", { is: "boot", selfTest: 0, firmware: "8.2.3" }],
    [framed("$AB 07 8.2.3.EU"), { is: "boot", selfTest: 7, firmware: "8.2.3.EU" }],
    [framed("$AN 1"), { is: "button", long: true }],
    [framed("$AN 0"), { is: "button", long: false }],
    [framed("$WF"), { is: "button", long: true }],
  ])("%s is understood", (text, frame) => {
    expect(readFrame(text)).toEqual(frame);
  });

  test("keep every byte of a serial number", () => {
    const [frame] = framesOf("$OK  JR\u00e1\t\u0017\u00bc52E25C6B :0B^61\r");
    expect(frame).toMatchObject({ args: " JR\u00e1\t\u0017\u00bc52E25C6B", sequence: 0x0b });
  });

  test.each([
    "$OK 01 0 01 0200^21",
    "$OK 01 0 01 0200",
    "$OK",
    "^21",
    "$^24",
    framed("$OKAY"),
    framed("$AT 03 03 24"),
    framed("$AT zz 03 24 0540"),
    framed("$AB"),
    framed("$XY 1"),
  ])("%s is none", (text) => {
    expect(readFrame(text)).toBeNull();
  });

  test("are found after text that is not RAPI, and with the line feed that precedes them", () => {
    const text = "\nrelayCloseMs: 25\r\nrelayHoldPwm: 75\r\n$AT 03 03 13 0540^32\r";
    expect(framesOf(text)).toEqual([{ is: "state", state: 3, pilot: 3, amps: 13, vflags: 0x540 }]);
  });

  test("start anew at a dollar sign in the middle of another", () => {
    expect(framesOf("$OK 03 3 0$AT 03 03 24 0540^36\r")).toHaveLength(1);
  });

  test("are found again after a line without end, of which no more is kept than a frame is long", () => {
    for (const text of [
      `$${"x".repeat(10_000)}`,
      `$${"x".repeat(maxFrameLength - 1)}`,
      `$${"x".repeat(maxFrameLength)}`,
    ])
      expect((takeBytes(emptyFramer, bytes(text)).framer.partial ?? "").length).toBeLessThanOrEqual(
        maxFrameLength,
      );
    expect(framesOf(`$${"x".repeat(10_000)}$NK^21\r`)).toHaveLength(1);
    expect(framesOf(`$${"x".repeat(10_000)}\r$NK^21\r`)).toHaveLength(1);
  });

  test("are all understood in all recordings", () => {
    for (const { name, lines } of recordings())
      for (const { dir, text } of lines) {
        if (dir !== "charger" || !text.includes("$")) continue;
        expect(framesOf(text), `${name}: ${text}`).toHaveLength(1);
      }
  });
});

describe("whatever the bytes", () => {
  /** Noise that contains what a framer must tell apart more often than chance would. */
  const noise = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "$",
          "\r",
          "\n",
          "^",
          "$OK :01^3B\r",
          "$AT 03 03 24 0540^36\r",
          "\n$NK^21\r",
          "$AB 00",
        ),
        fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some).toString("latin1")),
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join(""));

  test("any chunking gives the same frames, nothing throws, and the buffer is bounded", () => {
    fc.assert(
      fc.property(noise, fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 200 }), (text, lengths) => {
        const whole = takeBytes(emptyFramer, bytes(text));
        let framer = emptyFramer;
        const frames: Frame[] = [];
        let damaged = 0;
        let at = 0;
        for (const length of [...lengths, text.length]) {
          const taken = takeBytes(framer, bytes(text.slice(at, at + length)));
          framer = taken.framer;
          expect((framer.partial ?? "").length).toBeLessThanOrEqual(maxFrameLength);
          frames.push(...taken.frames);
          damaged += taken.damaged;
          at += length;
        }
        expect(frames).toEqual(whole.frames);
        expect(framer).toEqual(whole.framer);
        expect(damaged).toBe(whole.damaged);
      }),
      { numRuns: 1_000 },
    );
  });

  test("a frame survives any noise before it, and one flipped bit never gets through", () => {
    const frame = "$OK 46551 0 :43^3E\r";
    fc.assert(
      fc.property(noise, (text) => {
        expect(framesOf(`${text}${frame}`).at(-1)).toEqual({
          is: "reply",
          ok: true,
          args: "46551 0",
          sequence: 0x43,
        });
      }),
    );
    for (let at = 0; at < frame.length - 1; at++)
      for (let bit = 0; bit < 8; bit++) {
        const flipped = bytes(frame);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        const read = framesOf(flipped.toString("latin1"));
        // A hexadecimal digit of the checksum may change its case, and nothing else.
        if (read.length > 0) expect(read[0]).toMatchObject({ args: "46551 0", sequence: 0x43 });
      }
  });
});
