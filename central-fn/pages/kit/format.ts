// Figures and times as people read them: English words, euros, a 24-hour clock of the reader's own time zone.
const numberOf = (digits: number) =>
  new Intl.NumberFormat("en-IE", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const whole = numberOf(0);
const one = numberOf(1);
const three = numberOf(3);
const money = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });
const unitPrice = new Intl.NumberFormat("en-IE", {
  style: "currency",
  currency: "EUR",
  minimumFractionDigits: 2,
  maximumFractionDigits: 5,
});
const clockFormat = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", hour12: false });
const shortClockFormat = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", hour12: false });
const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayYearFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** Stands where nothing is known. */
export const unknown = "–";

type Maybe<T> = T | null | undefined;
const known = <T>(value: Maybe<T>, text: (value: T) => string): string =>
  value === null || value === undefined ? unknown : text(value);

export const count = (n: Maybe<number>) => known(n, (value) => whole.format(value));
/** A figure whose unit stands elsewhere. */
export const oneDecimal = (value: Maybe<number>) => known(value, (n) => one.format(n));
/** Kilowatts, with unit. */
export const kwText = (kw: Maybe<number>) => known(kw, (value) => `${one.format(value)} kW`);
/** Kilowatt-hours, with unit; three decimals, since every Wh is billed. */
export const kwhText = (kwh: Maybe<number>) => known(kwh, (value) => `${three.format(value)} kWh`);
export const whText = (wh: Maybe<number>) => known(wh, (value) => kwhText(value / 1_000));
export const euroText = (euros: Maybe<number>) => known(euros, (value) => money.format(value));
/** Cents to euros. */
export const minorText = (cents: Maybe<number>) => known(cents, (value) => money.format(value / 100));
export const priceText = (eurPerKwh: Maybe<number>) =>
  known(eurPerKwh, (value) => `${unitPrice.format(value)}/kWh`);
export const kmText = (km: Maybe<number>) =>
  known(km, (value) => (value < 1 ? `${Math.round(value * 1_000)} m` : `${one.format(value)} km`));

/** An instant as the API writes it, or milliseconds; undefined when it is none. */
export function msOf(at: Maybe<string | number>): number | undefined {
  if (at === null || at === undefined) return undefined;
  const ms = typeof at === "number" ? at : Date.parse(at);
  return Number.isFinite(ms) ? ms : undefined;
}

/** 14:03:27 */
export const clockText = (at: Maybe<string | number>) => known(msOf(at), (ms) => clockFormat.format(ms));

/** 14:03 today, "3 May, 14:03" on another day, with the year in another year. */
export function whenText(at: Maybe<string | number>, nowMs: number): string {
  return known(msOf(at), (ms) => {
    const time = shortClockFormat.format(ms);
    const [then, now] = [new Date(ms), new Date(nowMs)];
    if (then.toDateString() === now.toDateString()) return time;
    const day = then.getFullYear() === now.getFullYear() ? dayFormat : dayYearFormat;
    return `${day.format(ms)}, ${time}`;
  });
}

/** 8 s, 3 min, 2 h 5 min, 3 d 4 h. */
export function durationText(ms: Maybe<number>): string {
  return known(ms, (value) => {
    const seconds = Math.max(0, Math.floor(value / 1_000));
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
    const days = Math.floor(hours / 24);
    return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
  });
}

/** 0:42, 12:05, 1:02:09: a time that runs. */
export function stopwatchText(ms: Maybe<number>): string {
  return known(ms, (value) => {
    const seconds = Math.max(0, Math.floor(value / 1_000));
    const two = (n: number) => String(n).padStart(2, "0");
    const hours = Math.floor(seconds / 3_600);
    const minutes = Math.floor(seconds / 60) % 60;
    return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  });
}

/** "now", "40 s old": how old something is that should be fresh. */
export function ageText(atMs: Maybe<number>, nowMs: number): string {
  return known(atMs, (ms) => (nowMs - ms < 3_000 ? "now" : `${durationText(nowMs - ms)} old`));
}
