// What a start will cost, before it is asked for.
import { minorText, priceText, whText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import type { ChargingPointView } from "./api-types.ts";
import { minutesText } from "./limit-field.tsx";
import { estimateOf, type StartForm } from "./start.rules.ts";
import { texts } from "./texts.ts";

const t = texts.start;

export function Fee({ form, point }: { form: StartForm; point: ChargingPointView }) {
  const { price_eur_per_kwh: price } = point;
  const estimate = estimateOf(form, point);
  return (
    <section class="card fee" aria-labelledby="fee">
      <h2 id="fee">
        <Icon name="euro" />
        {t.fee}
      </h2>
      {price === null ? (
        <p>{t.noPrice}</p>
      ) : (
        <>
          <p class="fee-price">{priceText(price)}</p>
          {estimate && form.limit !== "none" ? (
            <p role="status">
              {t.estimate[form.limit](
                whText(estimate.energyWh),
                minorText(form.limit === "cost" ? form.costMinor : estimate.costMinor),
                minutesText(form.limit === "time" ? form.minutes : estimate.minutes),
              )}
            </p>
          ) : null}
          <p class="faint">
            {t.feeText} {t.feeFrozen}
          </p>
        </>
      )}
    </section>
  );
}
