// A charge point's state as shown changes: history, log lines, and what it means for the session there.
import { keys, type ShownState, type TransitionRow } from "../tables/rows.ts";
import type { CpDraft } from "./draft.ts";
import { goOn, interrupt, running } from "./interruption.ts";

/** Needs the claim's rows; `atMs` is when the state came about, on the bridge's clock. */
export function show(draft: CpDraft, to: ShownState, atMs: number, cause: string): void {
  const { shown } = draft.row;
  const from = shown?.state ?? null;
  if (from === to) return;
  const n = (shown?.n ?? 0) + 1;
  const transition: TransitionRow = { cp: draft.cp, atMs, from, to, cause };
  draft.overwrite(keys.transition(draft.cp, atMs, n), transition);
  draft.change({ shown: { state: to, sinceMs: atMs, cause, n } });
  say(draft, from, to, cause);
  if (to === "ON") goOn(draft);
  else interrupt(draft, to);
}

function say(draft: CpDraft, from: ShownState | null, to: ShownState, cause: string): void {
  const name = `CP ${draft.cp}`;
  if (to === "DISCONNECTED") return draft.warn(`${name} disconnected (${cause})`);
  if (from === "DISCONNECTED") draft.info(`${name} connected again`);
  if (to === "BROKEN") {
    draft.warn(`${name} marked as FAULTY`);
    const session = running(draft);
    if (session) draft.warn(`${name} has active session with ${session.driver}`);
  } else if (from === "BROKEN") draft.info(`${name} fault cleared, now available`);
}
