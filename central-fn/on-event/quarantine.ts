// Two devices with one disk. Nothing tells which of them is the real one, so the second is not believed, no new
// session begins, and an operator decides.
//
// The operator switches one of them off, restarts engine and monitor of the other (a new epoch is believed again;
// the first may still be one that its copy has used, the next is not), and resumes the charge point.
import { type Envelope, identityText } from "../../wire/messages/index.ts";
import { type CloneSign, giveUpHoles } from "../rules/marks.ts";
import { loseSession } from "./closing.ts";
import type { CpDraft } from "./draft.ts";
import type { Plan } from "./plan.ts";

/** No new session until an operator has seen to it. */
export function callOperator(draft: CpDraft, event: Envelope, sign: CloneSign): void {
  const { cause, boot } = sign;
  const { journal, epoch } = event;
  const known = draft.row.quarantine;
  if (!known || known.journal !== journal || known.epoch !== epoch) {
    const otherBoot = event.at.boot;
    draft.change({
      quarantine: { cause, journal, epoch, boot, otherBoot, sinceMs: draft.nowMs },
    });
    draft.error(
      `ALERT: CP ${draft.cp} needs attention: ${cause} (journal ${journal}, epoch ${epoch}, boot ${boot} and now ${otherBoot}). ` +
        "Switch one of them off, restart engine and monitor of the other, then resume the charge point; do it again if it is still not believed",
    );
  }
}

/** The event of the second device: buried by whoever carries the plan out. */
export function unbelieved(draft: CpDraft, event: Envelope, { cause }: CloneSign): Plan {
  // Two engines under one name push each other off the broker and greet once a second: a greeting holds no figure.
  if (event.type === "hello") return draft.decision();
  return { ...draft.decision(), unusable: `${cause} (${identityText(event)})` };
}

/**
 * An operator's word that one device is left. What ran meanwhile may have ended on the other one: it goes to a
 * review and is stopped; an end that comes all the same still bills. Needs the claim's rows.
 */
export function settleQuarantine(draft: CpDraft): void {
  if (!draft.row.quarantine) return;
  // The monitor of the other one may have counted further than this one's: the next report counts, whatever its number.
  // What one was told was received, the other may never have sent: a device that waited for it would never forget.
  draft.change({ quarantine: null, health: null, marks: giveUpHoles(draft.row.marks) });
  loseSession(draft, "cloned device");
  draft.info(`CP ${draft.cp} is out of quarantine`);
}
