// Whether a page answers, and since when.
import { setTimeout as delay } from "node:timers/promises";

export type PageAnswer = { ok: true; afterMs: number; status: number } | { ok: false; why: string };

/** One GET. Never rejects. */
export async function askPage(url: string, timeoutMs: number): Promise<PageAnswer> {
  const startedMs = performance.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    await response.arrayBuffer();
    const afterMs = performance.now() - startedMs;
    return response.ok
      ? { ok: true, afterMs, status: response.status }
      : { ok: false, why: `it answers ${response.status}` };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const late = error.name === "TimeoutError";
    return { ok: false, why: late ? `no answer within ${timeoutMs} ms` : "nobody listens" };
  }
}

/** Waits for an answer; `afterMs` counts from `startedMs` (of performance.now). */
export async function pageAnswers(url: string, startedMs: number, withinMs: number): Promise<PageAnswer> {
  const until = performance.now() + withinMs;
  for (;;) {
    const answer = await askPage(url, 2_000);
    if (answer.ok) return { ...answer, afterMs: performance.now() - startedMs };
    if (performance.now() > until) return answer;
    await delay(50);
  }
}
