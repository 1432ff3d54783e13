// A charging point: what it gives, what it costs, how it is just now, and what may be asked for.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ageText, kmText, kwText, msOf, priceText } from "../kit/format.ts";
import { addressOf } from "../kit/http.ts";
import { Icon } from "../kit/icons.tsx";
import { useLive } from "../kit/live.ts";
import { Notice } from "../kit/notice.tsx";
import { addresses } from "./addresses.ts";
import type { ChargingPointView, PointDetail } from "./api-types.ts";
import { from } from "./choices.ts";
import { FavoriteStar } from "./favorite.tsx";
import { useOrder } from "./order.ts";
import { offerOf } from "./point.rules.ts";
import { PointStatus, waitText } from "./point-card.tsx";
import { Acts, Screen } from "./screen.tsx";
import { confirmedMs, lastPoints, running, serverMs } from "./store.ts";
import { texts } from "./texts.ts";

const t = texts.point;

/** The point as it is answered now; until then, and without a connection, as the list had it. */
export function usePoint(cp: string): {
  point: (ChargingPointView & Partial<PointDetail>) | undefined;
  gone: boolean;
} {
  const origin = from.value;
  const query = origin ? { lat: origin.lat.toFixed(5), lon: origin.lon.toFixed(5) } : {};
  const live = useLive(addressOf("/charging-points/:cp_id", { param: { cp_id: cp }, query }), 2_000);
  const listed = lastPoints.value.find(({ cp_id }) => cp_id === cp);
  const trouble = live?.trouble.value;
  return {
    point: live?.data.value ?? listed,
    gone: trouble?.is === "refused" && trouble.status === 404,
  };
}

export function Point({ cp }: { cp: string }) {
  const { point, gone } = usePoint(cp);
  const star = useOrder();
  if (gone) return <Missing title={cp} text={t.gone} back={addresses.find} />;
  if (!point) return <Missing title={cp} text={texts.loading} back={addresses.find} />;
  const { location } = point;
  const wait = waitText(point);
  const place = `${location.latitude}/${location.longitude}`;
  return (
    <Screen
      title={point.name}
      back={addresses.find}
      aside={<FavoriteStar cp={cp} name={point.name} favorite={point.favorite} order={star} />}
    >
      {star.outcome ? <Notice tone="warning">{star.outcome.text}</Notice> : null}
      <div class="point-state">
        <PointStatus status={point.status} />
        <span class="faint">
          {cp} · {t.updated(ageText(msOf(point.last_updated) ?? confirmedMs.value, serverMs.value))}
        </span>
      </div>
      <section class="card facts" aria-label={t.facts}>
        <Fact
          name={t.price}
          value={point.price_eur_per_kwh === null ? t.noPrice : priceText(point.price_eur_per_kwh)}
        />
        <Fact name={t.power} value={kwText(point.power_kw)} />
        <Fact name={t.plug} value={t.connector[point.connector_type]} />
        <Fact
          name={t.distance}
          value={location.distance_km === null ? texts.none : kmText(location.distance_km)}
        />
      </section>
      <section class="card rows">
        <p class="row">
          <Icon name="queue" />
          <span>
            {point.status === "OCCUPIED"
              ? wait
              : point.queue_length > 0
                ? t.waiting(point.queue_length)
                : t.noneWaits}
          </span>
        </p>
        <p class="row">
          <Icon name="pin" />
          <span>
            {location.address}, {location.city}
            <br />
            <a
              href={`https://www.openstreetmap.org/?mlat=${location.latitude}&mlon=${location.longitude}#map=17/${place}`}
              target="_blank"
              rel="noreferrer"
            >
              {t.map}
            </a>
          </span>
        </p>
        {point.amenities && point.amenities.length > 0 ? (
          <p class="row">
            <Icon name="info" />
            <span>
              {t.amenities}: {point.amenities.join(", ")}
            </span>
          </p>
        ) : null}
      </section>
      <PointActs point={point} />
    </Screen>
  );
}

function PointActs({ point }: { point: ChargingPointView }) {
  const { cp_id: cp } = point;
  const offer = offerOf(point, running.value);
  const later = (
    <a class="button" href={addresses.start(cp, "later")}>
      <Icon name="clock" />
      {t.schedule}
    </a>
  );
  switch (offer.may) {
    case "show":
      return (
        <Acts>
          <a class="button button-main" href={addresses.session(offer.sid)}>
            {t.show}
          </a>
        </Acts>
      );
    case "start":
      return (
        <Acts>
          {later}
          <a class="button button-main" href={addresses.start(cp, "start")}>
            <Icon name="bolt" />
            {t.start}
          </a>
        </Acts>
      );
    case "wait":
      return (
        <>
          <Notice tone="info">{t.busy}</Notice>
          <Acts>
            {later}
            <a class="button button-main" href={addresses.start(cp, "wait")}>
              <Icon name="queue" />
              {t.waitHere}
            </a>
          </Acts>
        </>
      );
    case "schedule":
      return (
        <>
          <Notice tone="warning">{t.because[offer.because]}</Notice>
          <Acts>{later}</Acts>
        </>
      );
  }
}

export function Fact({ name, value }: { name: string; value: ComponentChildren }) {
  return (
    <p class="fact">
      <span class="faint">{name}</span>
      <b>{value}</b>
    </p>
  );
}

/** What is not there, or not yet: said only after a moment, so that nothing flashes. */
export function Missing({ title, text, back }: { title: string; text: string; back: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 400);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Screen title={title} back={back}>
      <p class="empty">{late ? text : ""}</p>
    </Screen>
  );
}
