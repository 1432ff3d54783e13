// What a chaos run amounts to, in a screenful.
import type { Verdict } from "./checker.ts";
import type { History } from "./history.ts";

export function reportLines(
  history: History,
  { wrong, judged }: Verdict,
  missing: readonly string[],
): string[] {
  const { tables, faults } = history;
  const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(0);
  const billedWh = tables.cdrs.reduce((sum, { energyWh }) => sum + energyWh, 0);
  const cents = tables.cdrs.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const records = Object.values(history.kafka).reduce((sum, entries) => sum + entries.length, 0);
  const unknown = history.asks.filter(({ answer }) => answer === "unknown").length;
  const late = history.statuses.filter((look) => look.late).length;
  return [
    `seed ${history.seed}: ${faults.length} faults in ${seconds(history.startedAtMs, history.healedAtMs)} s, quiet ${seconds(history.healedAtMs, history.quietAtMs)} s later`,
    `faults: ${counted(faults.map(({ kind, target }) => `${kind} ${struck(target)}`))}`,
    `sessions: ${tables.sessions.length} (${counted(tables.sessions.map(({ rank }) => rank))})`,
    `bills: ${tables.cdrs.length}, ${(billedWh / 1000).toFixed(3)} kWh, € ${(cents / 100).toFixed(2)}; reviews: ${tables.reviews.length}`,
    `ends: ${counted(tables.cdrs.map(({ stopReason }) => stopReason))}`,
    `seen: ${records} records in Kafka, ${history.acknowledged.length} acknowledgements, ${history.published.length} published events, ${history.journals.length} journals, ${history.asks.length} requests by hand (${unknown} unknown), ${history.glimpses.length} looks at sessions`,
    `status: ${judged.samples} displays of untouched charge points and ${judged.detections} detections judged, looks without an answer in time: ${late}, own delays above 0.4 s: ${history.lags.length}`,
    ...(history.deaths.length > 0
      ? [`ended by themselves: ${history.deaths.map(({ service, why }) => `${service} (${why})`).join("; ")}`]
      : []),
    ...(missing.length > 0 ? [`did not come to rest: ${missing.join("; ")}`] : []),
    ...(wrong.length === 0
      ? ["no invariant was violated"]
      : [`${wrong.length} violations:`, ...wrong.slice(0, 40).map((what) => `  invariant ${what}`)]),
  ];
}

/** "ev-cp-e-3" → "engine", "ev-cp-m-4 → ev-mqtt" → "monitor → mqtt". */
function struck(target: string): string {
  return target
    .replace(/^ev-cp-e-\d+/, "engine")
    .replace(/^ev-cp-m-\d+/, "monitor")
    .replace(/^ev-charger-\d+/, "charger")
    .replace(/^ev-driver-\w+/, "driver")
    .replace(/^CP-\d+/, "box")
    .replace(/^disk of .*/, "disk")
    .replace(/^ev-/, "")
    .replace("→ ev-", "→ ");
}

function counted(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([word, n]) => `${word} ${n}`)
    .join(", ");
}
