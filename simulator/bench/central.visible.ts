// How long it takes from an event's time stamp in Kafka until GET /cp shows it. One poller looks on; what it sees is
// dated when the answer was there whole.
import type { ChargePointView } from "../../central-fn/api/charge-point.view.ts";
import { quantile } from "./bench-fleet.ts";
import { live } from "./central.life.ts";
import type { Stage } from "./central.writes.ts";

const lookEveryMs = 50;
const flipEveryMs = 2_300;
const lifeS = 18;
const some = 20;

/** Charge points that break and recover, figures that are watched, and sessions that begin, among all others' life. */
export async function visible({ servers, fleet, charging, guests, report }: Stage): Promise<void> {
  report.progress(`how soon it is seen (${lifeS} s) …`);
  const looker = openLooker(servers.url, lookEveryMs);
  const watched = new Map(charging.slice(0, some).map((one) => [one.cp, one]));
  const flipped = guests.slice(-some);
  let isBroken = false;
  const flipping = setInterval(() => {
    isBroken = !isBroken;
    const [engine, shown] = isBroken ? (["KO", "BROKEN"] as const) : (["OK", "ON"] as const);
    const records = flipped.map((cp) => fleet.status(cp, Date.now(), engine));
    for (const { key, timestampMs = 0 } of records)
      looker.expect({
        kind: "a state that changes",
        cp: key,
        atMs: timestampMs,
        isSeen: ({ state }) => state === shown,
      });
    servers.producer.send(records).catch((error: unknown) => {
      throw error;
    });
  }, flipEveryMs);
  // The ordinary reports of those that break would say that they are well.
  const others = { ...fleet, cps: fleet.cps.slice(0, -some) };
  await live(others, servers.producer, {
    seconds: lifeS,
    charging: [...watched.values()],
    flushS: 1,
    guests: { cps: guests.slice(0, -some), everyMs: 250 },
    onSent({ topic, key, timestampMs = 0, value }) {
      const session = watched.get(key);
      if (topic === "cp.telemetry" && session) {
        const toldWh = fleet.sessionWh(session);
        looker.expect({
          kind: "a meter value that is watched",
          cp: key,
          atMs: timestampMs,
          isSeen: ({ energy_wh }) => (energy_wh ?? 0) >= toldWh,
        });
      }
      if (topic === "cp.events" && String(value).includes('"session.started"'))
        looker.expect({
          kind: "a session's start",
          cp: key,
          atMs: timestampMs,
          isSeen: ({ engine_state }) => engine_state === "SUPPLYING",
        });
    },
  });
  clearInterval(flipping);
  const { delays, unseen, looks } = await looker.end(5_000);
  report.title(
    `From an event's time stamp in Kafka to GET /cp (${looks} looks, one every ${lookEveryMs} ms or so)`,
  );
  for (const [kind, ms] of delays) {
    const figures = [0.5, 0.99, 1].map((q) => `${quantile(ms, q).toFixed(0)} ms`);
    report.figure(`${kind}: p50, p99, longest (${ms.length})`, figures.join(", "));
  }
  if (unseen > 0) report.aimed("never seen", String(unseen), "0", false);
}

interface Sight {
  kind: string;
  cp: string;
  /** When the bridge took the event in. */
  atMs: number;
  isSeen(view: ChargePointView): boolean;
}

interface Looker {
  /** Looks for it from now on. */
  expect(sight: Sight): void;
  /** Ends when all was seen, or after `withinMs`; answers with the delays by kind, and what was never seen. */
  end(withinMs: number): Promise<{ delays: Map<string, number[]>; unseen: number; looks: number }>;
}

/** Looks every `everyMs`, one look at a time. */
function openLooker(url: string, everyMs: number): Looker {
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
