// An hour within the next 24, on a clock of 24 hours whatever the device's language.
import { whenText } from "../kit/format.ts";
import { texts } from "./texts.ts";

const t = texts.start;
const two = (n: number) => String(n).padStart(2, "0");
const hours = Array.from({ length: 24 }, (_, n) => two(n));
const minutes = Array.from({ length: 12 }, (_, n) => two(n * 5));

/** An hour ahead, at whole five minutes. */
export function soon(): string {
  const at = new Date(Math.ceil((Date.now() + 3_600_000) / 300_000) * 300_000);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** "today at 18:30" */
export function hourText(atMs: number | undefined): string {
  if (atMs === undefined) return texts.none;
  const isToday = new Date(atMs).toDateString() === new Date().toDateString();
  const hour = whenText(atMs, atMs);
  return isToday ? t.today(hour) : t.tomorrow(hour);
}

export interface HourFieldProps {
  hour: string;
  atMs: number | undefined;
  onChange(hour: string): void;
}

export function HourField({ hour, atMs, onChange }: HourFieldProps) {
  const [h = "00", m = "00"] = hour.split(":");
  return (
    <fieldset class="field">
      <legend>{t.hour}</legend>
      <div class="hour">
        <select
          aria-label={t.hours}
          value={h}
          onChange={(event) => onChange(`${event.currentTarget.value}:${m}`)}
        >
          {hours.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <b aria-hidden="true">:</b>
        <select
          aria-label={t.minutes}
          value={m}
          onChange={(event) => onChange(`${h}:${event.currentTarget.value}`)}
        >
          {minutes.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <span>{hourText(atMs)}</span>
      </div>
      <p class="faint">{t.laterText}</p>
    </fieldset>
  );
}
