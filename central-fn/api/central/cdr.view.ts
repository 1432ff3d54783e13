// A bill with the explanation of each cent, and bills as comma-separated values: pure, from what is stored.
import * as z from "zod";
import type { TariffRow } from "../../tables/operator-rows.ts";
import type { CdrRow, ReviewRow } from "../../tables/rows.ts";
import { instant } from "../charge-point.view.ts";
import { Receipt, receiptView } from "../driver/past-session.view.ts";
import { Instant } from "../schemas.ts";

const Step = z.object({
  name: z.string(),
  value: z.string(),
  from: z.string().describe("Where the figure comes from"),
});

export const ExplainedCdr = Receipt.extend({
  explanation: z.array(Step).describe("The bill's way from the registers to the cent, step by step"),
  review: z
    .object({
      review_id: z.string(),
      cause: z.string(),
      decision: z.string().nullable(),
      by: z.string().nullable(),
      reason: z.string().nullable(),
      settled_at: Instant.nullable(),
    })
    .nullable()
    .describe("Where somebody had to decide"),
});
export type ExplainedCdr = z.infer<typeof ExplainedCdr>;

/** `tariff` is the history's row of the version under which it was billed, where it is kept. */
export function explainedCdr(
  cdr: CdrRow,
  tariff: TariffRow | undefined,
  review: ReviewRow | undefined,
): ExplainedCdr {
  const { registerStartWh, registerEndWh, energyWh, amountMinor } = cdr;
  const { priceE5PerKwh, version } = cdr.tariff;
  const { journal, epoch, seq } = cdr.event;
  const operator = /^operator:(.+)$/.exec(journal)?.[1];
  const source = operator
    ? `the review that ${operator} settled`
    : `the device's session.ended, journal ${journal}, epoch ${epoch}, event ${seq}`;
  // 10⁻⁵ €/kWh × Wh = 10⁻⁸ €; a cent is 10⁶ of those.
  const exact = BigInt(energyWh) * BigInt(priceE5PerKwh);
  const cents = `${exact / 1_000_000n}.${String(exact % 1_000_000n).padStart(6, "0")}`;
  return {
    ...receiptView(cdr),
    explanation: [
      { name: "register at the start", value: `${registerStartWh} Wh`, from: source },
      { name: "register at the end", value: `${registerEndWh} Wh`, from: source },
      { name: "energy", value: `${energyWh} Wh`, from: `${registerEndWh} Wh − ${registerStartWh} Wh` },
      {
        name: "price",
        value: `${euros(priceE5PerKwh)} €/kWh`,
        from: `tariff version ${version}, frozen when the session was accepted${whose(tariff)}`,
      },
      {
        name: "exact amount",
        value: `${cents} cents`,
        from: `${energyWh} Wh × ${euros(priceE5PerKwh)} €/kWh ÷ 10`,
      },
      { name: "amount", value: `${amountMinor} cents`, from: "rounded once, half a cent up" },
    ],
    review: review
      ? {
          review_id: review.id,
          cause: review.cause,
          decision: review.settled?.decision ?? null,
          by: review.settled?.by ?? null,
          reason: review.settled?.reason ?? null,
          settled_at: instant(review.settled?.atMs ?? null),
        }
      : null,
  };
}

function whose(tariff: TariffRow | undefined): string {
  if (!tariff) return "";
  const since = instant(tariff.fromMs);
  return tariff.source === "operator"
    ? `; set by ${tariff.by} on ${since}`
    : `; named by the charge point on ${since}`;
}

/** 10⁻⁵ € as decimal euros, with at least two decimals. */
function euros(e5: number): string {
  return `${Math.floor(e5 / 100_000)}.${String(e5 % 100_000)
    .padStart(5, "0")
    .replace(/0{1,3}$/, "")}`;
}

export const csvHead = `${[
  "cdr_id",
  "session_id",
  "driver_id",
  "cp_id",
  "vehicle_id",
  "started_at",
  "completed_at",
  "duration_s",
  "register_start_wh",
  "register_end_wh",
  "energy_wh",
  "price_eur_per_kwh",
  "tariff_version",
  "amount_minor",
  "currency",
  "stop_reason",
  "created_at",
].join(",")}\r\n`;

/** One line (RFC 4180). No field can hold a comma, quote or formula: ids, numbers, instants and fixed words. */
export function csvLine(cdr: CdrRow): string {
  const { priceE5PerKwh, version } = cdr.tariff;
  const fields = [
    cdr.cdrId,
    cdr.sid,
    cdr.driver,
    cdr.cp,
    cdr.vehicleId,
    instant(cdr.startedAtMs),
    instant(cdr.endedAtMs),
    cdr.durationMs === null ? null : Math.round(cdr.durationMs / 1_000),
    cdr.registerStartWh,
    cdr.registerEndWh,
    cdr.energyWh,
    euros(priceE5PerKwh),
    version,
    cdr.amountMinor,
    cdr.currency,
    cdr.stopReason,
    instant(cdr.createdAtMs),
  ];
  return `${fields.map((field) => field ?? "").join(",")}\r\n`;
}
