// RAPI as the firmware hears and speaks it: framing, checksums, sequence ids and number parsing, quirks included.
//
// 1. Only CR ends a line; `$` starts one anew; anything else outside a frame is ignored.
// 2. A line of 32 or more characters is dropped without a word.
// 3. A bad checksum or more than ten words is answered by `$NK^21`, without sequence id.
// Text is one character per byte (latin1): the firmware's identity is not ASCII.

/** The firmware's receive ring holds 64 bytes, one of which stays free; what comes on top is lost silently. */
export const ringBytes = 63;

const longestLine = 31;
const mostWords = 10;

/** What has been heard of the current line, with its `$`; null outside a frame. */
export type Hearing = string | null;

export type Heard =
  | { is: "command"; words: string[]; seq: number; echo: string }
  | { is: "unreadable"; echo: string };

/** Reads bytes; `rest` are the bytes after the last complete line (an echoing firmware repeats them too). */
export function hear(hearing: Hearing, bytes: string): { hearing: Hearing; heard: Heard[]; rest: string } {
  let line = hearing;
  let echo = "";
  const heard: Heard[] = [];
  for (const char of bytes) {
    echo += char;
    if (char === "$") line = "$";
    else if (line === null) continue;
    else if (line.length > longestLine) line = null;
    else if (char !== "\r") line += char;
    else {
      const words = wordsOf(line.slice(1));
      heard.push(words === null ? { is: "unreadable", echo } : { is: "command", ...sequenced(words), echo });
      line = null;
      echo = "";
    }
  }
  return { hearing: line, heard, rest: echo };
}

/** The words of a line without `$`, or null when its checksum is wrong or it has too many. */
function wordsOf(line: string): string[] | null {
  const words: string[] = [];
  let word = line.slice(0, 1);
  let xor = 0x24 ^ byteAt(line, 0);
  let sum = 0x24 + byteAt(line, 0);
  for (let i = 1; i < line.length; i++) {
    const char = line.charAt(i);
    // Whatever follows the two digits is not looked at.
    if (char === "^") return hexByte(line.slice(i + 1)) === xor ? [...words, word] : null;
    if (char === "*") return hexByte(line.slice(i + 1)) === (sum & 0xff) ? [...words, word] : null;
    xor ^= byteAt(line, i);
    sum += byteAt(line, i);
    if (char !== " ") word += char;
    else if (words.length + 1 >= mostWords) return null;
    else {
      words.push(word);
      word = "";
    }
  }
  return [...words, word];
}

/** Takes the sequence id off; 0 means none, and so does a malformed one. */
function sequenced(words: string[]): { words: string[]; seq: number } {
  const last = words.at(-1) ?? "";
  if (words.length > 1 && last.startsWith(":"))
    return { words: words.slice(0, -1), seq: hexByte(last.slice(1)) };
  return { words, seq: 0 };
}

function byteAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) & 0xff : 0;
}

/** Up to two hexadecimal digits; 0 as soon as one of them is none. */
function hexByte(text: string): number {
  let value = 0;
  for (const char of text.slice(0, 2)) {
    const digit = "0123456789abcdef".indexOf(char.toLowerCase());
    if (digit < 0) return 0;
    value = value * 16 + digit;
  }
  return value;
}

/** Digits without any check, 32 bits wide: `10.5` is 985, `abc` is 5451. */
export function wholeOf(text: string): number {
  const negative = text.startsWith("-");
  let value = 0;
  for (const char of negative ? text.slice(1) : text)
    value = (Math.imul(value, 10) + byteAt(char, 0) - 48) | 0;
  return negative ? -value | 0 : value;
}

/** `$body^XX` and CR. */
export function framed(body: string): string {
  let xor = 0x24;
  for (let i = 0; i < body.length; i++) xor ^= byteAt(body, i);
  return `$${body}^${hex(xor, 2).toUpperCase()}\r`;
}

export function reply(ok: boolean, args: string | null, seq: number): string {
  const tail = seq === 0 ? "" : ` :${hex(seq, 2).toUpperCase()}`;
  return framed(`${ok ? "OK" : "NK"}${args === null ? "" : ` ${args}`}${tail}`);
}

/** Lower case, with leading zeros. */
export function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
