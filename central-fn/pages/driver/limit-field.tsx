// Where charging shall stop: by energy, cost or time, or when the driver says so.
import { minorText, whText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { bounds, chosen, type LimitKind, type StartForm, stepped, withValue } from "./start.rules.ts";
import { texts } from "./texts.ts";

const t = texts.start;
const kinds: readonly LimitKind[] = ["none", "energy", "cost", "time"];
/** The slider stays where people are; steps go further. */
const sliderMost = { energy: 100_000, cost: 5_000, time: 240 };

export function limitText(kind: LimitKind, form: StartForm): string {
  switch (kind) {
    case "none":
      return t.limits.none;
    case "energy":
      return whText(form.energyWh).replace(/\.000/, "");
    case "cost":
      return minorText(form.costMinor);
    case "time":
      return minutesText(form.minutes);
  }
}

/** "45 min", "2 h 5 min" */
export function minutesText(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? "" : ` ${rest} min`}`;
}

export function LimitField({ form, onChange }: { form: StartForm; onChange(form: StartForm): void }) {
  const kind = form.limit;
  return (
    <fieldset class="field">
      <legend>{t.limit}</legend>
      <div class="segments">
        {kinds.map((one) => (
          <label key={one} class="segment">
            <input
              type="radio"
              name="limit"
              checked={kind === one}
              onChange={() => onChange({ ...form, limit: one })}
            />
            <span>{t.limits[one]}</span>
          </label>
        ))}
      </div>
      {kind === "none" ? (
        <p class="faint">{t.noLimitText}</p>
      ) : (
        <div class="stepper">
          <button
            type="button"
            class="button-icon"
            aria-label={t.less}
            disabled={chosen(form, kind) <= bounds[kind].least}
            onClick={() => onChange(stepped(form, kind, -1))}
          >
            <Icon name="minus" size={24} />
          </button>
          <output aria-live="polite">{limitText(kind, form)}</output>
          <button
            type="button"
            class="button-icon"
            aria-label={t.more}
            disabled={chosen(form, kind) >= bounds[kind].most}
            onClick={() => onChange(stepped(form, kind, 1))}
          >
            <Icon name="plus" size={24} />
          </button>
          <input
            type="range"
            aria-label={t.limits[kind]}
            aria-valuetext={limitText(kind, form)}
            min={bounds[kind].least}
            max={Math.max(sliderMost[kind], chosen(form, kind))}
            step={bounds[kind].step}
            value={chosen(form, kind)}
            onInput={(event) => onChange(withValue(form, kind, Number(event.currentTarget.value)))}
          />
        </div>
      )}
    </fieldset>
  );
}
