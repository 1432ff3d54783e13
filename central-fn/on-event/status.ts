// Status reports, last wills and canaries of one partition's batch: one write of the charge point where its state
// changed, one write of the feed for all that was merely heard.
import type { Canary } from "../../wire/messages/index.ts";
import { foldStatus, type StatusItem } from "../rules/health.ts";
import type { Key, Row } from "../tables/port.ts";
import { type CpRow, type FeedRow, keys } from "../tables/rows.ts";
import { CpDraft, claimKeys, Draft, newCpRow } from "./draft.ts";
import { carryOut, readRows, type Steps } from "./execute.ts";
import { nothing, type Plan, type Rows, unread } from "./plan.ts";
import { show } from "./shown.ts";

export interface StatusBatch {
  feed: number;
  items: StatusItem[];
  canaries: { canary: Canary; ingestMs: number }[];
}

/** Between two writes of the feed's row when nothing but time passed; below the canary's interval of 1 s. */
const feedWriteMs = 900;

export function* statusBatch(batch: StatusBatch, nowMs: number): Steps<void> {
  const byCp = new Map<string, StatusItem[]>();
  for (const item of batch.items) {
    const { cp } = item.event;
    byCp.set(cp, [...(byCp.get(cp) ?? []), item]);
  }
  const cps = [...byCp.keys()];
  const [feed, ...rows] = cps.length > 0 ? yield* readRows([keys.feed(batch.feed), ...cps.map(keys.cp)]) : [];
  const before = (feed as Row<FeedRow> | undefined)?.value.heard;
  const heard = new Map<string, number>();
  for (const [i, cp] of cps.entries()) {
    const items = byCp.get(cp) ?? [];
    const row = (rows[i] as Row<CpRow> | undefined)?.value ?? newCpRow(cp);
    const heardMs = before?.[cp] ?? null;
    const folded = foldAll(row, items, heardMs);
    if (folded.heardMs !== null) heard.set(cp, folded.heardMs);
    if (folded.changes) yield* carryOut((read) => planStatus(read, cp, items, heardMs, nowMs), nowMs);
  }
  yield* carryOut((read) => planFeed(read, batch, heard, nowMs), nowMs);
}

function foldAll(
  row: CpRow,
  items: readonly StatusItem[],
  beforeMs: number | null,
): { changes: boolean; heardMs: number | null } {
  let { health } = row;
  let state = row.shown?.state ?? null;
  let heardMs: number | null = null;
  for (const item of items) {
    const folded = foldStatus(health, item, heardMs ?? beforeMs);
    health = folded.health;
    state = folded.state ?? state;
    if (folded.heard) heardMs = Math.max(heardMs ?? 0, item.ingestMs);
  }
  return { changes: health !== row.health || state !== (row.shown?.state ?? null), heardMs };
}

/** Every change of one charge point in the batch, in one commit; `beforeMs`: when it was heard before the batch. */
export function planStatus(
  rows: Rows,
  cp: string,
  items: readonly StatusItem[],
  beforeMs: number | null,
  nowMs: number,
): Plan {
  const key = keys.cp(cp);
  const need = unread(rows, [key]);
  if (need) return need;
  const row = rows.get<CpRow>(key)?.value ?? newCpRow(cp);
  const needClaim = unread(rows, claimKeys(row.claim));
  if (needClaim) return needClaim;
  const draft = new CpDraft(rows, nowMs, cp);
  let heardMs = beforeMs;
  for (const item of items) {
    const { health } = draft.row;
    const folded = foldStatus(health, item, heardMs);
    if (folded.heard) heardMs = Math.max(heardMs ?? 0, item.ingestMs);
    if (folded.health !== health) draft.change({ health: folded.health });
    if (folded.state) show(draft, folded.state, item.ingestMs, folded.cause);
  }
  return draft.decision();
}

/** When the feed itself and each charge point on it were last heard. */
export function planFeed(
  rows: Rows,
  batch: StatusBatch,
  heard: ReadonlyMap<string, number>,
  nowMs: number,
): Plan {
  const key: Key = keys.feed(batch.feed);
  const need = unread(rows, [key]);
  if (need) return need;
  const before = rows.get<FeedRow>(key)?.value ?? { canaryMs: null, bridge: null, heard: {} };
  const feed: FeedRow = { ...before, heard: { ...before.heard } };
  let due = false;
  for (const { canary, ingestMs } of batch.canaries) {
    if (ingestMs <= (feed.canaryMs ?? -1)) continue;
    feed.canaryMs = ingestMs;
    feed.bridge = canary.bridge;
    due ||= ingestMs - (before.canaryMs ?? 0) >= feedWriteMs;
  }
  for (const [cp, atMs] of heard) {
    const known = feed.heard[cp] ?? 0;
    if (atMs <= known) continue;
    feed.heard[cp] = atMs;
    due ||= atMs - known >= feedWriteMs;
  }
  if (!due) return nothing;
  const draft = new Draft(rows, nowMs);
  draft.put(key, feed);
  return draft.decision();
}
