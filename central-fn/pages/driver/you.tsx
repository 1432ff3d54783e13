// The driver's own page: the switch of the phone's automatic requests, vehicles, the connection, installing.

import { useState } from "preact/hooks";
import { ageText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { Notice } from "../kit/notice.tsx";
import type { PhoneView } from "./api-types.ts";
import { ownVehicles, pickVehicle, removeVehicle, vehicle, vehicles } from "./choices.ts";
import { install, installable } from "./install.ts";
import { useOrder } from "./order.ts";
import { automationOrder } from "./phone-calls.ts";
import { Screen } from "./screen.tsx";
import { confirmedMs, driver, heardPhone, line, phone, serverMs, told } from "./store.ts";
import { texts } from "./texts.ts";
import { NewVehicle } from "./vehicle-field.tsx";

const t = texts.you;

export function You() {
  return (
    <Screen title={t.title}>
      <section class="card rows">
        <p class="row">
          <Icon name="person" />
          <span>
            <span class="faint">{t.driver}</span>
            <br />
            <b>{driver.value ?? texts.none}</b>
          </span>
        </p>
      </section>
      <Automation />
      <Vehicles />
      <Connection />
      <Install />
    </Screen>
  );
}

function Automation() {
  const order = useOrder();
  const automation = phone.value?.automation;
  if (!automation) return null;
  const set = async (on: boolean) => {
    const answer = await order.send(automationOrder(on));
    if (answer?.is === "ok") heardPhone(answer.body);
  };
  return (
    <section class="card you-part" aria-labelledby="automation">
      <div class="switch-row">
        <h2 id="automation">{t.automation}</h2>
        <button
          type="button"
          role="switch"
          class="switch"
          aria-checked={automation.on}
          aria-labelledby="automation"
          disabled={order.busy || automation.requests === 0}
          onClick={() => void set(!automation.on)}
        >
          <span class="switch-knob" />
        </button>
      </div>
      <p class="faint">{t.automationText}</p>
      <p role="status">
        <b>{automation.on ? t.automationOn : t.automationOff}</b> · {automationNow(automation)}
      </p>
      {order.outcome ? <Notice tone="warning">{order.outcome.text}</Notice> : null}
    </section>
  );
}

function automationNow({ requests, on, following, next }: PhoneView["automation"]): string {
  if (requests === 0) return t.automationNone;
  if (following?.by === "list") return t.automationNow(following.cp_id);
  if (on && following) return t.automationWaits(following.cp_id);
  return next ? t.automationNext(next.cp_id, next.number, requests) : t.automationDone;
}

function Vehicles() {
  const [adding, setAdding] = useState(false);
  return (
    <section class="card you-part" aria-labelledby="vehicles">
      <h2 id="vehicles">{t.vehicles}</h2>
      <ul class="vehicles">
        {vehicles.value.map((id) => (
          <li key={id}>
            <label>
              <input
                type="radio"
                name="vehicle"
                checked={vehicle.value === id}
                onChange={() => pickVehicle(id)}
                aria-label={t.vehicleUse(id)}
              />
              <span>
                <b>{id}</b>
                {vehicle.value === id ? <span class="faint"> {t.vehicleInUse}</span> : null}
              </span>
            </label>
            {ownVehicles.value.includes(id) ? (
              <button
                type="button"
                class="button-quiet button-icon"
                aria-label={t.vehicleRemove(id)}
                onClick={() => removeVehicle(id)}
              >
                <Icon name="close" />
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {adding ? (
        <NewVehicle onAdded={() => setAdding(false)} />
      ) : (
        <button type="button" onClick={() => setAdding(true)}>
          <Icon name="plus" />
          {texts.start.addVehicle}
        </button>
      )}
    </section>
  );
}

function Connection() {
  return (
    <section class="card you-part" aria-labelledby="connection">
      <h2 id="connection">{t.connection}</h2>
      <p>
        {line.value.is === "up" ? t.connected : texts.line[line.value.is]}
        {line.value.is === "up" ? ` · ${told.value ? t.live : t.polled(2)}` : ""}
      </p>
      <p class="faint">{t.lastHeard(ageText(confirmedMs.value, serverMs.value))}</p>
    </section>
  );
}

function Install() {
  if (!installable.value) return null;
  return (
    <section class="card you-part" aria-labelledby="install">
      <h2 id="install">{t.install}</h2>
      <p class="faint">{t.installText}</p>
      <button type="button" onClick={install}>
        <Icon name="download" />
        {t.install}
      </button>
    </section>
  );
}
