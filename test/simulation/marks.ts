// Invariant 19 for the marks of a charge point's events at rest: no hole is left, and what is done with is forgotten.
import type { CpRow } from "../../central-fn/tables/rows.ts";
import type { SimDevice } from "./device.ts";

const doneAtMost = 12;

export function markFaults({ cp, marks }: CpRow, device: SimDevice): string[] {
  const wrong: string[] = [];
  for (const mark of marks)
    if (mark.window.length > 0 && !device.lostJournals.has(mark.journal) && device.copies.length === 0)
      wrong.push(`19 ${cp}: a hole after event ${mark.mark} of epoch ${mark.epoch} was never filled`);
  // An engine that started often while nobody took its events said so before they were taken; its next hello clears up.
  const pending = pendingAtHello(device);
  const done = marks.filter((mark) => mark.journal !== device.disk.id || mark.epoch < pending);
  if (done.length > doneAtMost) wrong.push(`19 ${cp}: ${done.length} marks are kept`);
  return wrong;
}

/** The oldest epoch that the last hello from this disk called pending. */
function pendingAtHello({ written, disk }: SimDevice): number {
  const hello = written
    .map(({ payload }) => JSON.parse(payload) as Hello)
    .findLast(({ journal, type }) => journal === disk.id && type === "hello");
  return hello?.body.oldestPending.epoch ?? 0;
}

interface Hello {
  journal: string;
  type: string;
  body: { oldestPending: { epoch: number } };
}
