// One run of the fleet's changes: read, compared with what was told, and put into words once for every stream.
//
// 1. An event's id is `<run>-<n>`: of this process and this run. What follows a known id is given again from the last
//    events; any other id, another process's too, gets a snapshot. Nothing depends on memory.
// 2. A snapshot is what was told up to its id, so snapshot and changes together miss and double nothing.
import { randomBytes } from "node:crypto";
import type { Key } from "../../tables/port.ts";
import { staleSince } from "../central/health.ts";
import { holdsDriver } from "../charge-point.view.ts";
import { type ChargePointDetail, chargePointDetail } from "../charge-point-detail.view.ts";
import { type Change, changeOf } from "./change.rules.ts";
import { type Chunk, eventChunk } from "./chunk.ts";
import { countsOf, countsPartitions } from "./counts.ts";
import { openFleetMirror } from "./fleet-mirror.ts";
import type { LiveParts } from "./live.ts";
import type { Stream } from "./streams.ts";

const aliveEveryMs = 5_000;
const countsEveryMs = 30_000;
const countsAtMostEveryMs = 2_000;
/** What can be given again: the last events, as long as they are few and small. */
const keptEvents = 300;
const keptBytes = 8 * 1024 * 1024;

export interface FleetRun {
  begun: Promise<void>;
  /** True: worth a turn at once. */
  notice(keys: readonly Key[]): boolean;
  /** Reads and tells; `inTurn`: also what nobody noticed. Answers whether there was a change. */
  tick(streams: Iterable<Stream>, inTurn: boolean): Promise<boolean>;
  since(lastEventId: string | undefined): Chunk[];
}

export function openFleetRun(parts: LiveParts): FleetRun {
  const { now } = parts;
  const mirror = openFleetMirror(parts.table, parts.partitions, parts.round);
  const name = randomBytes(4).toString("hex");
  const told = new Map<string, ChargePointDetail>();
  const last: { n: number; chunk: Chunk }[] = [];
  let lastBytes = 0;
  let n = 0;
  let head = "";
  let toldAtMs = now();
  let snapshot: { n: number; chunk: Chunk } | undefined;
  let counts: { chunk: Chunk; text: string; atMs: number; nextMs: number } | undefined;
  let countsNoticed = false;

  const at = () => new Date(now()).toISOString();
  const headNow = () => ({
    active_requests: [...mirror.facts.values()].filter(holdsDriver).length,
    feed: { stale_since: staleSince(mirror, parts) },
  });

  const takeIn = (ids: ReadonlySet<string>): { changes: Change[]; removed: string[] } => {
    const changes: Change[] = [];
    const removed: string[] = [];
    for (const id of ids) {
      const facts = mirror.facts.get(id);
      if (!facts || facts.cp.retired) {
        if (told.delete(id)) removed.push(id);
        continue;
      }
      const view = chargePointDetail(facts, true);
      const change = changeOf(told.get(id), view);
      if (!change) continue;
      told.set(id, view);
      changes.push(change);
    }
    return { changes, removed };
  };

  const keep = (chunk: Chunk) => {
    last.push({ n, chunk });
    lastBytes += chunk.plain.byteLength;
    while (last.length > keptEvents || (lastBytes > keptBytes && last.length > 1))
      lastBytes -= last.shift()?.chunk.plain.byteLength ?? 0;
  };

  const refreshCounts = async (): Promise<Chunk | undefined> => {
    const due = countsNoticed ? (counts?.nextMs ?? 0) : (counts?.atMs ?? 0) + countsEveryMs;
    if (now() < due) return undefined;
    countsNoticed = false;
    const beganMs = performance.now();
    const values = await countsOf(parts.table, now());
    // Long lists are counted less often, so that counting never is what this process does.
    const pauseMs = Math.max(countsAtMostEveryMs, 20 * (performance.now() - beganMs));
    const text = JSON.stringify(values);
    const isNews = text !== counts?.text;
    const chunk =
      isNews || !counts ? eventChunk({ event: "counts", data: { at: at(), ...values } }) : counts.chunk;
    counts = { chunk, text, atMs: now(), nextMs: now() + pauseMs };
    return isNews ? chunk : undefined;
  };

  const begin = async () => {
    takeIn(await mirror.refresh(true));
    head = JSON.stringify(headNow());
    await refreshCounts();
  };

  return {
    begun: begin(),
    notice(keys) {
      countsNoticed ||= keys.some(({ pk }) => countsPartitions.has(pk));
      return mirror.notice(keys);
    },
    async tick(streams, inTurn) {
      const { changes, removed } = takeIn(await mirror.refresh(inTurn));
      const headData = headNow();
      const headText = JSON.stringify(headData);
      const isNews = changes.length + removed.length > 0 || headText !== head;
      if (isNews || now() - toldAtMs >= aliveEveryMs) {
        n += 1;
        head = headText;
        toldAtMs = now();
        const data = { at: at(), charging_points: changes, removed, ...headData };
        const chunk = eventChunk({ event: "change", id: `${name}-${n}`, data });
        keep(chunk);
        for (const stream of streams) stream.send(chunk);
      }
      const newCounts = await refreshCounts();
      if (newCounts) for (const stream of streams) stream.send(newCounts);
      return isNews;
    },
    since(lastEventId) {
      const [of, known = ""] = lastEventId?.split("-") ?? [];
      const from = of === name && /^\d{1,15}$/.test(known) ? Number(known) : -1;
      const first = last[0]?.n ?? n + 1;
      const missed =
        from >= first - 1 && from <= n
          ? last.filter((event) => event.n > from).map(({ chunk }) => chunk)
          : [whole()];
      return counts ? [...missed, counts.chunk] : missed;
    },
  };

  function whole(): Chunk {
    if (snapshot?.n !== n) {
      const points = [...told.values()].sort((a, b) => (a.cp_id < b.cp_id ? -1 : 1));
      const data = { at: at(), charging_points: points, ...(JSON.parse(head) as object) };
      snapshot = { n, chunk: eventChunk({ event: "snapshot", id: `${name}-${n}`, data }) };
    }
    return snapshot.chunk;
  }
}
