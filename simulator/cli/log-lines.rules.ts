// Lines of several logs as one story: dated, merged by time, each with its service's name before it. Pure.

export interface LogLine {
  name: string;
  /** ISO time of the line; of the line before it for one without a time of its own (a stack). */
  at: string;
  line: string;
}

/** `lastAt`: the time of the line before the first one, if known. */
export function dated(name: string, lines: readonly string[], lastAt = ""): LogLine[] {
  let at = lastAt;
  return lines.map((line) => {
    at = /^\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(line)?.[0] ?? at;
    return { name, at, line };
  });
}

/** In the order of their times; lines of one log, and lines of one instant, stay in the order in which they came. */
export function merged(lines: readonly LogLine[]): LogLine[] {
  return [...lines].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Green, yellow, blue, magenta, cyan, and their bright kin: not red, which says that something is wrong. */
const palette = [32, 33, 34, 35, 36, 92, 93, 94, 95, 96];

/** How each line is shown: with its service's name, padded to the longest, when there are several. */
export function shownAs(names: readonly string[], coloured: boolean): (line: LogLine) => string {
  if (names.length < 2) return ({ line }) => line;
  const width = Math.max(...names.map((name) => name.length));
  const colourOf = new Map(names.map((name, i) => [name, palette[i % palette.length]]));
  return ({ name, line }) => {
    const padded = name.padEnd(width);
    return `${coloured ? `\x1b[${colourOf.get(name)}m${padded}\x1b[0m` : padded} | ${line}`;
  };
}
