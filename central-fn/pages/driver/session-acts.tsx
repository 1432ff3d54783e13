// The buttons of a session, each with the question that it asks first.

import { useState } from "preact/hooks";
import { Dialog } from "../kit/dialog.tsx";
import { euroText, kwhText } from "../kit/format.ts";
import { addressOf, orderOf } from "../kit/http.ts";
import { Icon } from "../kit/icons.tsx";
import { Notice } from "../kit/notice.tsx";
import { addresses } from "./addresses.ts";
import type { OwnSession } from "./api-types.ts";
import { type Order, useOrder } from "./order.ts";
import { Acts } from "./screen.tsx";
import { actionsOf, endingOf, type SessionAction } from "./session.rules.ts";
import { heardSession, own } from "./store.ts";
import { texts } from "./texts.ts";

const t = texts.session;

interface Question {
  title: string;
  text: string;
  keep: string;
}

export function SessionActs({ session }: { session: OwnSession }) {
  const order = useOrder();
  const [asked, setAsked] = useState<SessionAction | undefined>(undefined);
  const actions = actionsOf(session);
  const question = asked && actions.includes(asked) ? questionOf(asked, session) : undefined;
  const press = (action: SessionAction) => {
    if (questionOf(action, session)) setAsked(action);
    else void perform(action, session, order);
  };
  return (
    <>
      {order.outcome ? (
        <Notice tone={order.outcome.again ? "warning" : "error"}>{order.outcome.text}</Notice>
      ) : null}
      {actions.length > 0 || endingOf(session) ? (
        <Acts>
          {endingOf(session) ? (
            <a class="button" href={addresses.point(session.cp_id)}>
              {t.again}
            </a>
          ) : null}
          {[...actions].reverse().map((action) => (
            <Act key={action} action={action} session={session} busy={order.busy} onPress={press} />
          ))}
        </Acts>
      ) : null}
      {asked && question ? (
        <Dialog title={question.title} closeWord={texts.close} onClose={() => setAsked(undefined)}>
          <p>{question.text}</p>
          <div class="dialog-acts">
            <button type="button" onClick={() => setAsked(undefined)}>
              {question.keep}
            </button>
            <button
              type="button"
              class="button-main button-danger"
              onClick={() => {
                setAsked(undefined);
                void perform(asked, session, order);
              }}
            >
              {t.actions[asked]}
            </button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}

interface ActProps {
  action: SessionAction;
  session: OwnSession;
  busy: boolean;
  onPress(action: SessionAction): void;
}

function Act({ action, session, busy, onPress }: ActProps) {
  if (action === "receipt")
    return (
      <a class="button button-main" href={receiptOf(session) ?? ""} target="_blank" rel="noreferrer">
        <Icon name="print" />
        {t.actions.receipt}
      </a>
    );
  const main = action === "confirm" || action === "stop";
  const danger = action === "stop" ? "button-danger" : "";
  return (
    <button
      type="button"
      class={main ? `button-main ${danger}` : "button-danger"}
      disabled={busy}
      onClick={() => onPress(action)}
    >
      {action === "stop" ? <Icon name="square" /> : null}
      {action === "confirm" ? <Icon name="bolt" /> : null}
      {busy && main ? texts.start.sending : t.actions[action]}
    </button>
  );
}

function questionOf(action: SessionAction, session: OwnSession): Question | undefined {
  switch (action) {
    case "stop": {
      const bill = `${kwhText(session.energy_kwh ?? 0)}, ${euroText(session.cost_eur ?? 0)}`;
      return { title: t.stopSure, text: t.stopSureText(bill), keep: t.stopKeep };
    }
    case "leave-line":
      return { title: t.leaveSure, text: t.leaveSureText, keep: t.leaveKeep };
    case "cancel-start":
      return { title: t.cancelSure, text: t.cancelSureText, keep: t.cancelKeep };
    case "take-back":
      return { title: t.takeBackSure, text: t.takeBackSureText, keep: t.cancelKeep };
    case "confirm":
    case "receipt":
      return undefined;
  }
}

/** The page to print. */
function receiptOf({ session_id }: OwnSession): string | undefined {
  return own((driver_id) =>
    addressOf("/drivers/:driver_id/receipts/:session_id", { param: { driver_id, session_id } }),
  );
}

async function perform(action: SessionAction, session: OwnSession, order: Order): Promise<void> {
  const sid = session.session_id;
  if (action === "confirm" || action === "stop") {
    const call = own((driver_id) =>
      action === "confirm"
        ? orderOf("POST", "/drivers/:driver_id/requests/:request_id/confirm", {
            param: { driver_id, request_id: sid },
          })
        : orderOf("POST", "/drivers/:driver_id/sessions/:session_id/stop", {
            param: { driver_id, session_id: sid },
          }),
    );
    const answer = await order.send(call, 3);
    if (answer?.is === "ok") heardSession(answer.body);
    return;
  }
  if (action === "receipt") return;
  const call = own((driver_id) =>
    orderOf("DELETE", "/drivers/:driver_id/requests/:request_id", { param: { driver_id, request_id: sid } }),
  );
  await order.send(call);
}
