// Bills against the chargers' own books: every car that got energy is billed once, with its energy.

export interface Bill {
  sid: string;
  cp: string;
  energyWh: number;
}

export interface Served {
  cp: string;
  /** Cars that got energy. */
  served: number;
  meteredWs: number;
}

export interface BillsCheck {
  bills: number;
  served: number;
  billedWh: number;
  meteredWh: number;
  /** One line for each charge point whose books differ, and for each session billed twice. */
  differences: string[];
}

/** Each session's register is read twice in whole Wh: so much may a bill differ. */
const roundingWh = 2;

export function checkBills(bills: readonly Bill[], books: readonly Served[]): BillsCheck {
  const byCp = new Map<string, Bill[]>();
  for (const bill of bills) byCp.set(bill.cp, [...(byCp.get(bill.cp) ?? []), bill]);
  const sids = new Set(bills.map(({ sid }) => sid));
  const twice = bills.length - sids.size;
  const differences = twice > 0 ? [`${twice} bills are for sessions that have another one`] : [];
  for (const { cp, served, meteredWs } of books) {
    const own = byCp.get(cp) ?? [];
    const billedWh = own.reduce((sum, { energyWh }) => sum + energyWh, 0);
    const meteredWh = meteredWs / 3600;
    if (own.length !== served) differences.push(`${cp}: ${served} cars got energy, ${own.length} bills`);
    else if (Math.abs(billedWh - meteredWh) > roundingWh * Math.max(1, served))
      differences.push(`${cp}: ${billedWh} Wh billed, ${meteredWh.toFixed(1)} Wh metered`);
  }
  return {
    bills: bills.length,
    served: books.reduce((sum, { served }) => sum + served, 0),
    billedWh: bills.reduce((sum, { energyWh }) => sum + energyWh, 0),
    meteredWh: Math.round(books.reduce((sum, { meteredWs }) => sum + meteredWs, 0) / 3600),
    differences,
  };
}
