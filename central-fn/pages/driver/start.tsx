// Asking for a charge: now, in line, or at an hour. What it costs stands above the button that asks.

import { useState } from "preact/hooks";
import { goTo } from "../kit/hash-route.ts";
import { orderOf, order as sendOrder } from "../kit/http.ts";
import { Notice } from "../kit/notice.tsx";
import { addresses } from "./addresses.ts";
import { vehicle } from "./choices.ts";
import { Fee } from "./fee.tsx";
import { HourField, hourText, soon } from "./hour-field.tsx";
import { LimitField } from "./limit-field.tsx";
import { useOrder } from "./order.ts";
import { automationOrder } from "./phone-calls.ts";
import { Missing, usePoint } from "./point.tsx";
import { Acts, Screen } from "./screen.tsx";
import { bodyOf, instantOf, newForm, type RequestMode } from "./start.rules.ts";
import { heardPhone, heardSession, own, phone } from "./store.ts";
import { texts } from "./texts.ts";
import { VehicleField } from "./vehicle-field.tsx";

const t = texts.start;
const titles: Record<RequestMode, string> = { start: t.title, wait: t.titleWait, later: t.titleLater };

/** The decision mostly comes within a second: waited for, it is the first thing that is seen. */
const waitS = 3;

export function Start({ cp, mode }: { cp: string; mode: RequestMode }) {
  const { point, gone } = usePoint(cp);
  const [form, setForm] = useState(() => newForm(""));
  const [hour, setHour] = useState(soon);
  const order = useOrder();
  const back = addresses.point(cp);
  if (gone || !point)
    return <Missing title={titles[mode]} text={gone ? texts.point.gone : texts.loading} back={back} />;

  const atMs = mode === "later" ? instantOf(hour, localInstant, Date.now()) : undefined;
  const pauses = phone.value?.automation.on === true && phone.value.automation.requests > 0;
  const change = (next: typeof form) => {
    setForm(next);
    order.renew();
  };
  const send = async () => {
    if (vehicle.value === null) return;
    if (pauses && !(await pauseAutomation())) return;
    const json = bodyOf({ ...form, vehicle: vehicle.value }, cp, { queue: mode === "wait", atMs });
    const call = own((driver_id) =>
      orderOf("POST", "/drivers/:driver_id/requests", { param: { driver_id }, json }),
    );
    const answer = await order.send(call, waitS);
    if (answer?.is !== "ok") return;
    heardSession(answer.body);
    goTo(addresses.session(answer.body.session_id), { replace: true });
  };
  const word = mode === "start" ? t.send : mode === "wait" ? t.sendWait : t.sendLater(hourText(atMs));
  const possible =
    vehicle.value !== null && point.price_eur_per_kwh !== null && (mode !== "later" || atMs !== undefined);
  return (
    <Screen title={titles[mode]} back={back}>
      <p class="faint">
        {point.name} · {cp}
      </p>
      {mode === "later" ? (
        <HourField
          hour={hour}
          atMs={atMs}
          onChange={(next) => {
            setHour(next);
            order.renew();
          }}
        />
      ) : null}
      <VehicleField />
      <LimitField form={form} onChange={change} />
      <Fee form={form} point={point} />
      {pauses ? <Notice tone="info">{t.pauses}</Notice> : null}
      {order.outcome ? (
        <Notice tone={order.outcome.again ? "warning" : "error"}>
          {order.outcome.text} {order.outcome.again ? t.sameKey : ""}
        </Notice>
      ) : null}
      <Acts>
        <button
          type="button"
          class="button-main"
          disabled={order.busy || !possible}
          onClick={() => void send()}
        >
          {order.busy ? t.sending : order.outcome?.again ? t.again : word}
        </button>
      </Acts>
    </Screen>
  );
}

/** By hand and by itself at once would be two drivers with one account. False: the phone did not answer. */
async function pauseAutomation(): Promise<boolean> {
  const answer = await sendOrder(automationOrder(false));
  if (answer.is === "ok") heardPhone(answer.body);
  return answer.is === "ok" || answer.is === "unreachable";
}

function localInstant(days: 0 | 1, hours: number, minutes: number): number {
  const at = new Date();
  at.setDate(at.getDate() + days);
  return at.setHours(hours, minutes, 0, 0);
}
