// Two devices with one disk: the same journal and epoch from another boot. Nothing tells which of them is the real
// one, so the second is not believed, no new session begins, and an operator decides.
//
// The operator switches one of them off, restarts the engine of the other (a new epoch, which is believed again),
// and resumes the charge point.
import { type Envelope, identityText } from "../../wire/messages/index.ts";
import { loseSession } from "./closing.ts";
import type { CpDraft } from "./draft.ts";
import type { Plan } from "./plan.ts";

const clonedCause = "same journal and epoch from another boot: cloned device?";

/** The event of the second device: buried by whoever carries the plan out. `boot` was heard first. */
export function quarantine(draft: CpDraft, event: Envelope, boot: string): Plan {
  const { journal, epoch } = event;
  const known = draft.row.quarantine;
  if (!known || known.journal !== journal || known.epoch !== epoch) {
    const otherBoot = event.at.boot;
    draft.change({
      quarantine: { cause: clonedCause, journal, epoch, boot, otherBoot, sinceMs: draft.nowMs },
    });
    draft.error(
      `ALERT: CP ${draft.cp} needs attention: ${clonedCause} (journal ${journal}, epoch ${epoch}, boot ${boot} and now ${otherBoot}). ` +
        "Switch one of them off, restart the engine of the other, then resume the charge point",
    );
  }
  return { ...draft.decision(), unusable: `${clonedCause} (${identityText(event)})` };
}

/**
 * An operator's word that one device is left. What ran meanwhile may have ended on the other one: it goes to a
 * review and is stopped; an end that comes all the same still bills. Needs the claim's rows.
 */
export function settleQuarantine(draft: CpDraft): void {
  if (!draft.row.quarantine) return;
  draft.change({ quarantine: null });
  loseSession(draft, "cloned device");
  draft.info(`CP ${draft.cp} is out of quarantine`);
}
