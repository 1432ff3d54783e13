// The filters that are not pressed all day: city, plug, power, and from where distances are told.

import { useState } from "preact/hooks";
import { Dialog } from "../kit/dialog.tsx";
import { addressOf } from "../kit/http.ts";
import { useLive } from "../kit/live.ts";
import { Notice } from "../kit/notice.tsx";
import { filters, from } from "./choices.ts";
import {
  type City,
  citiesOf,
  cityNamed,
  connectors,
  type Filters,
  noFilters,
  powersKw,
} from "./find.rules.ts";
import { texts } from "./texts.ts";

const t = texts.find;

export interface FilterSheetProps {
  shown: number;
  more: boolean;
  set(change: Partial<Filters>): void;
  onClose(): void;
}

export function FilterSheet({ shown, more, set, onClose }: FilterSheetProps) {
  // Every point, for the names of their cities; asked for while the sheet is open.
  const all = useLive(addressOf("/charging-points", { query: { limit: 5_000 } }), 60_000)?.data.value;
  const cities = citiesOf(all ?? []);
  const { city, connector, minPowerKw } = filters.value;
  return (
    <Dialog title={t.filters} closeWord={texts.close} onClose={onClose}>
      <label class="field">
        <span>{t.city}</span>
        <select value={city ?? ""} onChange={(event) => set({ city: event.currentTarget.value || null })}>
          <option value="">{t.anyCity}</option>
          {city !== null && !cities.some(({ name }) => name === city) ? (
            <option value={city}>{city}</option>
          ) : null}
          {cities.map(({ name, points }) => (
            <option key={name} value={name}>
              {name} ({points})
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{t.connector}</span>
        <select
          value={connector ?? ""}
          onChange={(event) => set({ connector: event.currentTarget.value || null })}
        >
          <option value="">{t.anyConnector}</option>
          {connectors.map((type) => (
            <option key={type} value={type}>
              {texts.point.connector[type]}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{t.power}</span>
        <select
          value={minPowerKw ?? ""}
          onChange={(event) => set({ minPowerKw: Number(event.currentTarget.value) || null })}
        >
          <option value="">{t.anyPower}</option>
          {powersKw.map((kw) => (
            <option key={kw} value={kw}>
              {t.atLeast(kw)}
            </option>
          ))}
        </select>
      </label>
      <From cities={cities} known={all !== undefined} />
      <div class="dialog-acts">
        <button
          type="button"
          onClick={() => {
            set(noFilters);
            from.value = null;
          }}
        >
          {t.clear}
        </button>
        <button type="button" class="button-main" onClick={onClose}>
          {more ? t.showMany(shown) : t.show(shown)}
        </button>
      </div>
    </Dialog>
  );
}

type Origin = "nowhere" | "here" | "city";

function From({ cities, known }: { cities: readonly City[]; known: boolean }) {
  const [origin, setOrigin] = useState<Origin>(
    from.value === null ? "nowhere" : from.value.name === null ? "here" : "city",
  );
  const [typed, setTyped] = useState(from.value?.name ?? "");
  const [locating, setLocating] = useState<"no" | "now" | "failed">("no");
  const choose = (next: Origin) => {
    setOrigin(next);
    setLocating("no");
    from.value = null;
    if (next === "here") locate();
    if (next === "city") takeCity(typed);
  };
  const locate = () => {
    setLocating("now");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setLocating("no");
        from.value = { name: null, lat: coords.latitude, lon: coords.longitude };
      },
      () => setLocating("failed"),
      { timeout: 15_000, maximumAge: 60_000 },
    );
  };
  const takeCity = (text: string) => {
    setTyped(text);
    const city = cityNamed(cities, text);
    from.value = city ? { name: city.name, lat: city.lat, lon: city.lon } : null;
  };
  const words: Record<Origin, string> = { nowhere: t.fromNowhere, here: t.fromHere, city: t.fromCity };
  return (
    <fieldset class="field">
      <legend>{t.from}</legend>
      <div class="segments">
        {(["nowhere", "here", "city"] as const).map((one) => (
          <label key={one} class="segment">
            <input type="radio" name="from" checked={origin === one} onChange={() => choose(one)} />
            <span>{words[one]}</span>
          </label>
        ))}
      </div>
      {locating === "now" ? <p class="faint">{t.locating}</p> : null}
      {locating === "failed" ? <Notice tone="warning">{t.noPosition}</Notice> : null}
      {origin === "city" ? (
        <>
          <input
            aria-label={t.typeCity}
            list="cities"
            placeholder={t.typeCity}
            value={typed}
            autocomplete="off"
            onInput={(event) => takeCity(event.currentTarget.value)}
          />
          <datalist id="cities">
            {cities.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          {known && typed.trim() !== "" && from.value === null ? (
            <p class="field-wrong">{t.unknownCity(typed.trim())}</p>
          ) : null}
        </>
      ) : null}
    </fieldset>
  );
}
