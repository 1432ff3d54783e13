// How long it takes from an event's time stamp in Kafka until GET /cp shows it. One poller looks on; what it sees is
// dated when the answer was there whole.
import type { ChargePointView } from "../../central-fn/api/charge-point.view.ts";

export interface Sight {
  kind: string;
  cp: string;
  /** When the bridge took the event in. */
  atMs: number;
  isSeen(view: ChargePointView): boolean;
}

export interface Looker {
  /** Looks for it from now on. */
  expect(sight: Sight): void;
  /** Ends when all was seen, or after `withinMs`; answers with the delays by kind, and what was never seen. */
  end(withinMs: number): Promise<{ delays: Map<string, number[]>; unseen: number; looks: number }>;
}

/** Looks every `everyMs`, one look at a time. */
export function openLooker(url: string, everyMs: number): Looker {
  const open = new Set<Sight>();
  const delays = new Map<string, number[]>();
  let etag = "";
  let looks = 0;
  let ending = false;
  const look = async () => {
    const answer = await fetch(`${url}/cp`, { headers: { "if-none-match": etag } });
    looks += 1;
    if (answer.status === 304) return;
    const body = await answer.text();
    const seenAtMs = Date.now();
    etag = answer.headers.get("etag") ?? "";
    const { charging_points } = JSON.parse(body) as { charging_points: ChargePointView[] };
    const views = new Map(charging_points.map((view) => [view.cp_id, view]));
    for (const sight of open) {
      const view = views.get(sight.cp);
      if (!view || !sight.isSeen(view)) continue;
      open.delete(sight);
      delays.set(sight.kind, [...(delays.get(sight.kind) ?? []), seenAtMs - sight.atMs]);
    }
  };
  const looking = (async () => {
    while (!ending) {
      const beganMs = performance.now();
      await look();
      await new Promise((done) => setTimeout(done, Math.max(0, beganMs + everyMs - performance.now())));
    }
  })();
  return {
    expect: (sight) => void open.add(sight),
    async end(withinMs) {
      const untilMs = performance.now() + withinMs;
      while (open.size > 0 && performance.now() < untilMs)
        await new Promise((done) => setTimeout(done, everyMs));
      ending = true;
      await looking;
      return { delays, unseen: open.size, looks };
    },
  };
}
