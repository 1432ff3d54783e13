// How an OpenEVSE box of at most 80 A serves a point of any power: it meters through a current transformer, so
// that one ampere at the box stands for `ctRatio` amperes at the connector.

export const mainsVolts = 240;
const greatestAmps = 80;
const smallestAmps = 6; // IEC 61851-1: the pilot offers no less

export interface Wiring {
  /** Secondary side: what the box offers and measures. */
  amps: number;
  ctRatio: number;
}

/** Whole amperes and a whole ratio whose product comes nearest to the power; the smaller ratio wins a tie. */
export function wiringFor(powerW: number): Wiring {
  const least = Math.max(1, Math.ceil(powerW / (mainsVolts * greatestAmps)));
  let best: Wiring & { missW: number } = { amps: 0, ctRatio: 0, missW: Number.POSITIVE_INFINITY };
  for (let ctRatio = least; ctRatio < least + 4; ctRatio++) {
    const exact = Math.round(powerW / (mainsVolts * ctRatio));
    const amps = Math.min(greatestAmps, Math.max(smallestAmps, exact));
    const missW = Math.abs(amps * mainsVolts * ctRatio - powerW);
    if (missW < best.missW) best = { amps, ctRatio, missW };
  }
  return { amps: best.amps, ctRatio: best.ctRatio };
}
