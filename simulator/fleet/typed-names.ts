// From the words of a command line to charge points and drivers: numbers, ranges and every name that a person may
// use for one of them. Pure; what cannot be meant is a Complaint that says what to type instead.
import { Complaint } from "./complaint.ts";

export const greatestNumber = 99_999;
export const longestBatch = 1_000;

/** `11` → `CP-011`. */
export function cpIdOf(n: number): string {
  return `CP-${String(n).padStart(3, "0")}`;
}

/** The number in `11`, `011`, `CP-11`, `cp-011`, `ev-cp-e-11`, `ev-cp-m-11`, `ev-charger-11`; else undefined. */
export function cpNumberIn(typed: string): number | undefined {
  const digits = /^(?:cp-|ev-cp-[em]-|ev-charger-)?0*(\d{1,6})$/i.exec(typed)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** `11`, `11..15`, `11,14,20`, `CP-011..CP-013`: ids in the order typed, each once. Throws a Complaint. */
export function cpIdsIn(typed: string): string[] {
  const ids = new Set<string>();
  for (const part of typed.split(",")) {
    const [first = "", last, ...more] = part.split("..");
    const from = numberOrComplain(first, typed);
    const to = last === undefined ? from : numberOrComplain(last, typed);
    if (more.length > 0 || to < from)
      throw new Complaint(`${typed}: a range goes from the lower to the higher number, as 11..15`);
    if (ids.size + to - from >= longestBatch)
      throw new Complaint(`${typed}: at most ${longestBatch} charge points at once`);
    for (let n = from; n <= to; n++) ids.add(cpIdOf(n));
  }
  return [...ids];
}

function numberOrComplain(typed: string, whole: string): number {
  const n = cpNumberIn(typed.trim());
  if (n !== undefined && n >= 1 && n <= greatestNumber) return n;
  const what = whole === typed ? `"${typed}"` : `"${typed}" in ${whole}`;
  throw new Complaint(
    `${what} is no charge point: type its number from 1 to ${greatestNumber} (11), several (11,14) or a range (11..15)`,
  );
}

/** `frank`, `Frank`, `driver-frank`, `ev-driver-frank` → `driver-frank`. Throws a Complaint. */
export function driverIdIn(typed: string): string {
  const name = typed.toLowerCase().replace(/^(?:ev-)?driver-/, "");
  if (/^[a-z][a-z0-9-]{0,23}$/.test(name)) return `driver-${name}`;
  throw new Complaint(
    `"${typed}" is no driver's name: letters, digits and -, beginning with a letter, at most 24 of them`,
  );
}

export interface TypedDriver {
  id: string;
  /** The port typed after the name. */
  port: number | undefined;
}

/** `frank grace henry`, `frank 8105 grace 8106`: a number is the port of the name before it. Throws a Complaint. */
export function driversIn(words: readonly string[]): TypedDriver[] {
  const drivers: TypedDriver[] = [];
  for (const word of words.flatMap((typed) => typed.split(",")).filter((typed) => typed !== "")) {
    const last = drivers.at(-1);
    if (!/^[\d.+-]/.test(word)) drivers.push({ id: driverIdIn(word), port: undefined });
    else if (last && last.port === undefined) last.port = portIn(word);
    else
      throw new Complaint(`"${word}" follows no driver's name: a port stands after its name, as frank 8105`);
  }
  for (const [i, { id, port }] of drivers.entries()) {
    const twin = drivers.slice(0, i).find((other) => other.id === id || (port && other.port === port));
    if (twin?.id === id) throw new Complaint(`${id} is named twice: each driver once`);
    if (twin) throw new Complaint(`${twin.id} and ${id} cannot both have port ${port}: leave one port out`);
  }
  return drivers;
}

function portIn(word: string): number {
  const port = /^\d{1,5}$/.test(word) ? Number(word) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new Complaint(`"${word}" is no port: a whole number from 1 to 65535`);
}

/** `75`, `75.0`, `0.38`; a comma is no decimal point here. Throws a Complaint that names the thing and its bounds. */
export function amountIn(typed: string, what: string, least: number, most: number, unit: string): number {
  const amount = /^\d+(?:\.\d+)?$|^\.\d+$/.test(typed) ? Number(typed) : Number.NaN;
  if (amount >= least && amount <= most) return amount;
  throw new Complaint(
    `${what} "${typed}": a number from ${least} to ${most} ${unit} is wanted, as in \`ev add-cp 11 22 0.30\``,
  );
}
