// How the command line shows figures: durations, sizes, columns; and how wide a text stands on a terminal.

/** 0.31 s, 12.4 s, 3 min 05 s, 2 h 10 min. */
export function durationText(ms: number): string {
  const s = ms / 1000;
  if (s < 10) return `${s.toFixed(2)} s`;
  if (s < 60) return `${s.toFixed(1)} s`;
  const minutes = Math.floor(s / 60);
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  if (minutes < 60) return `${minutes} min ${two(s % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

export function megabytesText(bytes: number | null): string {
  return bytes === null ? "-" : `${Math.round(bytes / 1_000_000)} MB`;
}

/** Rows as left-aligned columns, two spaces apart; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** Control characters must not reach a terminal: a name from the network could move its cursor or worse. */
export function harmless(text: string): string {
  return Array.from(text)
    .filter((char) => char >= " " && !(char >= "\x7f" && char <= "\x9f"))
    .join("");
}

/** At most `width` characters, the last one an ellipsis when something was cut. */
export function clip(text: string, width: number): string {
  const chars = Array.from(text);
  if (chars.length <= width) return text;
  return width < 1 ? "" : `${chars.slice(0, width - 1).join("")}…`;
}

/** "a", "a and b", "a, b and c". */
export function listText(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
