// The fleet in figures. A tile that counts charge points shows, when it is chosen, those points only.

import { nowMs } from "../kit/clock.ts";
import { ageText, count, oneDecimal } from "../kit/format.ts";
import { addressOf } from "../kit/http.ts";
import { Icon, type IconName } from "../kit/icons.tsx";
import { useLive } from "../kit/live.ts";
import type { Show } from "./fleet.rules.ts";
import { heardAtMs, staleSince, totals } from "./fleet.ts";
import { texts } from "./texts.ts";

const shows: readonly { show: Show; icon: IconName; kind: string }[] = [
  { show: "all", icon: "fleet", kind: "idle" },
  { show: "on", icon: "check", kind: "on" },
  { show: "charging", icon: "bolt", kind: "charging" },
  { show: "broken", icon: "alert", kind: "broken" },
  { show: "disconnected", icon: "unplugged", kind: "disconnected" },
  { show: "stopped", icon: "hand", kind: "stopped" },
];

export function Tiles({ show, onShow }: { show: Show; onShow(show: Show): void }) {
  const now = totals.value;
  const numbers: Record<Show, number> = { ...now, all: now.total };
  return (
    <section class="tiles" aria-label={texts.fleet.tilesLabel}>
      {shows.map((tile) => (
        <button
          key={tile.show}
          type="button"
          class={`tile tile-${tile.kind}${numbers[tile.show] === 0 ? " tile-zero" : ""}`}
          aria-pressed={show === tile.show}
          onClick={() => onShow(show === tile.show ? "all" : tile.show)}
        >
          <span class="tile-name">
            <Icon name={tile.icon} size={16} />
            {texts.fleet.tiles[tile.show as keyof typeof texts.fleet.tiles]}
          </span>
          <strong>{count(numbers[tile.show])}</strong>
        </button>
      ))}
      <Figure name={texts.fleet.tiles.kw} icon="bolt" value={oneDecimal(now.kw)} unit="kW" />
      <SessionsToday />
      <DataAge />
    </section>
  );
}

function Figure({ name, icon, value, unit }: { name: string; icon: IconName; value: string; unit?: string }) {
  return (
    <div class="tile tile-figure">
      <span class="tile-name">
        <Icon name={icon} size={16} />
        {name}
      </span>
      <strong>
        {value}
        {unit === undefined ? null : <small> {unit}</small>}
      </strong>
    </div>
  );
}

function SessionsToday() {
  const live = useLive(addressOf("/statistics"), 5_000);
  return (
    <Figure name={texts.fleet.tiles.sessions} icon="plug" value={count(live?.data.value?.sessions_today)} />
  );
}

/** How old the picture is: what the charge points told, as far as the page has heard of it. */
function DataAge() {
  const since = staleSince.value;
  const heard = since === null ? heardAtMs.value : Math.min(Date.parse(since), heardAtMs.value ?? 0);
  return <Figure name={texts.fleet.tiles.age} icon="clock" value={ageText(heard, nowMs.value)} />;
}
