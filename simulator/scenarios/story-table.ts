// The live table under a story that is being played: who takes part, and how they stand. Pure.
import { clip, harmless } from "../cli/text.ts";
import type { Glance } from "./witness.ts";

/**
 * At most `rows` lines of at most `columns` characters: services that do not run, then charge points that charge or
 * are not On, and whoever is in `touched`.
 */
export function storyTable(
  glance: Glance,
  touched: ReadonlySet<string>,
  title: string,
  columns: number,
  rows: number,
): string[] {
  const services = glance.services
    .filter(({ name, status }) => status !== "running" || touched.has(name))
    .map(({ name, status }) =>
      line(name, status === "running" ? "●" : "✖", status, "", status === "running" ? 32 : 31),
    );
  const cps =
    glance.cps === null
      ? [line("Central", "?", "does not answer", "", 33)]
      : glance.cps
          .filter(
            ({ cp_id, state, telemetry, engine_state }) =>
              state !== "ON" || telemetry || engine_state === "SUPPLYING" || touched.has(cp_id),
          )
          .map((cp) => {
            const figures = cp.telemetry
              ? `${cp.telemetry.kw?.toFixed(1) ?? "–"} kW  ${cp.telemetry.kwh.toFixed(3)} kWh  € ${cp.telemetry.euros.toFixed(2)}  ${harmless(cp.current_driver ?? "")}`
              : "";
            const [icon, word, color] =
              cp.state === "BROKEN"
                ? ["✖", "Broken", 31]
                : cp.state === "DISCONNECTED"
                  ? ["○", "Disconnected", 90]
                  : cp.engine_state === "SUPPLYING"
                    ? ["▲", "charging", 34]
                    : ["●", "On", 32];
            return line(harmless(cp.cp_id), String(icon), String(word), figures, Number(color));
          });
  const all = [...services, ...cps];
  const room = Math.max(1, rows - 1);
  const shown = all.length > room ? all.slice(0, room - 1) : all;
  const left = all.length - shown.length;
  const more = left > 0 ? [{ text: `  … and ${left} more`, color: 90 }] : [];
  const heading = { text: `── ${title} `.padEnd(columns, "─"), color: 90 };
  return [heading, ...shown, ...more].map(({ text, color }) => `\x1b[${color}m${clip(text, columns)}\x1b[0m`);
}

function line(name: string, icon: string, word: string, more: string, color: number) {
  return { text: `  ${name.padEnd(16)} ${icon} ${word.padEnd(13)} ${more}`.trimEnd(), color };
}
