// What became of a story, as JSON for scripts. Pure.
import type { StoryRecord } from "../scenarios/record.ts";
import { exitCodeOf } from "../scenarios/verdicts.rules.ts";

export function storyJson(story: StoryRecord) {
  return {
    name: story.name,
    ok: exitCodeOf(story) === 0,
    took_ms: story.tookMs,
    broke_off: story.brokeOff,
    expectations: story.verdicts.map(({ what, ok, tookMs, boundMs, note }) => ({
      what,
      ok,
      took_ms: tookMs === null ? null : Math.round(tookMs),
      promised_ms: boundMs,
      note,
    })),
    sessions: story.sessions.map(({ sid, cp, driver, bill }) => ({
      session_id: sid,
      cp_id: cp,
      driver,
      bill: bill && {
        energy_wh: bill.energyWh,
        price_eur_per_kwh: bill.priceEurPerKwh,
        cost_eur: bill.costEur,
        metered_wh: Math.round(bill.meteredWh),
      },
    })),
  };
}
