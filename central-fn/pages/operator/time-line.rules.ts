// A charge point's status as stretches that follow each other without gaps, from its faults. Pure.
import type { Fault } from "./api-types.ts";

export interface Segment {
  state: "ON" | "BROKEN" | "DISCONNECTED" | "unknown";
  fromMs: number;
  toMs: number;
  cause: string;
}

/**
 * `faults` newest first, as the API gives them; `sinceMs`: when it registered, before which nothing is known. Between
 * faults it was On. Faults drawn last lie above.
 */
export function segmentsOf(
  faults: readonly Fault[],
  sinceMs: number | undefined,
  fromMs: number,
  nowMs: number,
): Segment[] {
  const segments: Segment[] = [];
  const knownFromMs = Math.min(
    nowMs,
    Math.max(fromMs, Math.min(sinceMs ?? nowMs, ...faults.map(({ start }) => ms(start) ?? nowMs))),
  );
  if (knownFromMs > fromMs) segments.push({ state: "unknown", fromMs, toMs: knownFromMs, cause: "" });
  let reachedMs = knownFromMs;
  for (const { state, start, end, cause } of faults.toReversed()) {
    const beginMs = Math.max(reachedMs, ms(start) ?? fromMs);
    const endMs = Math.min(nowMs, ms(end) ?? nowMs);
    if (endMs <= reachedMs) continue;
    if (beginMs > reachedMs) segments.push({ state: "ON", fromMs: reachedMs, toMs: beginMs, cause: "" });
    segments.push({ state, fromMs: beginMs, toMs: endMs, cause });
    reachedMs = endMs;
  }
  if (reachedMs < nowMs) segments.push({ state: "ON", fromMs: reachedMs, toMs: nowMs, cause: "" });
  return segments;
}

function ms(at: string | null): number | undefined {
  return at === null ? undefined : Date.parse(at);
}
