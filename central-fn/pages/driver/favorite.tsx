// The star of a charging point: pressed, it is a favourite. It shows what was pressed until the network says so too;
// what was refused goes back, and the order that its screen gives it tells why.
import { signal } from "@preact/signals";
import { orderOf } from "../kit/http.ts";
import { Icon } from "../kit/icons.tsx";
import type { Order } from "./order.ts";
import { own } from "./store.ts";
import { texts } from "./texts.ts";

/** What was pressed and is not confirmed yet, by charging point. */
const pressed = signal<Readonly<Record<string, boolean>>>({});
const confirmedWithinMs = 8_000;

export interface FavoriteStarProps {
  cp: string;
  name: string;
  favorite: boolean;
  order: Order;
}

export function FavoriteStar({ cp, name, favorite, order }: FavoriteStarProps) {
  const on = pressed.value[cp] ?? favorite;
  const press = async () => {
    const wanted = !on;
    pressed.value = { ...pressed.value, [cp]: wanted };
    const answer = wanted
      ? await order.send(
          own((driver_id) =>
            orderOf("POST", "/drivers/:driver_id/favorites", { param: { driver_id }, json: { cp_id: cp } }),
          ),
        )
      : await order.send(
          own((driver_id) =>
            orderOf("DELETE", "/drivers/:driver_id/favorites/:cp_id", { param: { driver_id, cp_id: cp } }),
          ),
        );
    if (answer?.is === "ok") setTimeout(() => release(cp), confirmedWithinMs);
    else release(cp);
  };
  return (
    <button
      type="button"
      class={`button-quiet button-icon star ${on ? "star-on" : ""}`}
      aria-pressed={on}
      aria-label={texts.point.favorite(name)}
      onClick={() => void press()}
    >
      <Icon name="star" size={26} />
    </button>
  );
}

function release(cp: string): void {
  const { [cp]: _, ...others } = pressed.value;
  pressed.value = others;
}
