// Which rows of a long list are in sight: pure geometry, so that thousands of rows cost as much as a screenful.

export interface Slice {
  /** Index of the first row to draw, and of the first that is not. */
  from: number;
  to: number;
}

/** Where each row begins, and, last, where the list ends. */
export function offsetsOf(heights: readonly number[]): number[] {
  const offsets = [0];
  for (const height of heights) offsets.push((offsets.at(-1) ?? 0) + height);
  return offsets;
}

/** Rows that touch the stretch from `top` to `bottom`, and `over` more on either side. */
export function sliceOf(offsets: readonly number[], top: number, bottom: number, over: number): Slice {
  const rows = offsets.length - 1;
  const first = firstEndingAfter(offsets, top);
  const last = firstEndingAfter(offsets, bottom);
  return { from: Math.max(0, first - over), to: Math.min(rows, last + 1 + over) };
}

/** The first row that ends below `y`, by halves. */
function firstEndingAfter(offsets: readonly number[], y: number): number {
  let [low, high] = [0, offsets.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle + 1] ?? Number.POSITIVE_INFINITY) > y) high = middle;
    else low = middle + 1;
  }
  return low;
}
