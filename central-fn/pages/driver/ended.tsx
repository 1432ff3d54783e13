// A session that is over: what it came to and why it ended, and the receipt.

import {
  clockText,
  euroText,
  kwhText,
  msOf,
  priceText,
  stopwatchText,
  whenText,
  whText,
} from "../kit/format.ts";
import { addressOf } from "../kit/http.ts";
import { Icon } from "../kit/icons.tsx";
import { useLive } from "../kit/live.ts";
import { Notice } from "../kit/notice.tsx";
import type { OwnSession, PastSession } from "./api-types.ts";
import { sentence } from "./outcome.rules.ts";
import { Fact } from "./point.tsx";
import { endingOf } from "./session.rules.ts";
import { history, own, serverMs } from "./store.ts";
import { texts } from "./texts.ts";
import { WaySteps } from "./way.tsx";

const t = texts.session;

type Bill = Pick<
  PastSession,
  "energy_kwh" | "cost_eur" | "price_eur_per_kwh" | "started_at" | "completed_at" | "stop_reason"
> & { register_start_wh: number | null; register_end_wh: number | null };

/** From the receipt; without a connection from the list of past sessions. */
function useBill(session: OwnSession): Bill | undefined {
  const at = own((driver_id) =>
    addressOf("/drivers/:driver_id/sessions/:session_id/receipt", {
      param: { driver_id, session_id: session.session_id },
    }),
  );
  const receipt = useLive(session.phase === "billed" ? at : undefined, 60_000)?.data.value;
  const row = history.value?.find(({ session_id }) => session_id === session.session_id);
  return receipt ?? (row?.cdr_id ? row : undefined);
}

export function Ended({ session }: { session: OwnSession }) {
  const bill = useBill(session);
  const ending = endingOf(session) ?? "completed";
  if (ending !== "completed")
    return (
      <>
        <Notice tone={ending === "cancelled" || ending === "waived" ? "info" : "warning"}>
          {session.reason ? `${sentence(session.reason)} ` : ""}
          {t.endings[ending].text}
        </Notice>
        <WaySteps session={session} />
      </>
    );
  return <Completed session={session} bill={bill} />;
}

function Completed({ session, bill }: { session: OwnSession; bill: Bill | undefined }) {
  const { energy_kwh: kwh, cost_eur: euros, price_eur_per_kwh: price } = bill ?? session;
  const startedMs = msOf((bill ?? session).started_at);
  const endedMs = msOf((bill ?? session).completed_at);
  const reasons: Readonly<Record<string, string>> = t.stopReasons;
  return (
    <>
      <section class="card big">
        <p class="faint">{t.total}</p>
        <p class="big-figure">{euroText(euros)}</p>
        <p>{t.formula(kwhText(kwh), priceText(price))}</p>
      </section>
      <section class="card facts">
        <Fact
          name={t.started}
          value={startedMs === undefined ? texts.none : whenText(startedMs, serverMs.value)}
        />
        <Fact name={t.ended} value={endedMs === undefined ? texts.none : clockText(endedMs)} />
        <Fact
          name={t.time}
          value={
            startedMs === undefined || endedMs === undefined ? texts.none : stopwatchText(endedMs - startedMs)
          }
        />
        <Fact name={t.vehicle} value={session.vehicle_id ?? texts.none} />
      </section>
      {bill ? (
        <section class="card rows">
          <p class="row">
            <Icon name="info" />
            <span>{sentence(reasons[bill.stop_reason ?? "Other"] ?? t.stopReasons.Other)}</span>
          </p>
          {bill.register_start_wh === null || bill.register_end_wh === null ? null : (
            <p class="row">
              <Icon name="bolt" />
              <span>{t.meter(whText(bill.register_start_wh), whText(bill.register_end_wh))}</span>
            </p>
          )}
        </section>
      ) : (
        <p class="faint">{t.receiptComes}</p>
      )}
      <p class="lead">{t.unplug}</p>
    </>
  );
}
