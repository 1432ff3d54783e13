// From looks taken now and then to spans per charge point and service; which of them a picture needs. Pure.
import type { Act, Look, Sample, Span } from "./record.ts";

export type Rows = Map<string, Span[]>;

/** Extends each row's last span, or begins a new one where state or driver differ. Changes `rows`. */
export function addSample(rows: Rows, atMs: number, sample: Sample): void {
  for (const [name, { look, driver }] of sample) {
    const spans = rows.get(name) ?? [];
    rows.set(name, spans);
    const last = spans.at(-1);
    if (last) last.toMs = atMs;
    if (last?.look !== look || last.driver !== driver) spans.push({ look, driver, fromMs: atMs, toMs: atMs });
  }
}

/** True when nothing happened there: a charge point that was On or charging, a service that ran. */
export function isCalm(spans: readonly Span[]): boolean {
  return spans.every(({ look }) => look === "on" || look === "charging" || look === "running");
}

/** What a charge point was from `fromMs` on other than On or charging; "unknown" (Central away) is no word of it. */
export function troublesOf(spans: readonly Span[], fromMs = 0): Look[] {
  const calm: readonly Look[] = ["on", "charging", "unknown"];
  return spans.filter(({ look, toMs }) => toMs >= fromMs && !calm.includes(look)).map(({ look }) => look);
}

/** The rows worth a place in the picture: whoever had trouble, charged, or was acted upon; in a readable order. */
export function shownRows(rows: ReadonlyMap<string, readonly Span[]>, acts: readonly Act[]): string[] {
  const touched = new Set(acts.flatMap(({ names }) => names));
  // While Central is away nothing is known of anybody: that alone is no reason to show them all.
  const happened = (spans: readonly Span[]) => troublesOf(spans).some((look) => look !== "running");
  return [...rows]
    .filter(
      ([name, spans]) =>
        touched.has(name) || happened(spans) || spans.some(({ look }) => look === "charging"),
    )
    .map(([name]) => name)
    .sort(
      (a, b) =>
        Number(a.startsWith("ev-")) - Number(b.startsWith("ev-")) ||
        a.localeCompare(b, "en", { numeric: true }),
    );
}
