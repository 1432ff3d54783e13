// A charging point in a list, and the words for its state: icon, word and colour.
import { kmText, kwText, priceText } from "../kit/format.ts";
import { Icon, type IconName } from "../kit/icons.tsx";
import { StatusBadge, type StatusKind } from "../kit/status.tsx";
import { addresses } from "./addresses.ts";
import type { ChargingPointView } from "./api-types.ts";
import { texts } from "./texts.ts";

type Status = ChargingPointView["status"];

const kinds: Record<Status, StatusKind> = {
  FREE: "on",
  OCCUPIED: "charging",
  STOPPED: "stopped",
  OFFLINE: "disconnected",
};
const icons: Partial<Record<Status, IconName>> = { OCCUPIED: "car" };

export function PointStatus({ status }: { status: Status }) {
  const icon = icons[status];
  return <StatusBadge kind={kinds[status]} word={texts.point.status[status]} {...(icon && { icon })} />;
}

/** "1 waits, about 12 min", or how long the wait is for one who comes now; empty when there is none. */
export function waitText({
  status,
  queue_length,
  estimated_wait_minutes,
}: Pick<ChargingPointView, "status" | "queue_length" | "estimated_wait_minutes">): string {
  if (status !== "OCCUPIED") return "";
  const wait = texts.point.wait(estimated_wait_minutes);
  return queue_length > 0 ? `${texts.point.waiting(queue_length)}, ${wait}` : wait;
}

export function PointCard({ point }: { point: ChargingPointView }) {
  const { location } = point;
  const wait = waitText(point);
  return (
    <li>
      <a class={`card point point-${point.status.toLowerCase()}`} href={addresses.point(point.cp_id)}>
        <span class="point-top">
          <strong>{point.name}</strong>
          {point.favorite ? (
            <span class="point-star">
              <Icon name="star" size={16} />
              <span class="only-read">{texts.point.isFavorite}</span>
            </span>
          ) : null}
          <PointStatus status={point.status} />
        </span>
        <span class="faint">
          {point.cp_id} · {location.address}, {location.city}
        </span>
        <span class="point-facts">
          <b>{point.price_eur_per_kwh === null ? texts.point.noPrice : priceText(point.price_eur_per_kwh)}</b>
          <span>
            {kwText(point.power_kw)} {texts.point.connector[point.connector_type]}
          </span>
          {location.distance_km === null ? null : <span>{kmText(location.distance_km)}</span>}
          {wait === "" ? null : <span class="point-wait">{wait}</span>}
        </span>
      </a>
    </li>
  );
}
