// Status reports, last wills and canaries of one partition's batch: one write of the charge point where its state
// changed, one write of the feed's row for all that was merely heard.
import type { Canary } from "../../wire/messages/index.ts";
import { afterHearing, isAnyOld, isRowOld } from "../rules/feeds.ts";
import { foldStatus, isLate, type StatusItem } from "../rules/health.ts";
import type { Row } from "../tables/port.ts";
import { type CpRow, type FeedsRow, keys } from "../tables/rows.ts";
import { CpDraft, claimKeys, Draft, newCpRow } from "./draft.ts";
import { carryOut, readRows, type Steps } from "./execute.ts";
import { HeardMemory } from "./heard.ts";
import { nothing, type Plan, type Rows, unread } from "./plan.ts";
import { show } from "./shown.ts";

export interface StatusBatch {
  feed: number;
  items: StatusItem[];
  canaries: { canary: Canary; ingestMs: number }[];
}

/** `memory` outlives the batch where the process does: what is merely heard then waits in it to be written. */
export function* statusBatch(
  batch: StatusBatch,
  nowMs: number,
  memory: HeardMemory = new HeardMemory(false),
): Steps<void> {
  const { feed } = batch;
  const byCp = new Map<string, StatusItem[]>();
  for (const item of batch.items) {
    const items = byCp.get(item.event.cp);
    if (items) items.push(item);
    else byCp.set(item.event.cp, [item]);
  }
  const cps = [...byCp.keys()];
  const rows = (cps.length > 0 ? yield* readRows(cps.map(keys.cp), memory.known) : []) as (
    | Row<CpRow>
    | undefined
  )[];
  for (const row of rows) if (row) memory.noteRow(row);
  const before = yield* heardBefore(batch, rows);
  let isChanged = false;
  for (const [i, cp] of cps.entries()) {
    const items = byCp.get(cp) ?? [];
    const row = rows[i]?.value ?? newCpRow(cp);
    const heardMs = memory.cpMs(feed, cp) ?? before?.[cp] ?? null;
    const folded = foldAll(row, items, heardMs);
    if (folded.changes) yield* carryOut((read) => planStatus(read, cp, items, heardMs, nowMs), nowMs);
    if (folded.heardMs !== null) memory.noteCp(feed, cp, folded.heardMs);
    isChanged ||= folded.changes && folded.heardMs !== null;
  }
  // After the reports: another feed's batch, which writes the same row meanwhile, must not tell of a canary that makes
  // those look old whose reports are still being worked off.
  for (const { canary, ingestMs } of batch.canaries) memory.noteCanary(feed, canary, ingestMs);
  if (!isChanged && !memory.isDue(feed)) return;
  let stored: FeedsRow | undefined;
  const plan = (read: Rows): Plan => {
    const planned = planFeeds(read, feed, memory, isChanged, nowMs);
    if (!("need" in planned)) {
      const [write] = planned.writes;
      stored = write?.do === "put" ? (write.value as FeedsRow) : read.get<FeedsRow>(keys.feeds(feed))?.value;
    }
    return planned;
  };
  memory.isWritten(feed, true);
  try {
    yield* carryOut(plan, nowMs);
  } finally {
    memory.isWritten(feed, false);
  }
  if (stored) memory.isStored(feed, stored);
}

/** When those were heard whose reports seem late; the others' order needs no clock. */
function* heardBefore(
  batch: StatusBatch,
  rows: readonly (Row<CpRow> | undefined)[],
): Steps<FeedsRow["heard"] | undefined> {
  const known = new Map(rows.map((row) => [row?.value.cp, row?.value.health]));
  const seemsLate = batch.items.some((item) => {
    const health = known.get(item.event.cp);
    return item.is === "report" && health ? isLate(health, item) : false;
  });
  if (!seemsLate) return undefined;
  const [row] = yield* readRows([keys.feeds(batch.feed)]);
  return (row as Row<FeedsRow> | undefined)?.value.heard;
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

/** The row of a feed with all that is kept for it, when it is time; at once when a state has changed. */
export function planFeeds(
  rows: Rows,
  feed: number,
  memory: HeardMemory,
  isChanged: boolean,
  nowMs: number,
): Plan {
  const key = keys.feeds(feed);
  const need = unread(rows, [key]);
  if (need) return need;
  const before = rows.get<FeedsRow>(key)?.value;
  const heard = memory.heard(feed);
  const next = afterHearing(before, heard);
  if (!next) return nothing;
  const isDue = memory.lasts
    ? isChanged || isRowOld(before, next.atMs, heard.canaries)
    : isAnyOld(before, next);
  if (!isDue) return nothing;
  const draft = new Draft(rows, nowMs);
  draft.put(key, next);
  return draft.decision();
}
