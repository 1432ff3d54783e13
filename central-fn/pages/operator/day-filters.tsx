// Filters of lists over days; they stand in the address, so that a view can be sent to somebody.
import type { ComponentChildren } from "preact";
import { goTo, hrefOf, place } from "../kit/hash-route.ts";
import { texts } from "./texts.ts";

/** The address's filters as the API's query. */
export function listQuery<Name extends string>(names: readonly Name[]): Partial<Record<Name, string>> {
  const given = place.value.query;
  const query: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = given.get(name);
    if (value) query[name] = value;
  }
  return query;
}

function setFilter(name: string, value: string): void {
  const { path, query } = place.peek();
  goTo(hrefOf(path, { ...Object.fromEntries(query), [name]: value }), { replace: true });
}

export function Filters({ children }: { children: ComponentChildren }) {
  return <search class="filters">{children}</search>;
}

export function DayFilters() {
  return (
    <>
      <DayFilter name="from" word={texts.sessions.from} />
      <DayFilter name="to" word={texts.sessions.to} />
    </>
  );
}

function DayFilter({ name, word }: { name: string; word: string }) {
  return (
    <label class="field">
      <span>{word}</span>
      <input
        type="date"
        value={place.value.query.get(name) ?? ""}
        onChange={(event) => setFilter(name, event.currentTarget.value)}
      />
    </label>
  );
}

/** An id is asked for when it is whole: on Enter, or when the field is left. */
export function IdFilter({ name, word }: { name: string; word: string }) {
  return (
    <label class="field">
      <span>{word}</span>
      <input
        value={place.value.query.get(name) ?? ""}
        maxLength={32}
        autocomplete="off"
        spellcheck={false}
        onChange={(event) => setFilter(name, event.currentTarget.value.replaceAll(/[^A-Za-z0-9-]/g, ""))}
      />
    </label>
  );
}

export interface ChoiceFilterProps {
  name: string;
  word: string;
  /** Value and word; the first is the choice without a filter. */
  choices: readonly (readonly [value: string, word: string])[];
}

export function ChoiceFilter({ name, word, choices }: ChoiceFilterProps) {
  return (
    <label class="field">
      <span>{word}</span>
      <select
        value={place.value.query.get(name) ?? ""}
        onChange={(event) => setFilter(name, event.currentTarget.value)}
      >
        {choices.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
