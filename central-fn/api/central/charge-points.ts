// GET /cp, /cp/{cp_id}, /telemetry: the fleet as it is now; whole, or what of it is asked for.
import { type Context, Hono } from "hono";
import * as z from "zod";
import { ConnectorType } from "../../../wire/messages/index.ts";
import type { ApiEnv } from "../access.ts";
import { numeral } from "../body.ts";
import {
  ChargePointView,
  ConnectorStatus,
  chargePointView,
  EngineState,
  holdsDriver,
  ShownState,
} from "../charge-point.view.ts";
import { ChargePointDetail, chargePointDetail } from "../charge-point-detail.view.ts";
import { answerWithEtag, etagOf, polledJson } from "../etag.ts";
import type { CpFacts, FleetReading } from "../fleet.ts";
import { paged, pageOf } from "../paging.ts";
import type { Parts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { route } from "../route.ts";
import { Cost, CpId, Instant } from "../schemas.ts";
import { fold } from "../text.ts";
import { staleSince } from "./health.ts";

const Feed = z.object({
  stale_since: Instant.nullable().describe("Since when nothing is heard of the fleet"),
});
export const FleetView = z.object({
  charging_points: z.array(z.union([ChargePointDetail, ChargePointView])),
  active_requests: z.int().describe("Of the whole fleet: drivers that hold a charge point"),
  feed: Feed,
});
export type FleetView = z.infer<typeof FleetView>;

const Filter = z.object({
  state: ShownState.optional(),
  engine_state: EngineState.optional(),
  connector_status: ConnectorStatus.optional(),
  city: z.string().max(60).optional(),
  connector_type: ConnectorType.optional(),
  min_power_kw: numeral(z.number().min(0)).optional(),
  q: z.string().max(80).optional().describe("Is in the id, name, address or city"),
  needs_attention: z.enum(["true", "false"]).optional().describe("For operators"),
  retired: z.enum(["true", "false"]).optional().describe("true: those that are retired, for operators"),
  view: z.enum(["status", "full"]).optional().describe("full: with what each point is, beside how it is"),
  limit: paged.limit.unwrap().optional().describe("Default: all"),
  cursor: paged.cursor,
});
type Filter = z.infer<typeof Filter>;

const Telemetry = z.object({
  cp_id: CpId,
  kw: z.number().nullable().describe("Null while the charge point is not On"),
  kwh: z.number(),
  euros: z.number(),
  session_id: z.string(),
  energy_wh: z.int().nullable(),
  cost: Cost.nullable(),
  last_update: Instant.nullable(),
});

interface Answer {
  bytes: Uint8Array<ArrayBuffer>;
  etag: string;
}

const isOperator = (c: Context<ApiEnv>) => c.get("caller")?.role === "operator";

export function chargePointRoutes(parts: Parts) {
  const viewOf = (reading: FleetReading, points: FleetView["charging_points"]): FleetView => ({
    charging_points: points,
    active_requests: reading.cps.filter(holdsDriver).length,
    feed: { stale_since: staleSince(reading, parts) },
  });
  // A reading is put into words once for all who share it.
  const views = new WeakMap<CpFacts, ChargePointView>();
  const viewOfAll = (facts: CpFacts): ChargePointView => {
    const known = views.get(facts);
    if (known) return known;
    const view = chargePointView(facts, false);
    views.set(facts, view);
    return view;
  };
  const answers = new WeakMap<FleetReading, Map<boolean, Answer>>();
  const wholeOf = (reading: FleetReading, forOperator: boolean): Answer => {
    const known = answers.get(reading) ?? new Map<boolean, Answer>();
    answers.set(reading, known);
    const kept = known.get(forOperator);
    if (kept) return kept;
    const points = reading.cps.map((facts) => chargePointView(facts, forOperator));
    const bytes = new TextEncoder().encode(JSON.stringify(viewOf(reading, points)));
    const answer = { bytes, etag: etagOf(bytes) };
    known.set(forOperator, answer);
    return answer;
  };
  return new Hono<ApiEnv>()
    .get(
      "/cp",
      route({
        summary: "Lists charge points as they are now",
        detail: "Without a query: all of them, ordered by id. No personal data unless an operator asks.",
        query: Filter,
        answers: { 200: FleetView },
        paged: true,
        polled: true,
      }),
      async (c) => {
        const filter = c.req.valid("query");
        const forOperator = isOperator(c);
        const reading = await parts.fleet.all();
        if (Object.keys(filter).length === 0) {
          const { bytes, etag } = wholeOf(reading, forOperator);
          return answerWithEtag<FleetView>(c, bytes, etag);
        }
        if (!forOperator && (filter.retired === "true" || filter.needs_attention))
          throw new Problem(403, "retired and needs_attention are for operators");
        const some = filter.retired === "true" ? await parts.fleet.retired() : reading.cps;
        const asked = { cursor: filter.cursor, limit: filter.limit ?? some.length };
        const page = pageOf(c, some.filter(fits(filter, viewOfAll)), ({ cp }) => cp.cp, asked, "rising");
        const view = filter.view === "full" ? chargePointDetail : chargePointView;
        const points = page.map((facts) => view(facts, forOperator));
        return polledJson(c, viewOf(reading, points));
      },
    )
    .get(
      "/cp/:cp_id",
      route({
        summary: "Shows a charge point; to operators with who holds it and its open commands",
        answers: { 200: ChargePointDetail },
        polled: true,
      }),
      async (c) => {
        const facts = await parts.fleet.one(c.req.param("cp_id"));
        if (!facts) throw new Problem(404, `no charge point ${c.req.param("cp_id")}`);
        return c.json(chargePointDetail(facts, isOperator(c)), 200);
      },
    )
    .get(
      "/telemetry",
      route({
        summary: "Lists the figures of the charge points that charge now",
        answers: { 200: z.array(Telemetry) },
        polled: true,
      }),
      async (c) => {
        const { cps } = await parts.fleet.all();
        const views = cps.map((facts) => chargePointView(facts, isOperator(c)));
        return c.json(
          views.flatMap(({ cp_id, telemetry, last_update, energy_wh, cost }) =>
            telemetry ? [{ cp_id, ...telemetry, energy_wh, cost, last_update }] : [],
          ),
          200,
        );
      },
    );
}

/** What the rows tell is asked before what must be put into words first. */
function fits(filter: Filter, viewOf: (facts: CpFacts) => ChargePointView): (facts: CpFacts) => boolean {
  const { state, engine_state, connector_status, city, connector_type, min_power_kw, q, needs_attention } =
    filter;
  const fitsView = (facts: CpFacts) => {
    if (state === undefined && engine_state === undefined && connector_status === undefined) return true;
    const view = viewOf(facts);
    if (state !== undefined && view.state !== state) return false;
    if (engine_state !== undefined && view.engine_state !== engine_state) return false;
    return connector_status === undefined || view.connector_status === connector_status;
  };
  return (facts) => {
    const { cp } = facts;
    const { registration } = cp;
    if (city !== undefined && fold(registration?.city ?? "") !== fold(city)) return false;
    if (connector_type !== undefined && registration?.connectorType !== connector_type) return false;
    if (min_power_kw !== undefined && (registration?.powerW ?? 0) < min_power_kw * 1_000) return false;
    if (needs_attention !== undefined && (needs_attention === "true") !== Boolean(cp.quarantine))
      return false;
    const { name = "", address = "", city: place = "" } = registration ?? {};
    if (q !== undefined && ![cp.cp, name, address, place].some((text) => fold(text).includes(fold(q))))
      return false;
    return fitsView(facts);
  };
}
