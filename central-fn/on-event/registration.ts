// registration: who the charge point is. The newest word of its monitor wins; a changed price is a new tariff
// version, and running sessions keep theirs.
import { type Envelope, issuesText, Registration } from "../../wire/messages/index.ts";
import { placeOf } from "../rules/engine-facts.ts";
import { type CpRow, type EventPlace, keys } from "../tables/rows.ts";
import type { Routed } from "./device-event.ts";
import { CpDraft, newCpRow } from "./draft.ts";
import { nothing, type Plan, type Rows, unread } from "./plan.ts";
import { priceText, setPrice } from "./tariff.ts";

export function registration(event: Envelope, ingestMs: number, nowMs: number): Routed {
  if (event.src !== "monitor") return { ok: false, reason: "registration: only a monitor says this" };
  const parsed = Registration.safeParse(event.body);
  if (!parsed.success) return { ok: false, reason: `registration: ${issuesText(parsed.error)}` };
  return { ok: true, plan: (rows) => planRegistration(event, parsed.data, ingestMs, nowMs, rows) };
}

function planRegistration(
  event: Envelope,
  body: Registration,
  ingestMs: number,
  nowMs: number,
  rows: Rows,
): Plan {
  const key = keys.cp(event.cp);
  const need = unread(rows, [key]);
  if (need) return need;
  const before = rows.get<CpRow>(key)?.value ?? newCpRow(event.cp);
  if (before.registeredBy && !isNewer(event, before.registeredBy)) return nothing;
  const draft = new CpDraft(rows, nowMs, event.cp);
  // An operator's price stays until the charge point itself names another than it named before.
  const priceChanged = before.registration?.priceE5PerKwh !== body.priceE5PerKwh;
  draft.change({ registration: body, registeredAtMs: ingestMs, registeredBy: placeOf(event) });
  if (priceChanged || !before.tariff)
    setPrice(draft, body.priceE5PerKwh, { source: "registration", by: null, reason: null });
  if (!before.registration)
    draft.info(
      `CP ${event.cp} registered: ${body.name}, ${body.powerW / 1000} kW, ${priceText(body.priceE5PerKwh)}`,
    );
  else if (priceChanged)
    draft.info(
      `CP ${event.cp} has tariff version ${draft.row.tariff?.version}: ${priceText(body.priceE5PerKwh)}`,
    );
  return draft.decision();
}

/** Journals have no order among themselves: a new one is a replaced disk. */
function isNewer(event: Envelope, than: EventPlace): boolean {
  if (event.journal !== than.journal) return true;
  return event.epoch === than.epoch ? event.seq > than.seq : event.epoch > than.epoch;
}
