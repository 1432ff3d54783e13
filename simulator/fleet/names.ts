// Names: a charge point's number, the services of a charge point or driver, and what somebody may have meant.

/** `CP-007` → `7`; an id that is not of that form stays as it is. */
export function numberOf(cp: string): string {
  const digits = /^CP-0*(\d+)$/.exec(cp)?.[1];
  return digits ?? cp;
}

export const serviceNames = {
  kafka: "ev-kafka",
  mqtt: "ev-mqtt",
  bridge: "ev-bridge",
  central: "ev-central",
  table: "ev-table",
  engine: (cp: string) => `ev-cp-e-${numberOf(cp)}`,
  monitor: (cp: string) => `ev-cp-m-${numberOf(cp)}`,
  charger: (cp: string) => `ev-charger-${numberOf(cp)}`,
  driver: (driver: string) => `ev-${driver}`,
} as const;

/** Resolves what was typed: the name itself, or the name without its `ev-`. */
export function resolveName(typed: string, known: readonly string[]): string | undefined {
  if (known.includes(typed)) return typed;
  const full = `ev-${typed}`;
  return known.includes(full) ? full : undefined;
}

/** Up to three known names that differ little from what was typed, the nearest first. */
export function nearNames(typed: string, known: readonly string[]): string[] {
  return known
    .map((name) => ({ name, far: Math.min(distance(typed, name), distance(`ev-${typed}`, name)) }))
    .filter(({ name, far }) => far <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.far - b.far || a.name.localeCompare(b.name, "en", { numeric: true }))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein distance: single-character edits between two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
