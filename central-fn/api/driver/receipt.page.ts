// A receipt as a page: plain HTML that prints on one sheet, without script; pure, every value escaped.
import { createHash } from "node:crypto";
import type { Registration, StopReason } from "../../../wire/messages/index.ts";
import type { CdrRow } from "../../tables/rows.ts";

const style = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 34rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; }
p { margin: 0.25rem 0 1.25rem; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.4rem 0; text-align: left; border-bottom: 1px solid #8886; vertical-align: top; }
td { text-align: right; font-variant-numeric: tabular-nums; }
tfoot th, tfoot td { font-size: 1.25rem; border-bottom: 3px double; }
small { display: block; font-weight: normal; }
@page { margin: 20mm; }
@media print { :root { color-scheme: light; font-size: 12pt; } body { max-width: none; margin: 0; padding: 0; } }
`;

/** Lets the page's style, and nothing else inline, through the content security policy. */
export const receiptStyleSource = `'sha256-${createHash("sha256").update(style).digest("base64")}'`;

/** `station` as registered now; null: it is not known any more. */
export function receiptPage(bill: CdrRow, station: Registration | null): string {
  const rows: [string, string][] = [
    ["Charging point", bill.cp],
    ...(station
      ? [["Place", `${station.name}, ${station.address}, ${station.city}`] as [string, string]]
      : []),
    ["Driver", bill.driver],
    ...(bill.vehicleId === null ? [] : [["Vehicle", bill.vehicleId] as [string, string]]),
    ["Started", instantText(bill.startedAtMs)],
    ["Ended", instantText(bill.endedAtMs)],
    ["Duration", bill.durationMs === null ? "not known" : durationText(bill.durationMs)],
    ["Meter at the start", kwhText(bill.registerStartWh)],
    ["Meter at the end", kwhText(bill.registerEndWh)],
    ["Energy", kwhText(bill.energyWh)],
    ["Price", `${priceText(bill.tariff.priceE5PerKwh)} per kWh (tariff ${bill.tariff.version})`],
    ["Ended by", stopTexts[bill.stopReason]],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Receipt ${text(bill.cdrId)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Receipt</h1>
<p>${text(bill.cdrId)}</p>
<table>
<tbody>
${rows.map(([name, value]) => `<tr><th scope="row">${text(name)}</th><td>${text(value)}</td></tr>`).join("\n")}
</tbody>
<tfoot>
<tr><th scope="row">Total<small>${text(formulaText(bill))}</small></th><td>${text(euroText(bill.amountMinor))}</td></tr>
</tfoot>
</table>
</main>
</body>
</html>
`;
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** In UTC, for a receipt is read where its reader is. */
function instantText(atMs: number | null): string {
  if (atMs === null) return "not known";
  return `${new Date(atMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)} h`;
}

function kwhText(wh: number): string {
  return `${Math.floor(wh / 1_000)}.${String(wh % 1_000).padStart(3, "0")} kWh`;
}

function euroText(minor: number): string {
  return `€${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, "0")}`;
}

/** As many decimals as the price has, at least two. */
function priceText(priceE5: number): string {
  return `€${(priceE5 / 100_000).toFixed(5).replace(/0{1,3}$/, "")}`;
}

function formulaText({ energyWh, tariff }: CdrRow): string {
  return `${kwhText(energyWh)} × ${priceText(tariff.priceE5PerKwh)}, rounded to the cent`;
}

const stopTexts: Record<StopReason, string> = {
  Local: "at the charging point",
  Remote: "the driver or the operator",
  EVDisconnected: "the car was unplugged",
  StoppedByEV: "the car",
  PowerLoss: "a power failure",
  Reboot: "a restart of the charging point",
  EmergencyStop: "the emergency stop",
  GroundFault: "a ground fault",
  OvercurrentFault: "too high a current",
  EnergyLimitReached: "the energy limit",
  TimeLimitReached: "the time limit",
  DeAuthorized: "the operator",
  Other: "another cause",
};
