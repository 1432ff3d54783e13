// What drivers saw: a request is one session however often it is asked, nothing accepted is lost, statuses never go
// back, every message comes once and in order. No answer at all is unknown and proves nothing.
import type { Evidence } from "./evidence.ts";
import type { Glimpse } from "./history.ts";

/** A late end outranks a failure (rules/session.ts); everything else that is over stays as it is. */
const order: Record<string, number> = {
  PENDING: 0,
  APPROVED: 1,
  CHARGING: 2,
  DENIED: 3,
  CANCELLED: 3,
  FAILED: 3,
  STOPPED: 3,
  COMPLETED: 4,
};

export function driversFaults({ history }: Evidence): string[] {
  const wrong: string[] = [];
  const sessions = new Set(history.tables.sessions.map(({ sid }) => sid));
  for (const { key, sids, answer } of history.asks) {
    if (new Set(sids).size > 1) wrong.push(`7 request ${key} became ${[...new Set(sids)].join(" and ")}`);
    if (answer === "accepted" && sids.some((sid) => !sessions.has(sid)))
      wrong.push(`13 request ${key} was accepted and is lost`);
  }
  wrong.push(...rankFaults(history.glimpses));
  for (const [driver, messages] of Object.entries(history.read)) {
    const stored = history.tables.inboxes[driver] ?? [];
    messages.forEach(({ sequence, message }, i) => {
      if (sequence !== i + 1) wrong.push(`12 ${driver} read message ${sequence} as number ${i + 1}`);
      if (stored[sequence - 1]?.message !== message)
        wrong.push(`12 ${driver}: message ${sequence} read "${message}", stored is another`);
    });
  }
  return wrong;
}

/** Only a look that began after another had ended can show that something fell. */
function rankFaults(glimpses: readonly Glimpse[]): string[] {
  const bySid = new Map<string, Glimpse[]>();
  for (const glimpse of glimpses) bySid.set(glimpse.sid, [...(bySid.get(glimpse.sid) ?? []), glimpse]);
  const wrong: string[] = [];
  for (const [sid, seen] of bySid) {
    const falls = seen.flatMap((later) => {
      const before = seen.find(
        (earlier) => earlier.toMs < later.fromMs && fell(earlier.status, later.status),
      );
      return before ? [`11 ${sid} was ${before.status}, then ${later.status}`] : [];
    });
    wrong.push(...new Set(falls));
  }
  return wrong;
}

function fell(from: string, to: string): boolean {
  const [before, after] = [order[from] ?? 0, order[to] ?? 0];
  return after < before || (after === before && before === 3 && from !== to);
}
