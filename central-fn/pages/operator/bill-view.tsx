// One bill, and how its amount came about, step by step.

import { nowMs } from "../kit/clock.ts";
import { durationText, kwhText, minorText, priceText, whenText, whText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { addressOf } from "../kit/http.ts";
import { useLive } from "../kit/live.ts";
import { Notice } from "../kit/notice.tsx";
import { BackLink } from "./back-link.tsx";
import { FactList } from "./fact-list.tsx";
import { texts } from "./texts.ts";

/** It never changes; it is asked for again only to find a review that came to it. */
const everyMs = 60_000;

export function BillView({ id }: { id: string }) {
  const live = useLive(addressOf("/cdrs/:cdr_id", { param: { cdr_id: id } }), everyMs);
  const bill = live?.data.value;
  const words = texts.bills;
  if (!bill)
    return (
      <>
        <BackLink href="#/bills" word={words.back} />
        <p class="card panel" role="status">
          {live?.trouble.value?.is === "refused" ? words.unknown : texts.loading}
        </p>
      </>
    );
  const { review } = bill;
  const facts = texts.sessions.facts;
  return (
    <>
      <BackLink href="#/bills" word={words.back} />
      <header class="view-head">
        <div>
          <h1>{minorText(bill.cost.amount_minor)}</h1>
          <p class="faint mono">{bill.cdr_id}</p>
        </div>
        <div class="acts">
          <a class="button" href={hrefOf(["sessions", bill.session_id])}>
            {words.session}
          </a>
        </div>
      </header>
      {review ? (
        <Notice tone="info">
          {review.decision === null
            ? review.cause
            : words.reviewed(
                texts.reviews.decisions[review.decision] ?? review.decision,
                review.by ?? texts.unknown,
                review.reason ?? "",
              )}
        </Notice>
      ) : null}
      <div class="columns">
        <section class="card panel stack">
          <h2>{words.why}</h2>
          <ol class="derivation">
            {bill.explanation.map(({ name, value, from }) => (
              <li key={name}>
                <span class="derivation-name">{name}</span>
                <b>{value}</b>
                <span class="faint">{from}</span>
              </li>
            ))}
          </ol>
        </section>
        <section class="card panel">
          <FactList
            facts={[
              [
                texts.sessions.cp,
                <a key="cp" href={hrefOf(["cp", bill.cp_id])}>
                  {bill.cp_id}
                </a>,
              ],
              [texts.sessions.driver, bill.driver_id],
              [facts.vehicle, bill.vehicle_id],
              [words.energy, kwhText(bill.energy_kwh)],
              [facts.price, priceText(bill.price_eur_per_kwh)],
              [facts.registers, `${whText(bill.register_start_wh)} → ${whText(bill.register_end_wh)}`],
              [facts.started, whenText(bill.started_at, nowMs.value)],
              [facts.completed, whenText(bill.completed_at, nowMs.value)],
              [facts.duration, bill.duration_s === null ? null : durationText(bill.duration_s * 1_000)],
              [facts.reason, bill.stop_reason],
            ]}
          />
        </section>
      </div>
    </>
  );
}
