// Which vehicle: one of those that are known, or a new one.
import { useState } from "preact/hooks";
import { Icon } from "../kit/icons.tsx";
import { addVehicle, pickVehicle, vehicle, vehicles } from "./choices.ts";
import { vehicleId } from "./start.rules.ts";
import { texts } from "./texts.ts";

const t = texts.start;

export function VehicleField() {
  const [adding, setAdding] = useState(false);
  const open = adding || vehicles.value.length === 0;
  return (
    <fieldset class="field">
      <legend>{t.vehicle}</legend>
      <div class="chips chips-wrap">
        {vehicles.value.map((id) => (
          <label key={id} class={`chip ${vehicle.value === id ? "chip-on" : ""}`}>
            <input
              type="radio"
              name="vehicle"
              checked={vehicle.value === id}
              onChange={() => pickVehicle(id)}
            />
            <Icon name="car" size={18} />
            {id}
          </label>
        ))}
        {open ? null : (
          <button type="button" class="chip" onClick={() => setAdding(true)}>
            <Icon name="plus" size={18} />
            {t.addVehicle}
          </button>
        )}
      </div>
      {open ? <NewVehicle onAdded={() => setAdding(false)} /> : null}
    </fieldset>
  );
}

export function NewVehicle({ onAdded }: { onAdded(): void }) {
  const [typed, setTyped] = useState("");
  const id = vehicleId(typed);
  return (
    <form
      class="beside"
      onSubmit={(event) => {
        event.preventDefault();
        if (id === null) return;
        addVehicle(id);
        onAdded();
      }}
    >
      <label class="field">
        <span>{t.vehicleName}</span>
        <input
          value={typed}
          maxLength={40}
          autocomplete="off"
          autocapitalize="characters"
          enterkeyhint="done"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={id === null}>
        {t.add}
      </button>
    </form>
  );
}
