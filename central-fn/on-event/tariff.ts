// A charge point's price, by version. The newest word holds, whoever's it is: a registration that repeats a price is
// no new word, so an operator's price outlives restarts and ends when the charge point's own file names another one.
import { operatorKeys, type TariffRow } from "../tables/operator-rows.ts";
import type { CpDraft } from "./draft.ts";

/** Sets 10⁻⁵ € per kWh: the next version, and its row in the history; running sessions keep theirs. */
export function setPrice(
  draft: CpDraft,
  priceE5PerKwh: number,
  word: Pick<TariffRow, "source" | "by" | "reason">,
): number {
  const version = (draft.row.tariff?.version ?? 0) + 1;
  draft.change({ tariff: { version, priceE5PerKwh, currency: "EUR" } });
  const row: TariffRow = {
    cp: draft.cp,
    version,
    priceE5PerKwh,
    currency: "EUR",
    ...word,
    fromMs: draft.nowMs,
  };
  draft.overwrite(operatorKeys.tariff(draft.cp, version), row);
  return version;
}

/** €0.30/kWh; more than two decimals only where they are not zero. */
export function priceText(priceE5PerKwh: number): string {
  return `€${(priceE5PerKwh / 1e5).toFixed(5).replace(/0{1,3}$/, "")}/kWh`;
}
