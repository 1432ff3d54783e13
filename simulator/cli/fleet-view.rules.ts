// The live view: pure, from what GET /cp and the supervisor say to lines of text; and what happened between two
// readings, for a log instead of a screen.
import { clip, harmless } from "./text.ts";

export interface CpReading {
  cp_id: string;
  state: "ON" | "BROKEN" | "DISCONNECTED";
  engine_state: string;
  current_driver: string | null;
  telemetry: { kw: number | null; kwh: number; euros: number; session_id: string } | null;
}

export interface FleetReading {
  /** Null: Central did not answer. */
  cps: CpReading[] | null;
  services: { running: number; all: number; notRunning: string[] };
  /** What a large fleet does per second; null otherwise. */
  figures?: string | null;
}

const looks: Record<CpReading["state"], { icon: string; word: string; color: number }> = {
  ON: { icon: "●", word: "On", color: 32 },
  BROKEN: { icon: "✖", word: "Broken", color: 31 },
  DISCONNECTED: { icon: "○", word: "Disconnected", color: 90 },
};

/** Lines no wider than `columns` and no more than `rows`; the colour never stands alone, a word says the same. */
export function viewLines(reading: FleetReading, title: string, columns: number, rows: number): string[] {
  const { running, all, notRunning } = reading.services;
  const down = notRunning.length > 0 ? `  down: ${notRunning.join(", ")}` : "";
  const head = [
    { text: title, color: 0 },
    { text: `services ${running}/${all}${down}`, color: notRunning.length > 0 ? 33 : 0 },
    ...(reading.figures ? [{ text: reading.figures, color: 0 }] : []),
    { text: "CP       STATUS          ENGINE         kW       kWh        €  DRIVER", color: 1 },
  ];
  const body =
    reading.cps === null
      ? [{ text: "Central does not answer; charging goes on, figures follow when it is back.", color: 33 }]
      : reading.cps.map((cp) => ({ text: cpLine(cp), color: looks[cp.state].color }));
  const room = Math.max(0, rows - head.length - 1);
  const shown = body.length > room ? body.slice(0, Math.max(0, room - 1)) : body;
  const more = body.length - shown.length;
  const foot = [
    ...(more > 0 ? [{ text: `… and ${more} more`, color: 0 }] : []),
    { text: totals(reading.cps ?? []), color: 0 },
  ];
  return [...head, ...shown, ...foot].slice(0, rows).map(({ text, color }) => {
    const cut = clip(text, columns);
    return color === 0 ? cut : `\x1b[${color}m${cut}\x1b[0m`;
  });
}

function cpLine(cp: CpReading): string {
  const { icon, word } = looks[cp.state];
  const figures = cp.telemetry
    ? [cp.telemetry.kw?.toFixed(1) ?? "–", cp.telemetry.kwh.toFixed(3), cp.telemetry.euros.toFixed(2)]
    : ["", "", ""];
  const [kw = "", kwh = "", euros = ""] = figures;
  return [
    harmless(cp.cp_id).padEnd(7),
    ` ${icon} ${word.padEnd(13)}`,
    harmless(cp.engine_state).padEnd(12),
    kw.padStart(5),
    kwh.padStart(9),
    euros.padStart(8),
    ` ${harmless(cp.current_driver ?? "")}`,
  ]
    .join(" ")
    .trimEnd();
}

function totals(cps: readonly CpReading[]): string {
  const charging = cps.filter((cp) => cp.telemetry !== null);
  const kw = charging.reduce((sum, cp) => sum + (cp.telemetry?.kw ?? 0), 0);
  return `${charging.length} of ${cps.length} charging, ${kw.toFixed(1)} kW together · Ctrl-C stops everything`;
}

/** What happened from one reading to the next, one line each. */
export function happenings(before: readonly CpReading[], after: readonly CpReading[]): string[] {
  const known = new Map(before.map((cp) => [cp.cp_id, cp]));
  return after.flatMap((cp) => {
    const id = harmless(cp.cp_id);
    const was = known.get(cp.cp_id);
    const { word } = looks[cp.state];
    const lines: string[] = [];
    if (!was) lines.push(`${id} is known to Central: ${word}`);
    else if (was.state !== cp.state) lines.push(`${id} is ${word} (was ${looks[was.state].word})`);
    const old = was?.telemetry ?? null;
    const now = cp.telemetry;
    if (old && old.session_id !== now?.session_id)
      lines.push(
        `${id} session ${harmless(old.session_id)} ended, last reading ${old.kwh.toFixed(3)} kWh, € ${old.euros.toFixed(2)}`,
      );
    if (now && old?.session_id !== now.session_id)
      lines.push(
        `${id} session ${harmless(now.session_id)} started for ${harmless(cp.current_driver ?? "a driver")}`,
      );
    return lines;
  });
}
