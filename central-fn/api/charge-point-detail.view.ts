// What a charge point is, beside how it is: who it says it is, its price, and for operators what needs them.
import * as z from "zod";
import { ConnectorType } from "../../wire/messages/index.ts";
import { isOutOfService } from "../rules/out-of-service.ts";
import { ChargePointView, chargePointView, instant, shownOf } from "./charge-point.view.ts";
import type { CpFacts } from "./fleet.ts";
import { DriverId, Instant, SessionId } from "./schemas.ts";

const ForOperators = z.object({
  needs_attention: z.string().nullable().describe("Why no session begins there until it is resumed"),
  session: z
    .object({
      session_id: SessionId,
      driver_id: DriverId,
      claim: z.enum(["claimed", "applied", "charging", "unknown", "finishing"]),
      since: Instant.nullable(),
      interrupted: z.boolean(),
      overdue: z.boolean(),
    })
    .nullable()
    .describe("Who holds it"),
  commands: z
    .array(
      z.object({
        op: z.enum(["start-supply", "stop-supply", "stop-cp", "resume-cp", "watch"]),
        state: z.enum(["queued", "sent"]),
        session_id: SessionId.nullable(),
        request_id: z.string().nullable().describe("The operator's request it follows from"),
        since: Instant.nullable(),
        sent: z.int().describe("Times it was given out"),
      }),
    )
    .describe("Given out and not answered yet"),
  registered_at: Instant.nullable(),
  journal: z.string().nullable().describe("The engine's journal; a new one is a new disk"),
  register_wh: z.int().nullable(),
});

export const ChargePointDetail = ChargePointView.extend({
  name: z.string().nullable(),
  address: z.string().nullable(),
  city: z.string().nullable(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  connector_type: ConnectorType.nullable(),
  amenities: z.array(z.string()),
  power_kw: z.number().nullable(),
  price_eur_per_kwh: z.number().nullable(),
  tariff_version: z.int().nullable(),
  firmware: z.string().nullable(),
  in_service: z.boolean(),
  state_cause: z.string(),
  state_since: Instant.nullable().describe("When the state was last seen to change"),
  retired: z.boolean(),
  ...ForOperators.partial().shape,
});
export type ChargePointDetail = z.infer<typeof ChargePointDetail>;

export function chargePointDetail(facts: CpFacts, forOperator: boolean): ChargePointDetail {
  const { cp } = facts;
  const { registration, tariff } = cp;
  const shown = shownOf(facts);
  return {
    ...chargePointView(facts, forOperator),
    name: registration?.name ?? null,
    address: registration?.address ?? null,
    city: registration?.city ?? null,
    latitude: registration?.latitude ?? null,
    longitude: registration?.longitude ?? null,
    connector_type: registration?.connectorType ?? null,
    amenities: registration?.amenities ?? [],
    power_kw: registration ? registration.powerW / 1_000 : null,
    price_eur_per_kwh: tariff ? tariff.priceE5PerKwh / 100_000 : null,
    tariff_version: tariff?.version ?? null,
    firmware: cp.engine?.firmware ?? null,
    in_service: !isOutOfService(cp),
    state_cause: shown.cause,
    state_since: cp.shown?.state === shown.state ? instant(cp.shown.sinceMs) : null,
    retired: cp.retired,
    ...(forOperator && forOperators(facts)),
  };
}

function forOperators({ cp, session }: CpFacts): z.infer<typeof ForOperators> {
  const { claim, quarantine, engine } = cp;
  return {
    needs_attention: quarantine?.cause ?? null,
    session: claim && {
      session_id: claim.sid,
      driver_id: claim.driver,
      claim: claim.state,
      since: instant(claim.sinceMs),
      interrupted: session?.interrupted ?? false,
      overdue: session?.overdue ?? false,
    },
    commands: cp.commands.map((open) => ({
      op: open.op,
      state: open.publishedAtMs === null ? "queued" : "sent",
      session_id: open.sid,
      request_id: open.operation ?? null,
      since: instant(open.storedAtMs),
      sent: open.publishes,
    })),
    registered_at: instant(cp.registeredAtMs),
    journal: engine?.journal ?? null,
    register_wh: engine?.registerWh ?? null,
  };
}
