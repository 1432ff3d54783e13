// How the pages of a list come together while new entries come at its beginning: pure. A list has its newest first.

/**
 * What is held of a list, once its first page was answered anew: what new entries pushed off that page stays behind it,
 * what went from between its entries is gone. Undefined: nobody knows what lies between the two, so much is new.
 */
export function withFirst<T>(
  held: readonly T[],
  first: readonly T[],
  keyOf: (row: T) => string,
): readonly T[] | undefined {
  if (first.length === 0 || held.length === 0) return [...first, ...held];
  const keys = new Set(first.map(keyOf));
  const last = held.findLastIndex((row) => keys.has(keyOf(row)));
  return last < 0 ? undefined : [...first, ...held.slice(last + 1)];
}

/** With the page after it, each entry once. */
export function withNext<T>(held: readonly T[], came: readonly T[], keyOf: (row: T) => string): readonly T[] {
  const keys = new Set(held.map(keyOf));
  return [...held, ...came.filter((row) => !keys.has(keyOf(row)))];
}
