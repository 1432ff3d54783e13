// One review: why nobody can vouch for it, what a bill would come to, and the decision.

import { useState } from "preact/hooks";
import { nowMs } from "../kit/clock.ts";
import { minorText, priceText, whenText, whText } from "../kit/format.ts";
import { hrefOf } from "../kit/hash-route.ts";
import { addressOf, orderOf } from "../kit/http.ts";
import { useLive } from "../kit/live.ts";
import { Notice } from "../kit/notice.tsx";
import type { Review } from "./api-types.ts";
import { AskDialog } from "./ask-dialog.tsx";
import { BackLink } from "./back-link.tsx";
import { FactList } from "./fact-list.tsx";
import { give } from "./orders.ts";
import { texts } from "./texts.ts";

export function ReviewView({ id }: { id: string }) {
  const live = useLive(addressOf("/reviews/:review_id", { param: { review_id: id } }), 5_000);
  const review = live?.data.value;
  const words = texts.reviews;
  if (!review)
    return (
      <>
        <BackLink href="#/reviews" word={words.back} />
        <p class="card panel" role="status">
          {live?.trouble.value?.is === "refused" ? words.unknown : texts.loading}
        </p>
      </>
    );
  const { settled, register_start_wh: from, register_end_wh: to } = review;
  return (
    <>
      <BackLink href="#/reviews" word={words.back} />
      <header class="view-head">
        <div>
          <h1 class="sentence">{review.cause}</h1>
          <p class="faint mono">{review.review_id}</p>
        </div>
        {settled ? null : <Decide review={review} />}
      </header>
      {settled ? (
        <Notice tone="done">
          {words.by(words.decisions[settled.decision] ?? settled.decision, settled.by)}: {settled.reason}{" "}
          <span class="faint">{whenText(settled.at, nowMs.value)}</span>
          {settled.cdr_id === null ? null : (
            <>
              {" "}
              <a href={hrefOf(["bills", settled.cdr_id])}>{words.theBill}</a>
            </>
          )}
        </Notice>
      ) : review.billable ? null : (
        <Notice tone="info">{words.onlyWaive}</Notice>
      )}
      <section class="card panel">
        <FactList
          facts={[
            [
              texts.sessions.cp,
              <a key="cp" href={hrefOf(["cp", review.cp_id])}>
                {review.cp_id}
              </a>,
            ],
            [texts.sessions.driver, review.driver_id ?? words.nobody],
            [words.opened, whenText(review.opened_at, nowMs.value)],
            [words.registers, `${whText(from)} → ${whText(to)}`],
            [words.energy, from === null || to === null ? null : whText(to - from)],
            [words.price, priceText(review.price_eur_per_kwh)],
            [words.amount, <b key="amount">{minorText(review.amount?.amount_minor)}</b>],
            [
              texts.cp.session.title,
              review.session_id === null ? null : (
                <a key="session" href={hrefOf(["sessions", review.session_id])}>
                  {words.session}
                </a>
              ),
            ],
          ]}
        />
      </section>
    </>
  );
}

function Decide({ review }: { review: Review }) {
  const [asked, setAsked] = useState<"bill" | "waive" | undefined>(undefined);
  const words = texts.reviews;
  const settle = (decision: "bill" | "waive", reason: string | undefined) =>
    void give({
      type: "settle-review",
      about: review.cp_id,
      cp: review.cp_id,
      call: orderOf("POST", "/reviews/:review_id", {
        param: { review_id: review.review_id },
        json: { decision, reason: reason ?? "" },
      }),
    });
  return (
    <div class="acts">
      {review.billable ? (
        <button type="button" class="button-main" onClick={() => setAsked("bill")}>
          {words.bill}
        </button>
      ) : null}
      <button type="button" onClick={() => setAsked("waive")}>
        {words.waive}
      </button>
      {asked === undefined ? null : (
        <AskDialog
          title={
            asked === "bill"
              ? words.askBill.title(minorText(review.amount?.amount_minor))
              : words.askWaive.title
          }
          text={asked === "bill" ? words.askBill.text(review.driver_id ?? words.nobody) : words.askWaive.text}
          act={asked === "bill" ? words.askBill.act : words.askWaive.act}
          reason="required"
          onClose={() => setAsked(undefined)}
          onAct={(reason) => settle(asked, reason)}
        />
      )}
    </div>
  );
}
