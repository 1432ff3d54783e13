// Is a session billed exactly once, and for what the charger's own meter counted? The bill as its driver sees it, the
// operator's list of bills, the driver's inbox, and the meter at the charger's control socket must all agree.
import * as z from "zod";
import type { Doors } from "./public-doors.ts";

const Past = z.array(
  z.object({
    session_id: z.string(),
    status: z.string(),
    cdr_id: z.string().nullable(),
    energy_kwh: z.number().nullable(),
    cost_eur: z.number().nullable(),
    register_start_wh: z.number().nullable(),
    register_end_wh: z.number().nullable(),
    price_eur_per_kwh: z.number().nullable(),
    stop_reason: z.string().nullable(),
  }),
);
const Cdrs = z.array(z.object({ session_id: z.string() }));
const Inbox = z.array(z.object({ message: z.string(), created_at: z.string().nullable() }));

export interface Bill {
  energyWh: number;
  /** Growth of the engine's register from start to end. */
  registerWh: number;
  priceEurPerKwh: number;
  costEur: number;
  reason: string;
}

/** The bill of a session as its driver's history shows it; undefined until there is one. */
export async function readBill(doors: Doors, driver: string, sid: string): Promise<Bill | undefined> {
  const answer = await doors.asDriver(driver, `/drivers/${driver}/sessions/history?limit=500`);
  if (answer?.status !== 200) return undefined;
  const past = Past.parse(answer.value).find((one) => one.session_id === sid);
  if (!past?.cdr_id || past.status !== "COMPLETED") return undefined;
  const { energy_kwh, cost_eur, price_eur_per_kwh, register_start_wh, register_end_wh } = past;
  if (energy_kwh === null || cost_eur === null || price_eur_per_kwh === null) return undefined;
  if (register_start_wh === null || register_end_wh === null) return undefined;
  return {
    energyWh: Math.round(energy_kwh * 1_000),
    registerWh: register_end_wh - register_start_wh,
    priceEurPerKwh: price_eur_per_kwh,
    costEur: cost_eur,
    reason: past.stop_reason ?? "",
  };
}

/** How often Central's list of bills names the session. */
export async function timesBilled(doors: Doors, sid: string): Promise<number> {
  const answer = await doors.central("/cdrs?limit=1000");
  if (answer?.status !== 200) return 0;
  return Cdrs.parse(answer.value).filter((cdr) => cdr.session_id === sid).length;
}

/** The messages in a driver's inbox, oldest first; null when Central does not answer. */
export async function inboxOf(doors: Doors, driver: string) {
  const answer = await doors.asDriver(driver, `/drivers/${driver}/notifications?after=0&limit=500`);
  return answer?.status === 200 ? Inbox.parse(answer.value) : null;
}

/** Whole Wh at both ends of a session: two of them, and one reading of the meter more. */
const roundingWh = 3;

/**
 * What is wrong with a bill; empty: nothing. `meteredWh`: what the charger's own meter counted meanwhile, of which
 * `unreadWh` may have been forgotten before anybody read it. Pure.
 */
export function billFaults(bill: Bill, meteredWh: number, times: number, unreadWh = 0): string[] {
  const wrong: string[] = [];
  const priceE5 = BigInt(Math.round(bill.priceEurPerKwh * 100_000));
  const cents = Number((BigInt(bill.energyWh) * priceE5 + 500_000n) / 1_000_000n);
  const billedCents = Math.round(bill.costEur * 100);
  if (times !== 1) wrong.push(`billed ${times} times`);
  if (bill.energyWh !== bill.registerWh)
    wrong.push(`billed ${bill.energyWh} Wh, the register grew by ${bill.registerWh} Wh`);
  if (billedCents !== cents) wrong.push(`costs ${billedCents} cents, energy × price is ${cents} cents`);
  const missingWh = meteredWh - bill.energyWh;
  if (missingWh > roundingWh + unreadWh || missingWh < -roundingWh)
    wrong.push(`billed ${bill.energyWh} Wh, the charger's meter counted ${meteredWh.toFixed(1)} Wh`);
  return wrong;
}

export function billText(bill: Bill, meteredWh: number): string {
  return `${bill.energyWh} Wh × €${bill.priceEurPerKwh.toFixed(2)} = €${bill.costEur.toFixed(2)}, charger's meter ${meteredWh.toFixed(1)} Wh (${bill.reason})`;
}
