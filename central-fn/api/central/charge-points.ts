// GET /cp, /cp/{cp_id}, /telemetry: the fleet as it is now.
import { type Context, Hono } from "hono";
import type { ApiEnv } from "../access.ts";
import { type ChargePointView, chargePointView, holdsDriver } from "../charge-point.view.ts";
import { answerWithEtag, etagOf } from "../etag.ts";
import type { FleetReading } from "../fleet.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { staleSince } from "./health.ts";

export interface FleetView {
  charging_points: ChargePointView[];
  active_requests: number;
  feed: { stale_since: string | null };
}

export function fleetView(reading: FleetReading, forOperator: boolean, parts: Parts): FleetView {
  return {
    charging_points: reading.cps.map((facts) => chargePointView(facts, forOperator)),
    active_requests: reading.cps.filter(holdsDriver).length,
    feed: { stale_since: staleSince(reading, parts) },
  };
}

interface Answer {
  bytes: Uint8Array<ArrayBuffer>;
  etag: string;
}

const isOperator = (c: Context<ApiEnv>) => c.get("caller")?.role === "operator";

export function chargePointRoutes(parts: Parts) {
  // A reading is put into words once for all who share it.
  const answers = new WeakMap<FleetReading, Map<boolean, Answer>>();
  const answerOf = (reading: FleetReading, forOperator: boolean): Answer => {
    const known = answers.get(reading) ?? new Map<boolean, Answer>();
    answers.set(reading, known);
    const kept = known.get(forOperator);
    if (kept) return kept;
    const bytes = new TextEncoder().encode(JSON.stringify(fleetView(reading, forOperator, parts)));
    const answer = { bytes, etag: etagOf(bytes) };
    known.set(forOperator, answer);
    return answer;
  };
  return new Hono<ApiEnv>()
    .get("/cp", async (c) => {
      const { bytes, etag } = answerOf(await parts.fleet.all(), isOperator(c));
      return answerWithEtag<FleetView>(c, bytes, etag);
    })
    .get("/cp/:cp_id", async (c) => {
      const facts = await parts.fleet.one(c.req.param("cp_id"));
      if (!facts) throw new Problem(404, `no charge point ${c.req.param("cp_id")}`);
      const { registration, tariff, retired, quarantine } = facts.cp;
      return c.json({
        ...chargePointView(facts, isOperator(c)),
        name: registration?.name ?? null,
        city: registration?.city ?? null,
        power_kw: registration ? registration.powerW / 1_000 : null,
        price_eur_per_kwh: tariff ? tariff.priceE5PerKwh / 100_000 : null,
        firmware: facts.cp.engine?.firmware ?? null,
        retired,
        ...(isOperator(c) && { needs_attention: quarantine?.cause ?? null }),
      });
    })
    .get("/telemetry", async (c) => {
      const { charging_points } = fleetView(await parts.fleet.all(), isOperator(c), parts);
      return c.json(
        charging_points.flatMap(({ cp_id, telemetry, last_update, ...more }) =>
          telemetry ? [{ cp_id, ...telemetry, energy_wh: more.energy_wh, cost: more.cost, last_update }] : [],
        ),
      );
    });
}
