// Finding a charging point: the list, its quick filters, and the sheet with the others.

import { effect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { addressOf } from "../kit/http.ts";
import { Icon } from "../kit/icons.tsx";
import { useLive } from "../kit/live.ts";
import { addresses } from "./addresses.ts";
import { filters, from, newAlerts } from "./choices.ts";
import { FilterSheet } from "./filter-sheet.tsx";
import { countFilters, type Filters, noFilters, pageSize, queryOf } from "./find.rules.ts";
import { PointCard } from "./point-card.tsx";
import { Screen } from "./screen.tsx";
import { heardPoints, lastPoints } from "./store.ts";
import { texts } from "./texts.ts";

const everyMs = 3_000;
const t = texts.find;

/** Where the list was left, so that going back finds it there. */
let leftAtPx = 0;
let leftWith = pageSize;

export function Find() {
  const [limit, setLimit] = useState(leftWith);
  const [sheet, setSheet] = useState(false);
  const live = useLive(
    addressOf("/charging-points", { query: queryOf(filters.value, from.value, limit) }),
    everyMs,
  );
  const answer = live?.data.value;
  useEffect(() => {
    if (answer) heardPoints(answer);
  }, [answer]);
  // While another list is on its way, the one before it stays: nothing jumps.
  const points = answer ?? lastPoints.value;
  const known = answer !== undefined || points.length > 0;
  useEffect(() => {
    window.scrollTo(0, leftAtPx);
    return () => {
      leftAtPx = window.scrollY;
    };
  }, []);
  useEffect(() => {
    leftWith = limit;
  }, [limit]);
  const set = (change: Partial<Filters>) => {
    filters.value = { ...filters.value, ...change };
    setLimit(pageSize);
  };
  const { onlyAvailable, onlyFavorites } = filters.value;
  const more = live?.next.value !== undefined;
  const inSheet = countFilters({ ...filters.value, onlyAvailable: false, onlyFavorites: false });
  return (
    <Screen title={t.title}>
      {newAlerts.value
        .filter(({ severity }) => severity !== "INFO")
        .map(({ alert_id, severity, title }) => (
          <a
            key={alert_id}
            class={`alert alert-${severity.toLowerCase()} alert-short`}
            href={addresses.messages}
          >
            <Icon name="alert" size={22} />
            <span>
              {texts.messages.severity[severity]}: <b>{title}</b>
            </span>
            <Icon name="next" />
          </a>
        ))}
      <div class="chips">
        <button
          type="button"
          class={`chip chip-filters ${inSheet > 0 ? "chip-on" : ""}`}
          aria-haspopup="dialog"
          aria-label={inSheet > 0 ? t.filtersSet(inSheet) : t.filters}
          onClick={() => setSheet(true)}
        >
          <Icon name="filter" />
          {inSheet > 0 ? inSheet : ""}
        </button>
        <Chip on={onlyAvailable} word={t.free} onPress={() => set({ onlyAvailable: !onlyAvailable })} />
        <Chip on={onlyFavorites} word={t.favorites} onPress={() => set({ onlyFavorites: !onlyFavorites })} />
      </div>
      <p class="faint find-count" role="status">
        {known ? t.count(points.length, more) : texts.loading}
        {from.value ? `, ${t.nearest(from.value.name ?? t.here)}` : ""}
      </p>
      <ul class="stack">
        {points.map((point) => (
          <PointCard key={point.cp_id} point={point} />
        ))}
      </ul>
      {known && points.length === 0 ? <Nothing onClear={() => set(noFilters)} /> : null}
      {more ? (
        <button type="button" class="wide" onClick={() => setLimit(limit + pageSize)}>
          {t.more}
        </button>
      ) : null}
      {sheet ? (
        <FilterSheet shown={points.length} more={more} set={set} onClose={() => setSheet(false)} />
      ) : null}
    </Screen>
  );
}

function Nothing({ onClear }: { onClear(): void }) {
  const set = countFilters(filters.value);
  return (
    <div class="empty">
      <p>{set === 0 ? t.noneYet : set === 1 && filters.value.onlyFavorites ? t.noFavorites : t.none}</p>
      {set > 0 ? (
        <button type="button" onClick={onClear}>
          {t.clear}
        </button>
      ) : null}
    </div>
  );
}

function Chip({ on, word, onPress }: { on: boolean; word: string; onPress(): void }) {
  return (
    <button type="button" class={`chip ${on ? "chip-on" : ""}`} aria-pressed={on} onClick={onPress}>
      {on ? <Icon name="check" size={18} /> : null}
      {word}
    </button>
  );
}

// Other filters are another list: it begins at its top.
effect(() => {
  void filters.value;
  void from.value;
  leftAtPx = 0;
});
