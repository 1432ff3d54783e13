// hello: the engine is there. It is told the highest fence given out, gets every open command again, and old
// epochs are forgotten.
import { Hello } from "../../wire/messages/index.ts";
import { forgetBefore } from "../rules/marks.ts";
import { operatorKeys } from "../tables/operator-rows.ts";
import { type DeviceEvent, eventRoute } from "./device-event.ts";
import type { CpDraft } from "./draft.ts";
import { unparkAgain } from "./operator-letters.ts";
import { publication } from "./published.ts";

export const hello = eventRoute<Hello>({
  schema: Hello,
  watermark: true,
  keys: ({ event }) => [operatorKeys.unparked(event.cp)],
  connector: (body) => body.connector,
  firmware: (body) => body.firmware,
  apply(of, draft) {
    const { event, body } = of;
    draft.change({ marks: forgetBefore(draft.row.marks, event.journal, body.oldestPending) });
    welcome(of, draft);
  },
  // Its welcome was lost, or never sent.
  again: welcome,
});

function welcome({ event }: DeviceEvent<Hello>, draft: CpDraft): void {
  const { cp, journal, epoch } = event;
  draft.send({
    to: "cp",
    cp,
    message: { kind: "welcome", v: 1, cp, journal, epoch, fenceFloor: draft.row.fence },
  });
  unparkAgain(draft, journal);
  for (const open of draft.row.commands) draft.send(publication(cp, open));
}
