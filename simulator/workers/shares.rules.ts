// Which of a large fleet's charge points live in which worker. A charge point stays with its worker when the fleet
// grows, for its journal lies there; one that has a file of its own is a process of its own and left out.

export interface Share {
  /** From 1. */
  worker: number;
  first: number;
  last: number;
  /** Numbers in between that are not its own. */
  except: number[];
}

/** Shares of `1…total` in blocks of `perWorker`; a block that is left with nothing has none. */
export function sharesOf(total: number, perWorker: number, except: ReadonlySet<number>): Share[] {
  const shares: Share[] = [];
  for (let first = 1, worker = 1; first <= total; first += perWorker, worker += 1) {
    const last = Math.min(total, first + perWorker - 1);
    const missing = [...except].filter((n) => n >= first && n <= last).sort((a, b) => a - b);
    if (missing.length < last - first + 1) shares.push({ worker, first, last, except: missing });
  }
  return shares;
}

export function sizeOf(share: Share): number {
  return share.last - share.first + 1 - share.except.length;
}

/** The numbers of a share, ascending. */
export function numbersOf(share: Omit<Share, "worker">): number[] {
  const except = new Set(share.except);
  const all = Array.from({ length: share.last - share.first + 1 }, (_, i) => share.first + i);
  return all.filter((n) => !except.has(n));
}
